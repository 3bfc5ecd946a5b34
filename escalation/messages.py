"""What clocks say to people."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from escalation.enums import Tier
from escalation.links import acknowledgement_link
from escalation.words import span_words
from notifications import tiers
from notifications.messages import Action, register

tiers.register({tier.value: tier.label for tier in Tier})


def words(params: dict[str, Any]) -> dict[str, Any]:
    """How late it was at that rung, and whether somebody stands in for an empty rung."""
    late = int(params.get("late_seconds") or 0)
    wanted, told = params.get("tier", ""), params.get("told_tier", "")
    stands_in = ""
    if wanted in Tier.values and told in Tier.values and wanted != told:
        stands_in = _("Nobody was found as %(wanted)s, so it comes to %(told)s.") % {
            "wanted": Tier(wanted).label,
            "told": Tier(told).label,
        }
    return {"over": span_words(max(late, 0)), "left": span_words(max(-late, 0)), "stands_in": stands_in}


def acknowledgement(params: dict[str, Any]) -> Action | None:
    clock = params.get("clock")
    return Action(_lazy("Acknowledge"), reverse("escalation:acknowledge", args=[clock])) if clock else None


def asking_why(params: dict[str, Any]) -> Action | None:
    """Only who was told as the one who acts let it pass."""
    clock = params.get("clock")
    if not clock or params.get("told_tier") != Tier.PERSON:
        return None
    return Action(_lazy("Say why the time was missed"), reverse("escalation:clock", args=[clock]) + "#reason")


def register_all() -> None:
    _register_rungs()
    _register_work()


def _register_rung(kind: str, *, title: Any, body: Any, **more: Any) -> None:
    """Every rung says how long is left or over, and is acknowledged in the app and by a signed link."""
    register(kind, title=title, body=body, words=words, action=acknowledgement, quick=acknowledgement_link, **more)


def _register_rungs() -> None:
    _register_rung(
        "clock.warning",
        title=_lazy("%(left)s left: %(step)s – %(label)s"),
        body=_lazy("“%(step)s” is due at %(due_at)s. %(stands_in)s"),
    )
    _register_rung(
        "clock.breach",
        title=_lazy("Time is up: %(step)s – %(label)s"),
        body=_lazy(
            "“%(step)s” was due at %(due_at)s and is not done. "
            "Act now, or acknowledge that you have it in hand. %(stands_in)s"
        ),
        link=asking_why,
    )
    _register_rung(
        "clock.climb",
        title=_lazy("%(over)s over: %(step)s – %(label)s"),
        body=_lazy(
            "“%(step)s” was due at %(due_at)s; nobody has acknowledged it since. "
            "It climbs on until somebody does. %(stands_in)s"
        ),
    )
    _register_rung(
        "clock.repeat",
        title=_lazy("Still nobody, %(over)s over: %(step)s – %(label)s"),
        body=_lazy(
            "“%(step)s” was due at %(due_at)s; nobody has acknowledged it since. "
            "You are told again until somebody does. %(stands_in)s"
        ),
    )
    _register_rung(
        "clock.reminder",
        title=_lazy("A date is missing: %(step)s – %(label)s"),
        body=_lazy("“%(step)s” has no time yet. Get one and enter it, so that its clock can run. %(stands_in)s"),
    )


def _register_work() -> None:
    register(
        "step.assigned",
        title=_lazy("Yours to do: %(step)s – %(label)s"),
        body=_lazy("%(who)s gave you “%(step)s”. Its time is on the page."),
    )
    register(
        "handover.given",
        title=_lazy("%(who)s hands the shift over to you: %(unit)s"),
        body=_lazy("%(count)s open matters are yours from now on. Read them and say that you have taken over."),
    )
    register(
        "handover.confirmed",
        title=_lazy("%(who)s has taken the shift over: %(unit)s"),
        body=_lazy("What you handed over is in their hands."),
    )
    register(
        "handover.refused",
        title=_lazy("%(who)s did not take the shift over: %(unit)s"),
        body=_lazy("What was still open is back with whoever had it. See the reason, and arrange who takes over."),
    )
    register(
        "clock.audit",
        title=_lazy("%(count)s clock rungs did not fire on time"),
        body=_lazy(
            "The auditor found rungs that should have been told and were not, the first at %(first_at)s: %(label)s. "
            "See that worker and beat are running."
        ),
    )
