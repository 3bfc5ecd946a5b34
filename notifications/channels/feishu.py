"""Feishu group robot (自定义机器人); Lark is the same on another host. The signature stands in the body, in seconds.

Posts and not cards: what people wrote stays plain text there, whatever signs it holds. Options: `keyword`.
"""

import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from accounts.errors import Invalid
from notifications.channels.base import Outcome, Outgoing, Pace, RetryAfter, Target
from notifications.channels.layout import Link, Sheet, fitted
from notifications.channels.robot import Codes, Reply, Robot, code_in, said
from outbound import signatures

BODY_BYTES = 20_000  # “20 KB”, read the narrower way
LONGEST_RESET = 24 * 3600.0
_HANDLE = re.compile(r"all|ou_[A-Za-z0-9]{4,64}|[A-Za-z0-9]{4,64}")

Block = list[dict[str, str]]


class Feishu(Robot):
    kind = "feishu"
    pace = Pace(spacing_seconds=0.25, per_minute=90, penalty_seconds=60)  # allowed are 5 a second and 100 a minute
    hosts = ("open.feishu.cn", "open.larksuite.com")
    hosts_abroad = ("open.larksuite.com",)
    path = re.compile(r"/open-apis/bot/v2/hook/[A-Za-z0-9-]{8,}$")
    address_like = "https://open.feishu.cn/open-apis/bot/v2/hook/…"
    codes = Codes(
        throttled=frozenset({"11232", "99991400"}),
        broken=frozenset({"19001", "19021", "19022", "19024"}),
    )
    words: ClassVar = {
        "11232": _lazy("The robot has said too much. The desk waits and goes on."),
        "99991400": _lazy("The robot has said too much. The desk waits and goes on."),
        "19001": _lazy("The robot is gone from the group. Add a new one and enter its address."),
        "19021": _lazy("The signature does not match. Copy the robot's secret anew, and check the desk's clock."),
        "19022": _lazy("The robot takes messages from certain addresses only. Add the desk's address there."),
        "19024": _lazy("The robot wants a keyword in every message. Enter it on the channel."),
        "9499": _lazy("Feishu could not read the message."),
    }

    def compose(self, target: Target, message: Outgoing, *, now: datetime) -> tuple[str, dict[str, Any]]:
        handles = [handle for handle in message.mentions if _HANDLE.fullmatch(handle)]
        signature = _signature(target.secret, now=now)

        def payload(sheet: Sheet) -> dict[str, Any]:
            post = {"zh_cn": {"title": sheet.heading, "content": _content(sheet, handles)}}
            return signature | {"msg_type": "post", "content": {"post": post}}

        def fits(sheet: Sheet) -> bool:
            return len(json.dumps(payload(sheet), ensure_ascii=False).encode()) <= BODY_BYTES

        return target.url, payload(fitted(message, fits, keyword=str(target.options.get("keyword", ""))))

    def judge(self, reply: Reply) -> Outcome | None:
        """Old answers say StatusCode and StatusMessage. 9499 is “Bad Request”, at times said of too many."""
        code = code_in(reply.data, "code", "StatusCode")
        if code is None:
            return None
        words = said(reply, "msg", "StatusMessage")
        if code in self.codes.throttled or (code == "9499" and "too many" in words.lower()):
            return RetryAfter(code, words, _reset(reply) or self.pace.penalty_seconds, throttled=True)
        return self.by_code(code, words)

    def check_handle(self, handle: str) -> str:
        handle = handle.strip()
        if not _HANDLE.fullmatch(handle):
            raise Invalid(_("On Feishu a person is named by an open_id (ou_…) or a user_id, not by a mobile number."))
        return handle


def _signature(secret: str, *, now: datetime) -> dict[str, Any]:
    if not secret:
        return {}
    seconds = int(now.timestamp())
    return {"timestamp": str(seconds), "sign": signatures.feishu(secret, seconds=seconds)}


def _content(sheet: Sheet, handles: Sequence[str]) -> list[Block]:
    lines: list[Block] = []
    for piece in sheet.pieces:
        lines += [[_text(f"• {piece.title}")]] if piece.title else []
        lines += [[_text(line)] for line in piece.body.splitlines() if line.strip()]
        lines += [[part for link in piece.links for part in (_link(link), _text("  "))]] if piece.links else []
    lines += [[_text(sheet.rest)]] if sheet.rest else []
    lines += [[_link(sheet.more)]] if sheet.more else []
    lines += [[{"tag": "at", "user_id": handle} for handle in handles]] if handles else []
    return lines or [[_text(sheet.heading)]]


def _text(text: str) -> dict[str, str]:
    return {"tag": "text", "text": text}


def _link(link: Link) -> dict[str, str]:
    return {"tag": "a", "text": link.label, "href": link.url}


def _reset(reply: Reply) -> float | None:
    """Seconds until the platform listens again, where it says so."""
    value = reply.headers.get("x-ogw-ratelimit-reset", "")
    return min(float(value[:9]), LONGEST_RESET) if value.isascii() and value.isdigit() else None
