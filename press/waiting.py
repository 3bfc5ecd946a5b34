"""Replies in review stand on the approvals page beside the plans of cases."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.models import User
from cases.approvals import WaitingItem, register_waiting
from escalation.queries import live_clocks
from press.models import Reply
from press.queries import replies_waiting_for
from timeline.refs import ref


def replies_waiting(user: User, now: datetime) -> Iterable[WaitingItem]:  # noqa: ARG001 -- one shape for all sources
    replies = list(replies_waiting_for(user)[:100])
    clocks = {clock.subject: clock for clock in live_clocks().filter(subject__in=[ref(reply) for reply in replies])}
    for reply in replies:
        yield WaitingItem(
            title=title_of(reply),
            url=f"{reply.enquiry.get_absolute_url()}#reply",
            note=f"{reply.enquiry.case.number} · {reply.author}",
            at=reply.submitted_at,
            clock=clocks.get(ref(reply)),
        )


def title_of(reply: Reply) -> str:
    words = {"outlet": reply.enquiry.outlet.name, "number": reply.number}
    return _("Written reply to %(outlet)s, version %(number)d") % words


register_waiting(replies_waiting)
