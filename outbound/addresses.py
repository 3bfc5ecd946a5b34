"""Which addresses the house may reach out to: a name is resolved once, checked, and that very address connected to."""

import ipaddress
import socket
from urllib.parse import urlsplit

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Where machines ask their cloud for its passwords (the link-local ones, Alibaba Cloud's, Amazon's over IPv6), and what
# means "this machine" or "everybody". Whoever allows private addresses does not mean these.
_NEVER = tuple(
    ipaddress.ip_network(network)
    for network in ("169.254.0.0/16", "100.100.100.200/32", "0.0.0.0/8", "fe80::/10", "fd00:ec2::254/128", "::/128")
)


class Refused(Exception):  # noqa: N818 -- an answer, not a fault
    """This address is not connected to; `code` says why."""

    def __init__(self, code: str, **params: str) -> None:
        super().__init__(code)
        self.code, self.params = code, params


def check_url(url: str) -> None:
    """http(s), a host, no user and password in it."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise Refused("bad_address", url=url[:200])
    if parts.username or parts.password:
        raise Refused("credentials_in_address")


def resolve(host: str, port: int, *, allow_private: bool) -> str:
    """The address to connect to. One private address among several is enough to refuse them all.

    Metadata services of clouds are refused even where private addresses are allowed.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, ValueError):
        raise Refused("unknown_host", host=host) from None
    addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
    if not addresses:
        raise Refused("unknown_host", host=host)
    if not all(is_public(address) or (allow_private and may_be_private(address)) for address in addresses):
        raise Refused("private_address", host=host)
    return addresses[0]


def is_public(address: str) -> bool:
    """Reachable for everybody; loopback, private, link-local, metadata and their disguises in IPv6 are not."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address) and (inner := _embedded(ip)) is not None:
        return is_public(str(inner))
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip.is_loopback)


def may_be_private(address: str) -> bool:
    """An address of one's own network that somebody can mean: no metadata service, not everybody at once."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address) and (inner := _embedded(ip)) is not None:
        return may_be_private(str(inner))
    return not ip.is_multicast and not any(ip in network for network in _NEVER)


def _embedded(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if ip in _NAT64 or int(ip) >> 32 == 0:  # NAT64, and the old IPv4-compatible form
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if int(ip) > 1 else None
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
