"""What the press room reads."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts.enums import Role
from accounts.models import User
from cases.models import Case, Named
from escalation.enums import RunState, StepState
from escalation.models import Clock, Run, Step
from escalation.queries import live_clocks, steps_of_run
from press.enums import Decision, ReplyState, ReviewRole
from press.models import Approval, Enquiry, Reply, ReplyText
from timeline.refs import ref

MEDIA = "media"


def media_run_of(enquiry: Enquiry) -> Run | None:
    """The run of the eight steps; there is one for every enquiry."""
    return Run.objects.filter(subject=ref(enquiry), version__runbook__code=MEDIA).order_by("-pk").first()


def runs_to_share(case: Case) -> QuerySet[Run]:
    """Media runs of the case whose plan, conference and resolution a further enquiry shares: the first holds them."""
    runs = Run.objects.filter(thread=ref(case), version__runbook__code=MEDIA, shares=None)
    return runs.exclude(state=RunState.CANCELLED).order_by("pk")


def steps_of_enquiry(enquiry: Enquiry) -> list[Step]:
    """All eight: its own and those it shares with the first enquiry on the case, in the runbook's order."""
    run = media_run_of(enquiry)
    return list(steps_of_run(run)) if run else []


def clocks_by_step(steps: Iterable[Step]) -> dict[int, Clock]:
    """What still runs for each of these steps; one query."""
    clocks = live_clocks().filter(step__in=[step.pk for step in steps])
    return {clock.step_id: clock for clock in clocks if clock.step_id}


@dataclass(frozen=True)
class Progress:
    """One line of the list: the enquiry, the clock that runs out first, how far the eight steps have come."""

    enquiry: Enquiry
    clock: Clock | None
    done: int
    total: int
    reply: str


def with_progress(enquiries: Sequence[Enquiry]) -> list[Progress]:
    """Four queries for a page of any length."""
    subjects = [ref(enquiry) for enquiry in enquiries]
    clocks: dict[str, Clock] = {}
    for clock in live_clocks().filter(subject__in=subjects):
        clocks.setdefault(clock.subject, clock)
    steps = _steps_settled(subjects)
    replies = {
        reply.enquiry_id: str(reply.get_state_display())
        for reply in Reply.objects.filter(enquiry__in=enquiries).order_by("number").only("enquiry_id", "state")
    }
    return [
        Progress(enquiry, clocks.get(subject), *steps.get(subject, (0, 0)), replies.get(enquiry.pk, ""))
        for enquiry, subject in zip(enquiries, subjects, strict=True)
    ]


def _steps_settled(subjects: Sequence[str]) -> dict[str, tuple[int, int]]:
    """How many steps of each enquiry are settled, of how many; shared ones count for everybody who shares them."""
    runs = list(Run.objects.filter(subject__in=subjects, version__runbook__code=MEDIA))
    involved = {run.pk for run in runs} | {run.shares_id for run in runs if run.shares_id}
    states: dict[int, dict[str, bool]] = {}
    for run_id, code, state in Step.objects.filter(run__in=involved).values_list("run_id", "code", "state"):
        states.setdefault(run_id, {})[code] = state in {StepState.DONE, StepState.WAIVED}
    counts = {}
    for run in runs:
        shared = {body["code"] for body in run.body["steps"] if body.get("shared")} if run.shares_id else set()
        theirs = {code: is_done for code, is_done in states.get(run.shares_id or 0, {}).items() if code in shared}
        all_steps = theirs | states.get(run.pk, {})
        counts[run.subject] = (sum(all_steps.values()), len(all_steps))
    return counts


def approval_run_of(reply: Reply) -> Run | None:
    return Run.objects.filter(subject=ref(reply), state=RunState.RUNNING).order_by("-pk").first()


def enquiries_of(case: Case) -> QuerySet[Enquiry]:
    return Enquiry.objects.filter(case=case).select_related("outlet").order_by("pk")


def replies_waiting_for(user: User) -> QuerySet[Reply]:
    """Replies in review to which this person can still give the missing word, oldest first."""
    replies = Reply.objects.filter(state=ReplyState.SUBMITTED, enquiry__in=Enquiry.objects.visible_to(user))
    standing = Approval.objects.filter(reply=OuterRef("pk"), voided_at=None, decision=Decision.APPROVED)
    free = Q()
    if not user.has_role(Role.COMMANDER):  # who stands in for either seat
        seats = [Q(~Exists(standing.filter(role=seat))) for seat in ReviewRole if user.has_role(seat.value)]
        free = reduce(or_, seats, Q(pk__in=[]))
    return (
        replies.filter(free)
        .exclude(author=user)
        .exclude(Exists(ReplyText.objects.filter(reply=OuterRef("pk"), author=user)))
        .exclude(Exists(standing.filter(user=user)))
        .exclude(Exists(Named.objects.filter(case=OuterRef("enquiry__case"), user=user, is_recused=True)))
        .select_related("enquiry__outlet", "enquiry__case", "author")
        .order_by(F("submitted_at").asc())
    )
