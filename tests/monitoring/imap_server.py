"""A small IMAP server on loopback: one account, folders of mails with UIDs, and a UIDVALIDITY a test may change."""

import re
import socketserver
import ssl
import threading
from collections.abc import Callable
from typing import Self

USER, PASSWORD = "desk@a.example", "pass word"
_LITERAL = re.compile(rb"\{(\d+)\}$")


class ImapServer:
    """`drips`: it says a byte now and then and never ends the line. `tls`: it speaks TLS from the start."""

    def __init__(self, *, tls: ssl.SSLContext | None = None, drips: bool = False) -> None:
        self.folders: dict[str, dict[int, bytes]] = {"INBOX": {}}
        self.validity = 1
        self.commands: list[str] = []
        house = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                while drips and not house.over.wait(0.02):
                    self.wfile.write(b"*")
                _Session(house, self.rfile.readline, self._say).run()

            def _say(self, line: bytes) -> None:
                self.wfile.write(line + b"\r\n")

        self.over = threading.Event()
        self._server = _Quiet(("127.0.0.1", 0), Handler)
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def deliver(self, mail: bytes, folder: str = "INBOX") -> int:
        mails = self.folders.setdefault(folder, {})
        uid = max(mails, default=0) + 1
        mails[uid] = mail
        return uid


class _Quiet(socketserver.ThreadingTCPServer):
    def handle_error(self, *_args: object) -> None:
        """The client hangs up in the middle of a word: that is the point."""


class _Session:
    def __init__(self, house: ImapServer, line: Callable[[], bytes], say: Callable[[bytes], None]) -> None:
        self.house, self.line, self.say = house, line, say
        self.mails: dict[int, bytes] = {}

    def run(self) -> None:
        self.say(b"* OK ready")
        while raw := self.line():
            tag, _, rest = raw.strip().partition(b" ")
            self.house.commands.append(rest.decode())
            words = rest.split(b" ")
            verb = b" ".join(words[:2]).upper() if words[0].upper() == b"UID" else words[0].upper()
            answer = self._answer(verb, rest)
            self.say(tag + b" " + answer)
            if verb == b"LOGOUT":
                return

    def _answer(self, verb: bytes, rest: bytes) -> bytes:
        name = verb.decode().lower().replace(" ", "_")
        does = getattr(self, f"_{name}", None)
        return does(rest) if does else b"BAD what?"

    def _capability(self, _rest: bytes) -> bytes:
        self.say(b"* CAPABILITY IMAP4rev1 ID")
        return b"OK done"

    def _id(self, _rest: bytes) -> bytes:
        self.say(b"* ID NIL")
        return b"OK done"

    def _login(self, rest: bytes) -> bytes:
        good = rest.decode() == f'LOGIN "{USER}" "{PASSWORD}"'
        return b"OK done" if good else b"NO [AUTHENTICATIONFAILED] wrong"

    def _logout(self, _rest: bytes) -> bytes:
        self.say(b"* BYE")
        return b"OK done"

    def _status(self, rest: bytes) -> bytes:
        folder = _folder(rest)
        if folder not in self.house.folders:
            return b"NO no such folder"
        self.say(f'* STATUS "{folder}" (UIDVALIDITY {self.house.validity})'.encode())
        return b"OK done"

    def _examine(self, rest: bytes) -> bytes:
        if (folder := _folder(rest)) not in self.house.folders:
            return b"NO no such folder"
        self.mails = self.house.folders[folder]
        self.say(f"* {len(self.mails)} EXISTS".encode())
        return b"OK [READ-ONLY] done"

    def _uid_search(self, rest: bytes) -> bytes:
        """`n:*` always holds the highest UID, as the standard wants."""
        asked = re.search(rb"UID (\d+):\*", rest)
        first = int(asked[1]) if asked else 0
        highest = max(self.mails, default=0)
        found = [uid for uid in self.mails if uid >= first or uid == highest]
        self.say(b"* SEARCH " + " ".join(map(str, found)).encode())
        return b"OK done"

    def _uid_fetch(self, rest: bytes) -> bytes:
        uid = int(rest.split(b" ")[2])
        mail = self.mails[uid]
        if b"RFC822.SIZE" in rest:
            self.say(b"* 1 FETCH (UID %d RFC822.SIZE %d)" % (uid, len(mail)))
        elif b"HEADER.FIELDS" in rest:
            head = b"\r\n".join(line for line in mail.splitlines() if line.startswith(b"Subject")) + b"\r\n\r\n"
            self.say(b"* 1 FETCH (UID %d BODY[HEADER.FIELDS (SUBJECT)] {%d}\r\n" % (uid, len(head)) + head + b")")
        else:
            self.say(b"* 1 FETCH (UID %d BODY[] {%d}\r\n" % (uid, len(mail)) + mail + b")")
        return b"OK done"


def _folder(rest: bytes) -> str:
    found = re.search(rb'^\S+ (?:"([^"]*)"|(\S+))', rest)
    return (found[1] or found[2]).decode() if found else ""
