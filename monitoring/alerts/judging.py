"""What people say of the grades, and how good the grades have been week by week."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Q
from django.db.models.functions import TruncWeek
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import Invalid
from accounts.models import User
from escalation.queries import running_runs_of
from escalation.services import regrade
from monitoring.alerts.alerting import set_free, set_grade
from monitoring.alerts.storms import note
from monitoring.enums import AlertState, Grade, Verdict
from monitoring.models import Alert, AlertVerdict
from monitoring.queries import alerts_for
from monitoring.rules import require_may_act
from timeline.refs import ref
from timeline.services import record

WEEKS = 12


@transaction.atomic
def judge(
    alert: Alert, *, verdict: str, actor: User, now: datetime, should_be: int | None = None, note: str = ""
) -> AlertVerdict:
    """The last word of this person about this grade. Too high or too low sets the grade right at once."""
    require_may_act(actor)
    alert = Alert.objects.select_for_update(of=("self",)).select_related("event__unit", "storm__unit").get(pk=alert.pk)
    _check(alert, verdict, should_be)
    said, _created = AlertVerdict.objects.update_or_create(
        alert=alert,
        user=actor,
        defaults={
            "verdict": verdict,
            "should_be": should_be,
            "was": alert.grade,
            "rules_number": alert.rules_number,
            "note": note.strip()[:500],
            "at": now,
        },
    )
    details = {"verdict": verdict, "was": alert.grade, "should_be": should_be, "rules": alert.rules_number}
    record(ref(alert.event), "alert.judged", now=now, actor=actor, subject=ref(alert), reason=note, details=details)
    if should_be is not None:
        _set(alert, should_be, actor=actor, reason=note, now=now)
    return said


def _check(alert: Alert, verdict: str, should_be: int | None) -> None:
    if verdict not in Verdict.values:
        message = _("Choose one of the verdicts.")
        raise Invalid(message, fields={"verdict": message})
    wrong_way = {Verdict.TOO_HIGH: alert.grade >= (should_be or 0), Verdict.TOO_LOW: alert.grade <= (should_be or 9)}
    if wrong_way.get(Verdict(verdict), False):
        message = _("Say which grade it should be: a lighter one when it is too high, a graver one when it is too low.")
        raise Invalid(message, fields={"should_be": message})
    if verdict in {Verdict.RIGHT, Verdict.NOISE} and should_be is not None:
        message = _("Only a grade that is too high or too low gets another one.")
        raise Invalid(message, fields={"should_be": message})


def _set(alert: Alert, grade: int, *, actor: User, reason: str, now: datetime) -> None:
    """The person's grade counts, for the event and its clock as well; the weights' own stays beside it."""
    before, alert.grade = alert.grade, grade
    alert.save(update_fields=["grade"])
    set_grade(alert.event, grade)
    record(
        ref(alert.event),
        "alert.regraded",
        now=now,
        actor=actor,
        subject=ref(alert),
        from_state=str(before),
        to_state=str(grade),
        reason=reason,
    )
    if alert.state == AlertState.IN_STORM and grade == Grade.I:
        set_free(alert, actor=actor, now=now)
    elif alert.storm and alert.storm.rages:
        note([alert.storm], now=now)
    for run in running_runs_of(ref(alert.event), code="alert"):
        regrade(run, grade, now=now, actor=actor)


# ---- how good the grades are ------------------------------------------------------------------
@dataclass(frozen=True)
class Week:
    """Verdicts of one week; `right_share` is of 100, nothing where nobody judged."""

    monday: date
    raised: int
    right: int
    too_high: int
    too_low: int
    noise: int

    @property
    def judged(self) -> int:
        return self.right + self.too_high + self.too_low + self.noise

    @property
    def right_share(self) -> int | None:
        return round(100 * self.right / self.judged) if self.judged else None


def weekly_quality(user: User, *, now: datetime, weeks: int = WEEKS) -> list[Week]:
    """Of the alerts the person sees, oldest week first; two queries."""
    this_monday = timezone.localtime(now).date() - timedelta(days=timezone.localtime(now).weekday())
    mondays = [this_monday - timedelta(weeks=back) for back in reversed(range(weeks))]
    since = timezone.make_aware(datetime.combine(mondays[0], datetime.min.time()))
    seen = alerts_for(user).select_related(None).order_by()
    raised = _counted(seen.filter(raised_at__gte=since), "raised_at", all=Count("pk"))
    verdicts = AlertVerdict.objects.filter(alert__in=seen.values("pk"), at__gte=since).order_by()
    judged = _counted(verdicts, "at", **{code: Count("pk", filter=Q(verdict=code)) for code in Verdict.values})
    return [
        Week(monday, raised.get(monday, {}).get("all", 0), **_of_each(judged.get(monday, {}))) for monday in mondays
    ]


def _of_each(counted: dict[str, int]) -> dict[str, int]:
    return {str(code): counted.get(code, 0) for code in Verdict.values}


def _counted(rows: Any, moment: str, **counts: Count) -> dict[date, dict[str, int]]:
    grouped = rows.annotate(week=TruncWeek(moment)).values("week").annotate(**counts)
    return {timezone.localtime(row["week"]).date(): row for row in grouped}
