"""Signed webhooks after Standard Webhooks 1.0: thin events for machines, ids only, whoever owns the endpoint.

The id stays the same on every repeat, the timestamp is the attempt's, and while secrets rotate both sign.
"""

import json
from datetime import datetime
from typing import ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from accounts.errors import Invalid
from notifications.channels.base import ChannelBroken, Gone, Outcome, Outgoing, Pace, RetryAfter, Sent, Target
from notifications.channels.robot import Reply, asked_to_wait, called, check_address, check_reachable, explained
from notifications.messages import Text
from outbound import signatures

_SLOWER = frozenset({429, 502, 503, 504})
_NEVER_REACHED = frozenset({"private_address", "bad_address", "credentials_in_address", "bad_secret"})

WORDS: dict[str, Text] = {
    "410": _lazy("The endpoint says that it is closed for ever. The channel was disabled."),
    "401": _lazy("The endpoint does not accept the signature. Give its owner the secret of this channel."),
    "403": _lazy("The endpoint does not let the desk in. Ask its owner."),
    "404": _lazy("There is nothing at this address. Ask the owner of the endpoint for the right one."),
    "bad_secret": _lazy("The secret of this channel is damaged. Make a new one."),
}


class Webhook:
    kind = "webhook"
    pace = Pace(penalty_seconds=60)
    words: ClassVar = WORDS

    def send(self, target: Target, message: Outgoing, *, now: datetime) -> Outcome:
        body = json.dumps(dict(message.event), ensure_ascii=False, separators=(",", ":")).encode()
        headers = signed(target, message.message_id, body, now=now)
        if isinstance(headers, ChannelBroken):
            return headers
        reply = called(target, target.url, body, {"Content-Type": "application/json"} | headers)
        if isinstance(reply, ChannelBroken) and reply.code not in _NEVER_REACHED:
            return RetryAfter(reply.code, reply.answer)  # an endpoint has its own ladder of repeats
        return by_status(reply, now=now) if isinstance(reply, Reply) else reply

    def check(self, target: Target) -> None:
        check_address(target.url, allow_private=target.allow_private)
        check_secret(target.secret)
        check_reachable(target.url, allow_private=target.allow_private)

    def check_handle(self, handle: str) -> str:  # noqa: ARG002 -- there are none
        raise Invalid(_("A webhook calls nobody by name."))

    def explain(self, outcome: Outcome) -> str:
        return explained(outcome, self.words)


def signed(target: Target, message_id: str, body: bytes, *, now: datetime) -> dict[str, str] | ChannelBroken:
    """Signed with the secret and, while it is being replaced, with the one before it."""
    try:
        keys = [signatures.webhook_key(secret) for secret in (target.secret, target.previous_secret) if secret]
    except ValueError:
        return ChannelBroken("bad_secret", "")
    if not keys:
        return ChannelBroken("bad_secret", "")
    return signatures.webhook_headers(message_id, body, seconds=int(now.timestamp()), keys=keys)


def by_status(reply: Reply, *, now: datetime) -> Outcome:
    """2xx is taken, 410 the end, everything else (a redirect too) a failure that is tried again."""
    code = str(reply.status)
    if 200 <= reply.status < 300:
        return Sent(code, reply.text)
    if reply.status == 410:
        return Gone(code, reply.text)
    if reply.status in _SLOWER:
        return RetryAfter(code, reply.text, asked_to_wait(reply, now=now), throttled=True)
    return RetryAfter(code, reply.text)


def check_secret(secret: str) -> None:
    try:
        signatures.webhook_key(secret)
    except ValueError:
        sentence = _(
            "A secret begins with whsec_ and holds 24 to 64 bytes in base64. Leave it to the desk to make one."
        )
        raise Invalid(sentence, fields={"secret": sentence}) from None
