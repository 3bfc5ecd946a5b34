"""A signed link that acknowledges one clock as one person, without signing in: for mail and robot messages.

The link is the right: who holds it may acknowledge as that person for three days, and nothing else. Reading its page
changes nothing, so that a scanner of mails cannot acknowledge.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core import signing
from django.urls import reverse
from django.utils.translation import gettext_lazy as _lazy

from notifications.messages import Action
from timeline.now import now as time_now

VALID_FOR = timedelta(hours=72)
_signer = signing.Signer(salt="escalation.acknowledge", sep=".")


@dataclass(frozen=True)
class Claim:
    """What a link says: this person, this clock, made then (whole seconds)."""

    clock_id: int
    user_id: int
    made_at: int

    def is_over(self, now: datetime) -> bool:
        return now.timestamp() > self.made_at + VALID_FOR.total_seconds()


def token_for(clock_id: int, user_id: int, *, now: datetime) -> str:
    return _signer.sign_object([clock_id, user_id, int(now.timestamp())])


def read_token(token: str) -> Claim | None:
    """None for anything we did not sign."""
    try:
        values = _signer.unsign_object(token)
    except (signing.BadSignature, ValueError):
        return None
    return Claim(*values)


def acknowledgement_link(params: dict[str, Any], user_id: int, base_url: str) -> Action | None:
    """Made when the message is: that is when its three days begin."""
    clock = params.get("clock")
    if not clock:
        return None
    token = token_for(clock, user_id, now=time_now())
    return Action(_lazy("Acknowledge"), base_url.rstrip("/") + reverse("escalation:quick", args=[token]))
