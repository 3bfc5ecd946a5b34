"""DingTalk group robot (自定义机器人): the token in the address, a signature in milliseconds, ten minutes of silence
for who says too much.

Options: `keyword`, where the robot's security setting asks for one.
"""

import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from accounts.errors import Invalid
from notifications.channels.base import Outcome, Outgoing, Pace, RetryAfter, Target
from notifications.channels.layout import Sheet, fitted
from notifications.channels.robot import Codes, Reply, Robot, code_in, said
from outbound import signatures

BODY_BYTES = 20_000
SILENCE_SECONDS = 600
_MOBILE = re.compile(r"(?:\+\d{1,3}-)?\d{8,14}")
_USERID = re.compile(r"[A-Za-z0-9_.$:-]{1,64}")
_MARKS = str.maketrans({"<": "＜", ">": "＞", "[": "［", "]": "］", "`": "｀", "*": "＊", "#": "＃", "_": "＿"})
_SECURITY = {"keywords not in content": "keyword", "sign not match": "sign", "not in whitelist": "ip"}


class DingTalk(Robot):
    kind = "dingtalk"
    pace = Pace(spacing_seconds=1.0, per_minute=18, penalty_seconds=SILENCE_SECONDS)
    hosts = ("oapi.dingtalk.com",)
    path = re.compile(r"/robot/send\?(?:[^#]*&)?access_token=[^&#\s]{8,}")
    address_like = "https://oapi.dingtalk.com/robot/send?access_token=…"
    codes = Codes(
        throttled=frozenset({"130101", "410100", "1111"}),
        later=frozenset({"-1"}),
        broken=frozenset({"310000", "300005", "300001", "400101", "400102", "400013", "400106"}),
    )
    words: ClassVar = {
        "130101": _lazy("The robot has said too much in a minute. DingTalk keeps it silent for ten minutes."),
        "410100": _lazy("The robot has said too much in a minute. DingTalk keeps it silent for ten minutes."),
        "1111": _lazy("The robot has said too much in a minute. DingTalk keeps it silent for ten minutes."),
        "310000 keyword": _lazy("The robot wants a keyword in every message. Enter it on the channel."),
        "310000 sign": _lazy("The signature does not match. Copy the secret of the robot's security setting anew."),
        "310000 ip": _lazy("The robot takes messages from certain addresses only. Add the desk's address there."),
        "310000": _lazy("The robot's security setting refused it. Check keyword, signature and address list."),
        "300005": _lazy("The robot is gone from the group. Add a new one and enter its address."),
        "300001": _lazy("The robot is gone from the group. Add a new one and enter its address."),
        "400101": _lazy("The robot is gone from the group. Add a new one and enter its address."),
        "400102": _lazy("The robot was stopped in the group. Start it again there."),
        "400013": _lazy("The group was dissolved. Choose another one."),
        "400106": _lazy("The robot is gone from the group. Add a new one and enter its address."),
        "-1": _lazy("DingTalk is busy. The message goes out again."),
    }

    def compose(self, target: Target, message: Outgoing, *, now: datetime) -> tuple[str, dict[str, Any]]:
        handles = [handle for handle in message.mentions if _is_handle(handle)]
        keyword = str(target.options.get("keyword", ""))

        def payload(sheet: Sheet) -> dict[str, Any]:
            markdown = {"title": sheet.heading, "text": _markdown(sheet, handles)}
            return {"msgtype": "markdown", "markdown": markdown, "at": _at(handles)}

        sheet = fitted(message, lambda sheet: _size(payload(sheet)) <= BODY_BYTES, keyword=keyword)
        return signed(target.url, target.secret, now=now), payload(sheet)

    def judge(self, reply: Reply) -> Outcome | None:
        """`{"status":1111,"wait":5,"punish":"deny"}` is what a throttled robot hears too, without any errcode."""
        code = code_in(reply.data, "errcode")
        if code is None and reply.data.get("punish"):
            return RetryAfter("1111", reply.text, SILENCE_SECONDS, throttled=True)
        if code is None:
            return None
        words = said(reply, "errmsg")
        outcome = self.by_code(code, words)
        meaning = next((name for part, name in _SECURITY.items() if part in words), "")
        return type(outcome)(f"{code} {meaning}", words) if code == "310000" and meaning else outcome

    def check_handle(self, handle: str) -> str:
        handle = handle.strip()
        if not _is_handle(handle):
            raise Invalid(_("On DingTalk a person is named by the mobile number of the account."))
        return handle


def signed(url: str, secret: str, *, now: datetime) -> str:
    """The address of one call. What a pasted address was signed with goes; without a secret nothing is signed."""
    parts = urlsplit(url)
    query = [(name, value) for name, value in parse_qsl(parts.query) if name not in {"timestamp", "sign"}]
    if secret:
        milliseconds = int(now.timestamp() * 1000)
        signature = signatures.dingtalk(secret, milliseconds=milliseconds)
        query += [("timestamp", str(milliseconds)), ("sign", signature)]
    return urlunsplit(parts._replace(query=urlencode(query), fragment=""))


def _markdown(sheet: Sheet, handles: Sequence[str]) -> str:
    """Blank lines between: DingTalk joins what only a line break parts. Who is called stands in the text as well."""
    blocks = [f"### {sheet.heading.translate(_MARKS)}"]
    for piece in sheet.pieces:
        blocks += [f"**{piece.title.translate(_MARKS)}**"] if piece.title else []
        blocks += [line.translate(_MARKS) for line in piece.body.splitlines() if line.strip()]
        blocks += ["　".join(f"[{link.label}]({link.url})" for link in piece.links)] if piece.links else []
    blocks += [sheet.rest] if sheet.rest else []
    blocks += [f"[{sheet.more.label}]({sheet.more.url})"] if sheet.more else []
    blocks += [" ".join(f"@{handle}" for handle in handles if handle != "@all")] if handles else []
    return "\n\n".join(block for block in blocks if block)


def _at(handles: Sequence[str]) -> dict[str, Any]:
    people = [handle for handle in handles if handle != "@all"]
    return {
        "atMobiles": [handle for handle in people if _MOBILE.fullmatch(handle)],
        "atUserIds": [handle for handle in people if not _MOBILE.fullmatch(handle)],
        "isAtAll": "@all" in handles,
    }


def _is_handle(handle: str) -> bool:
    return handle == "@all" or bool(_MOBILE.fullmatch(handle) or _USERID.fullmatch(handle))


def _size(payload: dict[str, Any]) -> int:
    return len(json.dumps(payload, ensure_ascii=False).encode())
