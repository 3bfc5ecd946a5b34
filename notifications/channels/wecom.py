"""WeCom group robot (消息推送): the key in the address is the secret; the code of the body says what happened.

Options: `format` text (the default: mentions of users and mobiles, readable in every client) or markdown.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from accounts.errors import Invalid
from notifications.channels.base import Outcome, Outgoing, Pace, Target
from notifications.channels.layout import Sheet, fitted, plain
from notifications.channels.robot import Codes, Reply, Robot, code_in, said

TEXT_BYTES = 2048
MARKDOWN_BYTES = 4096
MOBILE = re.compile(r"1\d{10}")
_USERID = re.compile(r"@all|[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}")
_MARKS = str.maketrans({"<": "＜", ">": "＞", "[": "［", "]": "］", "`": "｀", "*": "＊", "#": "＃"})
_COLOURS = {"urgent": "warning", "warning": "warning", "info": "info"}


class WeCom(Robot):
    kind = "wecom"
    pace = Pace(spacing_seconds=3.1, per_minute=19, penalty_seconds=60)  # 20 a minute, of which nobody says how counted
    hosts = ("qyapi.weixin.qq.com",)
    path = re.compile(r"/cgi-bin/webhook/send\?(?:[^#]*&)?key=[^&#\s]{8,}")
    address_like = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…"
    codes = Codes(
        throttled=frozenset({"45009"}),
        later=frozenset({"-1"}),
        broken=frozenset({"93000"}),
    )
    words: ClassVar = {
        "45009": _lazy("The robot has said too much in a minute. The desk waits and goes on."),
        "93000": _lazy("The robot is gone from the group. Add a new one and enter its address."),
        "44004": _lazy("The message was empty."),
        "-1": _lazy("WeCom is busy. The message goes out again."),
    }

    def compose(
        self,
        target: Target,
        message: Outgoing,
        *,
        now: datetime,  # noqa: ARG002 -- nothing is signed here
    ) -> tuple[str, dict[str, Any]]:
        mobiles = [handle for handle in message.mentions if MOBILE.fullmatch(handle)]
        users = [handle for handle in message.mentions if handle not in mobiles and _USERID.fullmatch(handle)]
        if target.options.get("format") == "markdown" and not mobiles:
            return target.url, _markdown(message, users)
        return target.url, _text(message, users, mobiles)

    def judge(self, reply: Reply) -> Outcome | None:
        code = code_in(reply.data, "errcode")
        return None if code is None else self.by_code(code, said(reply, "errmsg"))

    def check_handle(self, handle: str) -> str:
        handle = handle.strip()
        if not (MOBILE.fullmatch(handle) or _USERID.fullmatch(handle)):
            raise Invalid(_("On WeCom a person is named by the user id of the company's directory or a mobile number."))
        return handle


def _text(message: Outgoing, users: Sequence[str], mobiles: Sequence[str]) -> dict[str, Any]:
    sheet = fitted(message, lambda sheet: len(plain(sheet).encode()) <= TEXT_BYTES)
    content: dict[str, Any] = {"content": plain(sheet)}
    if users:
        content["mentioned_list"] = list(users)
    if mobiles:
        content["mentioned_mobile_list"] = list(mobiles)
    return {"msgtype": "text", "text": content}


def _markdown(message: Outgoing, users: Sequence[str]) -> dict[str, Any]:
    colour = _COLOURS.get(message.level, "info")
    called = "\n" + " ".join(f"<@{user}>" for user in users) if users else ""

    def written(sheet: Sheet) -> str:
        lines = [f'<font color="{colour}">{sheet.heading.translate(_MARKS)}</font>']
        for piece in sheet.pieces:
            lines += [f"**{piece.title.translate(_MARKS)}**"] if piece.title else []
            lines += [f">{line.translate(_MARKS)}" for line in piece.body.splitlines() if line.strip()]
            lines += [f"[{link.label.translate(_MARKS)}]({link.url})" for link in piece.links]
        lines += [sheet.rest] if sheet.rest else []
        lines += [f"[{sheet.more.label}]({sheet.more.url})"] if sheet.more else []
        return "\n".join(lines) + called

    sheet = fitted(message, lambda sheet: len(written(sheet).encode()) <= MARKDOWN_BYTES)
    return {"msgtype": "markdown", "markdown": {"content": written(sheet)}}
