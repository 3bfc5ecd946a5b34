"""Where the house may reach out to, with and without leave for private networks."""

import pytest

from outbound.addresses import Refused, may_be_private, resolve


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "192.168.1.1", "172.16.0.9", "100.64.0.1", "::1", "fd12::1"]
)
def test_private_addresses_need_leave(address: str) -> None:
    with pytest.raises(Refused) as refusal:
        resolve(address, 443, allow_private=False)

    assert (refusal.value.code, resolve(address, 443, allow_private=True)) == ("private_address", address)


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.0.23",
        "100.100.100.200",
        "0.0.0.0",  # noqa: S104 -- nothing is bound to it
        "224.0.0.1",
        "fe80::1",
        "fd00:ec2::254",
        "::",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
    ],
)
def test_metadata_services_are_never_asked(address: str) -> None:
    assert may_be_private(address) is False
    for allow_private in (False, True):
        with pytest.raises(Refused, match="private_address"):
            resolve(address, 80, allow_private=allow_private)


def test_public_addresses_are_open() -> None:
    assert resolve("93.184.215.14", 443, allow_private=False) == "93.184.215.14"


def test_a_name_that_leads_home_is_home() -> None:
    with pytest.raises(Refused, match="private_address"):
        resolve("localhost", 443, allow_private=False)
