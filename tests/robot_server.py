"""Real servers on loopback that answer like the chat robots do: 200 whatever happens, the code in the body.

Each knows its secret, its limits and its moods; `troubles` are played one a request before it behaves again.
"""

import base64
import hashlib
import hmac
import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

Answer = tuple[int, dict[str, str], bytes]
HTML = b"<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1>nginx</body></html>"


class Request:
    def __init__(self, path: str, headers: dict[str, str], body: bytes) -> None:
        self.path, self.headers, self.body = path, headers, body
        self.query = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}

    @property
    def data(self) -> dict[str, Any]:
        found = json.loads(self.body)
        assert isinstance(found, dict)
        return found


class RobotServer:
    """Answers every POST with `answer(request)`; subclasses are the robots.

    A trouble is an `Answer`, or `reset` (hangs up without a word) or `slow` (a byte now and then, for ever).
    """

    path = "/"

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self.troubles: list[Answer | str] = []
        self.now: Callable[[], float] = time.monotonic
        self.released = threading.Event()
        self._taken: list[float] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                request = Request(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
                server.requests.append(request)
                trouble = server.troubles.pop(0) if server.troubles else server.answer(request)
                try:
                    server.play(self, trouble)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def log_message(self, *_args: Any) -> None:
                pass

        self._server = _Quiet(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._scheme = "https" if tls else "http"
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}{self.path}"

    def answer(self, _request: Request) -> Answer:
        return 200, {}, b"ok"

    def play(self, handler: BaseHTTPRequestHandler, trouble: Answer | str) -> None:
        if trouble == "reset":
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            handler.connection.close()
            handler.close_connection = True
        elif trouble == "slow":
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            while not self.released.wait(0.05):
                handler.wfile.write(b" ")
        elif not isinstance(trouble, str):
            status, headers, body = trouble
            handler.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                handler.send_header(name, value)
            handler.end_headers()
            handler.wfile.write(body)

    def over(self, *, limit: int, seconds: float) -> bool:
        """Counts this request; true where more than `limit` came within `seconds`."""
        moment = self.now()
        self._taken = [taken for taken in self._taken if moment - taken < seconds] + [moment]
        return len(self._taken) > limit


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what some tests are about."""


def as_json(data: object, status: int = 200, **headers: str) -> Answer:
    body = json.dumps(data, ensure_ascii=False).encode()
    return status, {"Content-Type": "application/json; charset=utf-8", **headers}, body


class FakeWeCom(RobotServer):
    """20 messages a minute, 2,048 bytes of text, 4,096 of markdown; the key in the address."""

    key = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"
    path = f"/cgi-bin/webhook/send?key={key}"
    is_removed = False

    def answer(self, request: Request) -> Answer:
        if request.query.get("key") != self.key or self.is_removed:
            return as_json({"errcode": 93000, "errmsg": "invalid webhook url, hint: [1], from ip: 127.0.0.1"})
        if self.over(limit=20, seconds=60):
            return as_json({"errcode": 45009, "errmsg": "api freq out of limit, hint: [2], from ip: 127.0.0.1"})
        kind = request.data["msgtype"]
        content = request.data[kind]["content"]
        if not content:
            return as_json({"errcode": 44004, "errmsg": "empty content, hint: [3]"})
        if len(content.encode()) > {"text": 2048, "markdown": 4096}[kind]:
            return as_json({"errcode": 40058, "errmsg": "content exceed max length"})
        return as_json({"errcode": 0, "errmsg": "ok"})


class FakeDingTalk(RobotServer):
    """Signed with milliseconds, 20 a minute and ten minutes of silence above it, 20,000 bytes, a keyword if set."""

    token, secret = "0123456789abcdef0123456789abcdef", "SECdemo"
    path = f"/robot/send?access_token={token}"
    keyword = ""
    is_removed = False
    _silent_until = float("-inf")

    def answer(self, request: Request) -> Answer:
        if request.query.get("access_token") != self.token or self.is_removed:
            return as_json({"errcode": 300005, "errmsg": "token is not exist"})
        moment = self.now()
        if moment < self._silent_until or self.over(limit=20, seconds=60):
            self._silent_until = max(self._silent_until, moment + 600)
            return as_json({"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"})
        return self._checked(request)

    def _checked(self, request: Request) -> Answer:
        milliseconds = request.query.get("timestamp", "")
        digest = hmac.digest(self.secret.encode(), f"{milliseconds}\n{self.secret}".encode(), hashlib.sha256)
        if request.query.get("sign") != base64.b64encode(digest).decode():
            return as_json({"errcode": 310000, "errmsg": "sign not match, more: [https://example.com]"})
        if len(request.body) > 20_000:
            return as_json({"errcode": 460101, "errmsg": "message too long, exceed 20000 bytes"})
        kind = request.data["msgtype"]
        if self.keyword and self.keyword not in json.dumps(request.data[kind], ensure_ascii=False):
            return as_json({"errcode": 310000, "errmsg": "keywords not in content, more: [https://example.com]"})
        return as_json({"errcode": 0, "errmsg": "ok"})


class FakeFeishu(RobotServer):
    """The signature stands in the body; 100 a minute and 5 a second, 20 KB."""

    secret = "demo"
    path = "/open-apis/bot/v2/hook/5a1b2c3d-0000-4000-8000-9f8e7d6c5b4a"
    answers_as_of_old = False

    def answer(self, request: Request) -> Answer:
        if len(request.body) > 20 * 1024:
            return self._said(9499, "Bad Request")
        digest = hmac.digest(f"{request.data.get('timestamp')}\n{self.secret}".encode(), b"", hashlib.sha256)
        if self.secret and request.data.get("sign") != base64.b64encode(digest).decode():
            return self._said(19021, "sign match fail or timestamp is not within one hour from current time")
        if self.over(limit=100, seconds=60) or len([t for t in self._taken if self.now() - t < 1]) > 5:
            return self._said(11232, "frequency limited psm[lark.oapi.app_platform_runtime]appID[1500]")
        return self._said(0, "success")

    def _said(self, code: int, message: str) -> Answer:
        if self.answers_as_of_old:
            return as_json({"StatusCode": code, "StatusMessage": message})
        return as_json({"code": code, "msg": message, "data": {}})


class FakeSlack(RobotServer):
    """A word as the body; about one message a second."""

    path = "/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"
    word: tuple[int, str] = (200, "ok")

    def answer(self, request: Request) -> Answer:
        if self.over(limit=5, seconds=5):
            return 429, {"Retry-After": "30"}, b"rate_limited"
        if not request.data.get("text"):
            return 400, {}, b"no_text"
        status, word = self.word
        return status, {"Content-Type": "text/html"}, word.encode()
