"""
One POST to somebody else's server: checked address, one deadline, no redirects, no proxy, an answer of limited size.

It goes through the transport and not through an httpx client, because a client logs the whole address, and in the
address of a chat robot stands its secret.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpcore
import httpx

from outbound.addresses import Refused, check_url
from outbound.transport import CheckedTransport, Deadline, TooSlow

USER_AGENT = "OpinionDesk/1 (notifications)"
SECONDS_IN_ALL = 15.0
ANSWER_BYTES = 64 * 1024


@dataclass(frozen=True)
class Answer:
    """What came back. Header names are in lower case; of a longer body only the first 64 KB are there."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class NoAnswer:
    """
    Nothing, or nothing whole. `code`:
    bad_address, credentials_in_address, unknown_host, private_address: never connected to;
    connection, tls: nobody there, or nobody whose certificate holds; too_slow, disconnected: perhaps it was taken.
    """

    code: str
    detail: str = ""


def post(
    url: str,
    body: bytes,
    *,
    headers: Mapping[str, str],
    allow_private: bool = False,
    seconds: float = SECONDS_IN_ALL,
) -> Answer | NoAnswer:
    """Sends `body` once. Redirects are answers like any other; nothing is followed."""
    deadline = Deadline(seconds)
    try:
        check_url(url)
        with CheckedTransport(deadline=deadline, allow_private=allow_private) as transport:
            return _exchanged(transport, _request(url, body, headers, seconds), deadline)
    except Refused as refused:
        return NoAnswer(refused.code)
    except (TooSlow, httpcore.TimeoutException):
        return NoAnswer("too_slow")
    except httpcore.ConnectError as error:
        cause = _root_of(error)
        return NoAnswer("tls" if isinstance(cause, ssl.SSLError) else "connection", _plain(cause))
    except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
        return NoAnswer("disconnected", _plain(_root_of(error)))
    except (httpx.InvalidURL, ValueError):
        return NoAnswer("bad_address")


def _request(url: str, body: bytes, headers: Mapping[str, str], seconds: float) -> httpx.Request:
    # Unpacked answers only: these are a line of JSON, and what is not packed cannot be a bomb.
    ours = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
    timeouts = dict.fromkeys(("connect", "read", "write", "pool"), seconds)
    return httpx.Request("POST", url, content=body, headers={**headers, **ours}, extensions={"timeout": timeouts})


def _exchanged(transport: CheckedTransport, request: httpx.Request, deadline: Deadline) -> Answer:
    response = transport.handle_request(request)
    try:
        body = bytearray()
        for piece in response.iter_raw():
            deadline.left()
            body += piece
            if len(body) >= ANSWER_BYTES:
                break
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, bytes(body[:ANSWER_BYTES]))
    finally:
        response.close()


def _root_of(error: BaseException) -> BaseException:
    """httpcore hides what it wraps (“from None”), but the context is still there."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return error


def _plain(error: BaseException) -> str:
    return (str(error) or type(error).__name__)[:200]
