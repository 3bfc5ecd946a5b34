"""The dry run against what really was: runs of the last 30 days read in a few queries, a table of what would differ."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from django.db.models import Count, Q
from django.db.models.functions import Coalesce

from accounts.models import User
from escalation.calendars import calendars_of
from escalation.dry_run import Event, History, would_tell
from escalation.enums import RungKind, RunState
from escalation.faults import STEP_BASE
from escalation.models import Clock, Run, Runbook, RunbookVersion, Rung, Step
from escalation.planning import moment
from escalation.runbook_words import titles_of
from escalation.worktime import WorkCalendar
from timeline.models import Entry

WINDOW = timedelta(days=30)
MOST_RUNS = 2000
PATIENCE = 1.5  # seconds of reading and walking; a page has to come back
AT_ONCE = 200  # runs read together
SAMPLES = 3
VERBS = (
    *("run.started", "run.dated", "run.regraded", "step.moved", "step.reopened"),
    *("clock.paused", "clock.resumed", "clock.acknowledged"),
)
Key = tuple[str, str]


@dataclass(frozen=True)
class Sample:
    """One run for which the two differ, as far as the reader sees it."""

    label: str
    url: str
    fired: int
    would: int


@dataclass
class Line:
    step: str
    title: str
    kind: str
    fired: int = 0
    would: int = 0
    samples: list[Sample] = field(default_factory=list)

    @property
    def label(self) -> str:
        return str(RungKind(self.kind).label)

    @property
    def difference(self) -> int:
        return self.would - self.fired

    @property
    def less(self) -> int:
        return self.fired - self.would


@dataclass(frozen=True)
class DryRun:
    lines: list[Line]
    runs: int  # looked at
    found: int  # started in the window
    since: datetime

    @property
    def is_sampled(self) -> bool:
        return self.runs < self.found

    @property
    def fired(self) -> int:
        return sum(line.fired for line in self.lines)

    @property
    def would(self) -> int:
        return sum(line.would for line in self.lines)


def dry_run(book: Runbook, body: Mapping[str, Any], *, user: User, now: datetime, most: int = MOST_RUNS) -> DryRun:
    """What `body` would have told over the last 30 days, beside what was told. Drills do not count."""
    since = now - WINDOW
    rows = Run.objects.filter(version__runbook=book, started_at__gte=since, started_at__lte=now, is_drill=False)
    found = rows.count()
    runs = list(rows.defer("body").order_by("-started_at", "-pk")[:most])
    told = _walked(body, runs, now=now)
    looked_at = [run for run in runs if run.pk in told]
    lines = _lines(looked_at, told, body, book, user=user)
    return DryRun(lines=lines, runs=len(looked_at), found=found, since=since)


def _walked(body: Mapping[str, Any], runs: Sequence[Run], *, now: datetime) -> dict[int, Counter[Key]]:
    """Newest first, as many as there is patience for; at least those read together."""
    told: dict[int, Counter[Key]] = {}
    until = monotonic() + PATIENCE
    for first in range(0, len(runs), AT_ONCE):
        for history in histories(runs[first : first + AT_ONCE]):
            told[history.run_id] = Counter((each.step, str(each.kind)) for each in would_tell(body, history, now=now))
        if monotonic() > until:
            break
    return told


# ---- the table ----------------------------------------------------------------------------------
def _lines(
    runs: Sequence[Run], told: Mapping[int, Counter[Key]], body: Mapping[str, Any], book: Runbook, *, user: User
) -> list[Line]:
    fired = _fired(runs)
    titles = _titles(book, body)
    order = {code: place for place, code in enumerate(titles)}
    kinds = list(RungKind)
    keys = {key for counts in (*told.values(), *fired.values()) for key in counts}
    lines = {key: Line(step=key[0], title=titles.get(key[0], key[0]), kind=key[1]) for key in keys}
    visible = set(Run.objects.visible_to(user).filter(pk__in=[run.pk for run in runs]).values_list("pk", flat=True))
    for run in runs:
        theirs, ours = fired.get(run.pk, Counter()), told[run.pk]
        for key in {*theirs, *ours}:
            line = lines[key]
            line.fired += theirs[key]
            line.would += ours[key]
            if theirs[key] != ours[key] and run.pk in visible and len(line.samples) < SAMPLES:
                line.samples.append(Sample(run.label, run.get_absolute_url(), theirs[key], ours[key]))
    return sorted(lines.values(), key=lambda line: (order.get(line.step, len(order)), kinds.index(RungKind(line.kind))))


def _titles(book: Runbook, body: Mapping[str, Any]) -> dict[str, str]:
    """Of the draft in its order, then of steps that only older versions have."""
    titles = titles_of(body)
    for version in book.versions.order_by("-number"):
        for code, title in titles_of(version.body).items():
            titles.setdefault(code, title)
    return titles


def _fired(runs: Sequence[Run]) -> dict[int, Counter[Key]]:
    rows = Rung.objects.filter(clock__run__in=[run.pk for run in runs], clock__step__isnull=False).order_by()
    counted = rows.values_list("clock__run_id", "clock__step__code", "kind").annotate(times=Count("pk"))
    fired: dict[int, Counter[Key]] = defaultdict(Counter)
    for run_id, step, kind, times in counted:
        fired[run_id][(step, kind)] = times
    return fired


# ---- what happened to the runs ------------------------------------------------------------------
@dataclass
class _Met:
    """What the record says of one run."""

    created_at: datetime | None = None
    bases: dict[str, datetime] | None = None
    first_grade: int | None = None
    events: list[Event] = field(default_factory=list)


@dataclass(frozen=True)
class _StepRow:
    run_id: int
    code: str
    completes_on: str
    done_at: datetime | None
    unit: int  # in whose working hours it was counted


def histories(runs: Sequence[Run]) -> list[History]:
    """Six queries, however many runs. Runs that share steps are read along, for their dates."""
    sharing = list(Run.objects.filter(shares__in=[run.pk for run in runs]).defer("body"))
    everyone = list({run.pk: run for run in [*runs, *sharing]}.values())
    roots = {run.shares_id for run in everyone if run.shares_id}
    steps = _steps({run.pk for run in everyone} | roots)
    met = _met(everyone, steps)
    codes = _codes({run.version_id for run in everyone})
    by_run: dict[int, list[_StepRow]] = defaultdict(list)
    for row in steps.values():
        by_run[row.run_id].append(row)
    joined: dict[int, list[Run]] = defaultdict(list)
    for run in sharing:
        joined[run.shares_id or 0].append(run)
    calendars = calendars_of({row.unit for row in steps.values()} | {run.unit_id for run in runs})
    return [_history(run, met, by_run, joined[run.pk], codes[run.version_id], calendars) for run in runs]


def _history(
    run: Run,
    met: Mapping[int, _Met],
    steps: Mapping[int, Sequence[_StepRow]],
    sharing: Iterable[Run],
    codes: set[str],
    calendars: Mapping[int, WorkCalendar],
) -> History:
    own = met[run.pk]
    own_rows = steps.get(run.pk, ())
    walks = {row.code for row in own_rows}
    rows = [*own_rows, *(row for row in steps.get(run.shares_id or 0, ()) if row.code not in walks)]
    walked = {row.code for row in rows}
    events = [*own.events, *(event for other in sharing for event in _of_other(other, met[other.pk]))]
    return History(
        run_id=run.pk,
        created_at=own.created_at or run.started_at,
        started_at=run.started_at,
        grade=own.first_grade or run.grade,
        bases=_first_bases(run, own),
        settled={row.code: row.done_at for row in rows if row.done_at},
        delivered={row.completes_on: row.done_at for row in rows if row.done_at},
        left_out=frozenset(codes - walked),
        events=events,
        shares=run.shares_id is not None,
        ended_at=run.ended_at,
        calendars={row.code: calendars[row.unit] for row in rows},
        calendar=calendars[run.unit_id],
    )


def _first_bases(run: Run, met: _Met) -> dict[str, datetime]:
    """As the record of the start has them; of older runs what no later row has set."""
    if met.bases is not None:
        return met.bases
    later = {event.base for event in met.events if event.what == "dated"}
    named = {name: moment(text) for name, text in run.bases.items() if name not in later}
    return {name: at for name, at in named.items() if not name.startswith(STEP_BASE)}


def _of_other(run: Run, met: _Met) -> Iterable[Event]:
    joined_at = met.created_at or run.started_at
    yield Event(at=joined_at, what="joined", other=run.pk, bases=_first_bases(run, met))
    yield from (
        Event(at=event.at, what="dated", base=event.base, value=event.value, other=run.pk)
        for event in met.events
        if event.what == "dated"
    )
    if run.state != RunState.RUNNING and run.ended_at:
        yield Event(at=run.ended_at, what="left", other=run.pk)


def _codes(versions: Iterable[int]) -> dict[int, set[str]]:
    rows = RunbookVersion.objects.filter(pk__in=versions).values_list("pk", "body")
    return {pk: {step["code"] for step in body["steps"]} for pk, body in rows}


def _steps(runs: Iterable[int]) -> dict[int, _StepRow]:
    whose = Coalesce("counted_for_id", "lead_unit_id", "run__unit_id")
    rows = Step.objects.filter(run__in=runs).annotate(whose=whose).order_by("pk")
    fields = rows.values_list("pk", "run_id", "code", "completes_on", "done_at", "whose")
    return {pk: _StepRow(*rest) for pk, *rest in fields}


def _met(runs: Sequence[Run], steps: Mapping[int, _StepRow]) -> dict[int, _Met]:
    met = {run.pk: _Met() for run in runs}
    ids = list(met)
    clocks = dict(Clock.objects.filter(run__in=ids, step__isnull=False).values_list("pk", "step_id"))
    rows = Entry.objects.filter(Q(thread__in={run.thread for run in runs}), verb__in=VERBS)
    for subject, verb, at, before, after, details in rows.order_by("thread", "seq").values_list(
        "subject", "verb", "at", "from_state", "to_state", "details"
    ):
        kind, _colon, number = subject.partition(":")
        pk = int(number)
        step = steps.get(pk if kind == "step" else clocks.get(pk, 0)) if kind in {"step", "clock"} else None
        found = met.get(step.run_id if step else pk) if step or kind == "run" else None
        if found is not None:
            _note(found, verb, at, details, step=step.code if step else "", before=before, after=after)
    return met


def _note(
    met: _Met, verb: str, at: datetime, details: Mapping[str, Any], *, step: str, before: str, after: str
) -> None:
    match verb:
        case "run.started":
            met.created_at = at
            if "bases" in details:
                met.bases = {name: moment(text) for name, text in details["bases"].items()}
        case "run.dated":
            met.events.append(Event(at=at, what="dated", base=details["base"], value=moment(details["at"])))
        case "run.regraded":
            met.first_grade = met.first_grade or int(before)
            met.events.append(Event(at=at, what="graded", grade=int(after)))
        case "step.moved":
            met.events.append(Event(at=at, what="moved", step=step, value=moment(details["to"])))
        case "step.reopened":
            if details.get("done_at"):
                met.events.append(Event(at=moment(details["done_at"]), what="settled", step=step))
            met.events.append(Event(at=at, what="reopened", step=step))
        case "clock.paused":
            met.events.append(Event(at=at, what="paused", step=step, base=details.get("reason_code", "")))
        case _steering:
            met.events.append(Event(at=at, what=verb.removeprefix("clock."), step=step))
