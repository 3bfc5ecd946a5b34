"""One POST: what can go wrong on the way, against servers that do it."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from outbound.posting import ANSWER_BYTES, Answer, NoAnswer, post
from tests.monitoring.web_server import closed_port
from tests.robot_server import RobotServer


@pytest.fixture
def server() -> Iterator[RobotServer]:
    with RobotServer() as running:
        yield running


def say(url: str, *, allow_private: bool = True, seconds: float = 5) -> Answer | NoAnswer:
    return post(url, b"hello", headers={"X-Mark": "1"}, allow_private=allow_private, seconds=seconds)


def test_the_body_arrives_and_the_answer_comes_back(server: RobotServer) -> None:
    answer = say(server.url)

    assert isinstance(answer, Answer)
    assert (answer.status, answer.body) == (200, b"ok")
    request = server.requests[0]
    assert (request.body, request.headers["x-mark"]) == (b"hello", "1")
    assert request.headers["user-agent"].startswith("OpinionDesk/")


def test_a_redirect_is_an_answer_and_nothing_is_followed(server: RobotServer) -> None:
    server.troubles = [(307, {"Location": server.url}, b"")]

    answer = say(server.url)

    assert (isinstance(answer, Answer) and answer.status, len(server.requests)) == (307, 1)


def test_of_an_endless_answer_only_the_beginning_is_read(server: RobotServer) -> None:
    server.troubles = [(200, {}, b"x" * 5_000_000)]

    answer = say(server.url)

    assert isinstance(answer, Answer)
    assert len(answer.body) == ANSWER_BYTES


@pytest.mark.parametrize(("trouble", "code"), [("reset", "disconnected"), ("slow", "too_slow")])
def test_a_server_that_fails_in_the_middle(trouble: str, code: str, server: RobotServer) -> None:
    server.troubles = [trouble]

    answer = say(server.url, seconds=0.4)

    assert isinstance(answer, NoAnswer)
    assert answer.code == code


def test_nobody_there() -> None:
    answer = say(f"http://127.0.0.1:{closed_port()}/")

    assert isinstance(answer, NoAnswer)
    assert answer.code == "connection"


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://169.254.169.254/latest/meta-data/", "private_address"),
        ("http://localhost:1/", "private_address"),
        ("http://[::ffff:10.0.0.1]/", "private_address"),
        ("http://user:word@desk.example/", "credentials_in_address"),
        ("ftp://desk.example/", "bad_address"),
        ("http://no-such-host.invalid/", "unknown_host"),
        ("not an address", "bad_address"),
    ],
)
def test_where_nobody_goes(url: str, code: str) -> None:
    assert say(url, allow_private=False) == NoAnswer(code)


def test_a_certificate_that_does_not_hold_ends_it(tmp_path: Path) -> None:
    with RobotServer(tls=self_signed(tmp_path)) as server:
        answer = say(server.url)

        assert isinstance(answer, NoAnswer)
        assert (answer.code, server.requests) == ("tls", [])


def self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pem = folder / "server.pem"
    pem.write_bytes(key.private_bytes(*plain) + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context
