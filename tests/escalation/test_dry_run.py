"""A dry run of the version that counts says what the engine really told; of another, what it would have told."""

import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.enums import Role
from accounts.models import User
from escalation import drafts, gate
from escalation import runbooks as library
from escalation.dry_run import would_tell
from escalation.enums import ClockState, RunState, StepState
from escalation.histories import dry_run, histories
from escalation.models import Clock, Run, Runbook, Rung, Step
from escalation.services import (
    acknowledge,
    cancel_run,
    deliver,
    move_step,
    pause,
    regrade,
    resume,
    set_base,
    waive_step,
)
from escalation.tick import tick_until_quiet
from tests.escalation.test_runbook_pages import posted
from timeline.now import shifted

pytestmark = pytest.mark.django_db
Told = set[tuple[str, str, datetime]]
SignIn = Callable[[User], Client]


@pytest.fixture
def chief(commander: User) -> User:
    commander.roles = [Role.COMMANDER, Role.ADMIN]
    commander.save()
    return commander


def really_told(run: Run) -> Told:
    rows = Rung.objects.filter(clock__run=run).values_list("clock__step__code", "code", "planned_at")
    return set(rows)


def dryly_told(run: Run, *, now: datetime) -> Told:
    body = run.version.body
    return {(told.step, told.code, told.at) for told in would_tell(body, histories([run])[0], now=now)}


# ---- the same version ---------------------------------------------------------------------------
class Scenario:
    """Runs of one file, and things that happen to them at random; the engine ticks right before each."""

    def __init__(self, seed: int, *, start: Callable[..., Run], chief: User, now: datetime) -> None:
        self.rng, self.start, self.chief, self.now = random.Random(seed), start, chief, now  # noqa: S311 -- a scenario
        self.runs = [self._started(code) for code in ("media", "complaint", "regulator")]

    def _started(self, code: str, **fields: Any) -> Run:
        back = timedelta(minutes=self.rng.choice([0, 5, 90]))
        bases = {"reporter_deadline": self._later(300)} if code == "media" and self.rng.random() < 0.6 else {}
        given = {"now": self.now, "started_at": self.now - back, "reason": "late", "bases": bases}
        return self.start(code, grade=self.rng.randint(1, 4), **(given | fields))

    def _later(self, minutes: int) -> datetime:
        return self.now + timedelta(minutes=self.rng.randint(1, minutes), seconds=self.rng.randint(0, 59))

    def play(self, times: int) -> None:
        acts = [self.date, self.grade, self.move, self.settle, self.give, self.acknowledge, self.stand_still, self.join]
        for _round in range(times):
            self.now = self._later(400)
            tick_until_quiet(now=self.now)
            self.rng.choice(acts)()
        self.now += timedelta(days=3)
        tick_until_quiet(now=self.now)

    def _one(self, rows: Any) -> Any:
        found = list(rows.order_by("pk"))
        return self.rng.choice(found) if found else None

    def _run(self) -> Run:
        run: Run = self._one(Run.objects.filter(state=RunState.RUNNING))
        return run

    def _step(self) -> Step | None:
        step: Step | None = self._one(Step.objects.filter(state=StepState.OPEN, run__state=RunState.RUNNING))
        return step

    def _clock(self, state: str) -> Clock | None:
        clock: Clock | None = self._one(Clock.objects.filter(state=state))
        return clock

    def date(self) -> None:
        base = self.rng.choice(["reporter_deadline", "promised_at", "measures_done_at"])
        set_base(self._run(), base, self._later(900), actor=None, now=self.now)

    def grade(self) -> None:
        regrade(self._run(), self.rng.randint(1, 4), now=self.now)

    def move(self) -> None:
        if (step := self._step()) is not None:
            move_step(step, due_at=self._later(600), actor=self.chief, reason="they ask", now=self.now)

    def settle(self) -> None:
        if (step := self._step()) is not None:
            waive_step(step, actor=self.chief, reason="not needed", now=self.now)

    def give(self) -> None:
        if (step := self._step()) is not None:
            deliver(thread="case:1", deliverable=step.completes_on, now=self.now)

    def acknowledge(self) -> None:
        if (clock := self._clock(ClockState.RUNNING)) is not None:
            acknowledge(clock, user=self.chief, now=self.now)

    def stand_still(self) -> None:
        if (clock := self._clock(ClockState.PAUSED)) is not None:
            resume(clock, actor=self.chief, now=self.now)
        elif (clock := self._one(Clock.objects.filter(state=ClockState.RUNNING).exclude(pausable=[]))) is not None:
            pause(clock, reason_code=clock.pausable[0], actor=self.chief, now=self.now)

    def join(self) -> None:
        """A second enquiry that shares with the first, once; later it may be cancelled."""
        media = self.runs[0]
        second = next((run for run in self.runs if run.shares_id), None)
        if second is None:
            media.refresh_from_db()
            if media.state == RunState.RUNNING:
                self.runs.append(self._started("media", subject="enquiry:2", share_with=media))
        elif self.rng.random() < 0.5:
            cancel_run(second, now=self.now, reason="a mistake", actor=self.chief)


@pytest.mark.parametrize("seed", range(12))
def test_a_dry_run_of_the_same_version_tells_what_the_engine_told(
    start: Callable[..., Run], chief: User, now: datetime, seed: int
) -> None:
    scenario = Scenario(seed, start=start, chief=chief, now=now)

    scenario.play(14)

    for run in Run.objects.order_by("pk"):
        assert dryly_told(run, now=scenario.now) == really_told(run), run.version.runbook.code
    assert Rung.objects.count() > 20


# ---- another version ----------------------------------------------------------------------------
@pytest.fixture
def late(start: Callable[..., Run], now: datetime) -> Run:
    """A run whose report came after 25 of its 30 minutes."""
    run = start("media")
    tick_until_quiet(now=now + timedelta(minutes=25))
    deliver(thread=run.thread, deliverable="risk_reported", now=now + timedelta(minutes=25))
    return run


def tighter(minutes: int = 20) -> dict[str, Any]:
    body: dict[str, Any] = deepcopy(library.current_version("media").body)
    body["steps"][1]["due"]["after"] = f"{minutes}m"
    del body["steps"][2]
    return body


def test_another_version_is_laid_beside_what_was_told(
    late: Run, commander: User, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    monkeypatch.setattr(gate, "_narrowings", [])

    tried = dry_run(Runbook.objects.get(code="media"), tighter(), user=commander, now=now + timedelta(minutes=40))

    table = {(line.step, line.kind): (line.fired, line.would, line.difference) for line in tried.lines}
    assert table[("report", "warning")] == (2, 2, 0)
    assert table[("report", "breach")] == (0, 1, 1)
    assert (tried.runs, tried.found, tried.is_sampled) == (1, 1, False)
    sample = next(line for line in tried.lines if (line.step, line.kind) == ("report", "breach")).samples[0]
    assert (sample.label, sample.url, sample.fired, sample.would) == (late.label, late.get_absolute_url(), 0, 1)


def test_a_step_that_is_gone_would_tell_nothing(late: Run, commander: User, now: datetime) -> None:
    tick_until_quiet(now=now + timedelta(minutes=70))

    tried = dry_run(Runbook.objects.get(code="media"), tighter(), user=commander, now=now + timedelta(minutes=70))

    gone = [line for line in tried.lines if line.step == "outline"]
    assert gone
    assert {line.would for line in gone} == {0}
    assert sum(line.fired for line in gone) == 4  # two warnings, the breach and the first climb
    assert {line.title for line in gone} == {"Get the outline of questions"}


def test_only_the_newest_runs_of_thirty_days_count_and_no_drills(
    start: Callable[..., Run], commander: User, now: datetime
) -> None:
    for number in range(3):
        start("alert", thread=f"alert:{number}", subject=f"alert:{number}")
    start("alert", thread="alert:8", subject="alert:8", is_drill=True)
    start("alert", thread="alert:9", subject="alert:9", started_at=now - timedelta(days=31))
    book, body = Runbook.objects.get(code="alert"), library.current_version("alert").body

    tried = dry_run(book, body, user=commander, now=now, most=2)

    assert (tried.runs, tried.found, tried.is_sampled) == (2, 3, True)


def test_samples_are_only_of_runs_the_reader_sees(late: Run, outsider: User, now: datetime) -> None:
    tried = dry_run(Runbook.objects.get(code="media"), tighter(), user=outsider, now=now + timedelta(minutes=40))

    assert sum(line.difference for line in tried.lines) != 0
    assert [line.samples for line in tried.lines if line.samples] == []


@pytest.fixture
def _standing(now: datetime) -> Iterator[None]:
    with shifted(start=now + timedelta(minutes=40), speed=0):
        yield


@pytest.mark.usefixtures("_standing")
def test_the_screens_try_a_version_or_what_stands_in_the_editor(
    late: Run, sign_in: SignIn, administrator: User, agent: User, now: datetime
) -> None:
    tick_until_quiet(now=now + timedelta(minutes=40))
    client, page = sign_in(administrator), reverse("escalation:runbook_dry_run", args=["media", 1])
    assert client.get(page).context["tried"].would == client.get(page).context["tried"].fired
    assert sign_in(agent).get(page).status_code == 403

    draft = drafts.of_body(tighter())
    tried = client.post(reverse("escalation:runbook_try", args=["media"]), posted(draft), HTTP_HX_REQUEST="true")
    assert tried.context["tried"].would > 0
    assert library.current_version("media").number == 1
    draft.steps[0]["lead"] = [""]
    wrong = client.post(reverse("escalation:runbook_try", args=["media"]), posted(draft))
    assert (wrong.status_code, wrong.context["tried"]) == (422, None)


@pytest.mark.parametrize("runs", [1, 3])
def test_a_dry_run_asks_the_same_for_one_run_and_three(
    start: Callable[..., Run], commander: User, now: datetime, runs: int
) -> None:
    for number in range(runs):
        start("complaint", thread=f"case:{number}", subject=f"case:{number}")
    book, body = Runbook.objects.get(code="complaint"), library.current_version("complaint").body

    with CaptureQueriesContext(connection) as asked:
        dry_run(book, body, user=commander, now=now)

    assert len(asked) == 11
