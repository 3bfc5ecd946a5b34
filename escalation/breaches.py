"""A time that was missed asks for its reason: given by whoever let it pass or stands above, counted by code."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.errors import Conflict, Invalid, NotAllowed
from accounts.models import User
from escalation import rules
from escalation.clocks import locked
from escalation.enums import BreachCode, RungKind
from escalation.models import BreachReason, Clock, Rung
from timeline.refs import ref
from timeline.services import record

MOST_WORDS = 1000


@transaction.atomic
def give_reason(clock: Clock, *, code: str, actor: User, now: datetime, words: str = "") -> BreachReason:
    """The first word, or a correction of it; every one of them stays on the record."""
    if not rules.may_acknowledge(actor, clock):
        raise NotAllowed(_("The reason is given by those who were told, their department and those above them."))
    clock = locked(clock)
    if not was_missed(clock):
        raise Conflict(_("This time was not missed: there is nothing to explain."))
    words = words.strip()
    _check(code, words)
    before = BreachReason.objects.filter(clock=clock).first()
    if before is not None and (before.code, before.words) == (code, words):
        return before
    given, _made = BreachReason.objects.update_or_create(
        clock=clock, defaults={"code": code, "words": words, "by": actor, "at": now}
    )
    record(
        clock.thread,
        "clock.explained",
        now=now,
        actor=actor,
        subject=ref(clock),
        from_state=before.code if before else "",
        to_state=code,
        reason=words,
        details={"title": clock.title, "code": code},
        is_drill=clock.is_drill,
    )
    return given


def _check(code: str, words: str) -> None:
    if code not in BreachCode.values:
        message = _("Choose one of the reasons.")
        raise Invalid(message, fields={"code": message})
    if code == BreachCode.OTHER and not words:
        message = _("Say in a few words what it was.")
        raise Invalid(message, fields={"words": message})
    if len(words) > MOST_WORDS:
        message = _("Say it in %(n)d characters at most.") % {"n": MOST_WORDS}
        raise Invalid(message, fields={"words": message})


def was_missed(clock: Clock) -> bool:
    """Its breach was told: what nobody was told of, nobody has to explain."""
    return Rung.objects.filter(clock=clock, kind=RungKind.BREACH).exists()


def missed(rows: QuerySet[Clock]) -> QuerySet[Clock]:
    told = Rung.objects.filter(clock=OuterRef("pk"), code=RungKind.BREACH, kind=RungKind.BREACH)
    return rows.filter(Exists(told))


def unexplained(user: User, *, only_mine: bool = False) -> QuerySet[Clock]:
    """Missed times without a reason, of all the person sees, or of those they let pass: told as the one who acts."""
    rows = missed(Clock.objects.visible_to(user)).filter(breach_reason=None, is_drill=False)
    if only_mine:
        told = Rung.objects.filter(clock=OuterRef("pk"), code=RungKind.BREACH, audience__contains=user.pk)
        rows = rows.filter(Q(owner=user) | Exists(told))
    return rows.select_related("owner", "lead_unit", "unit", "step")


def reasons_counted(user: User, *, since: datetime) -> Mapping[str, int]:
    """How often each reason was given since then, for what the person sees; the most frequent first."""
    given = BreachReason.objects.filter(at__gte=since, clock__in=Clock.objects.visible_to(user).values("pk"))
    rows: Any = given.filter(clock__is_drill=False).values_list("code").annotate(n=Count("pk")).order_by("-n", "code")
    return dict(rows)
