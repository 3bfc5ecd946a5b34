"""Slack incoming webhook. It stands abroad: numbers and addresses only, unless an administrator decides otherwise."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from accounts.errors import Invalid
from notifications.channels.base import ChannelBroken, Outcome, Outgoing, Pace, Rejected, Sent, Target
from notifications.channels.layout import Link, Sheet, fitted
from notifications.channels.robot import Reply, Robot

SECTION_CHARACTERS = 3000
_HANDLE = re.compile(r"[UW][A-Z0-9]{4,20}|@(?:here|channel)")
_BROKEN = frozenset({
    "action_prohibited", "invalid_token", "channel_not_found", "no_service", "no_team", "channel_is_archived",
})  # fmt: skip
_WORD = re.compile(r"[a-z_]{3,40}")


class Slack(Robot):
    kind = "slack"
    pace = Pace(spacing_seconds=1.0, penalty_seconds=30)
    hosts = hosts_abroad = ("hooks.slack.com",)
    path = re.compile(r"/services/[A-Z0-9]+/[A-Z0-9]+/[A-Za-z0-9]{8,}$")
    address_like = "https://hooks.slack.com/services/T…/B…/…"
    words: ClassVar = {
        "invalid_payload": _lazy("Slack could not read the message."),
        "no_text": _lazy("The message was empty."),
        "action_prohibited": _lazy("The workspace does not let this app post here. Ask whoever looks after Slack."),
        "invalid_token": _lazy("The address is no longer valid. Make a new one in Slack and enter it."),
        "no_service": _lazy("The address is no longer valid. Make a new one in Slack and enter it."),
        "no_team": _lazy("The address is no longer valid. Make a new one in Slack and enter it."),
        "channel_not_found": _lazy("The channel is gone from Slack. Choose another one."),
        "channel_is_archived": _lazy("The channel is archived in Slack. Take it out of the archive or choose another."),
    }

    def is_mute(self, target: Target) -> bool:
        return bool(target.options.get("ids_only", True))

    def compose(
        self,
        target: Target,
        message: Outgoing,
        *,
        now: datetime,  # noqa: ARG002 -- nothing is signed here
    ) -> tuple[str, dict[str, Any]]:
        handles = [handle for handle in message.mentions if _HANDLE.fullmatch(handle)]
        sheet = fitted(message, lambda sheet: len(_marked(sheet, handles)) <= SECTION_CHARACTERS)
        section = {"type": "section", "text": {"type": "mrkdwn", "text": _marked(sheet, handles)}}
        return target.url, {"text": _escaped(sheet.heading), "blocks": [section]}

    def judge(self, reply: Reply) -> Outcome | None:
        """The body is a word: ok, or what is wrong."""
        word = reply.text.strip()
        if word == "ok":
            return Sent(word, "")
        if not 400 <= reply.status < 500 or reply.status == 429 or not _WORD.fullmatch(word):
            return None
        return ChannelBroken(word, "") if word in _BROKEN else Rejected(word, "")

    def check_handle(self, handle: str) -> str:
        handle = handle.strip()
        if not _HANDLE.fullmatch(handle):
            raise Invalid(_("On Slack a person is named by the member id, such as U012AB3CD."))
        return handle


def _marked(sheet: Sheet, handles: Sequence[str]) -> str:
    lines = [f"*{_escaped(sheet.heading)}*"]
    for piece in sheet.pieces:
        lines += [f"• {_escaped(piece.title)}"] if piece.title else []
        lines += [_escaped(piece.body)] if piece.body else []
        lines += ["  ".join(_link(link) for link in piece.links)] if piece.links else []
    lines += [sheet.rest] if sheet.rest else []
    lines += [_link(sheet.more)] if sheet.more else []
    lines += [" ".join(f"<!{handle[1:]}>" if handle.startswith("@") else f"<@{handle}>" for handle in handles)]
    return "\n".join(line for line in lines if line)


def _link(link: Link) -> str:
    return f"<{_escaped(link.url)}|{_escaped(link.label)}>"


def _escaped(text: str) -> str:
    """Slack asks for these three and no others."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
