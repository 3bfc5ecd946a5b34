"""Runbooks edited by people: every save a version with a reason, no file of the house overwrites what they decided."""

from collections.abc import Callable
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.errors import Conflict, Invalid, NotAllowed, Stale
from accounts.models import User
from escalation import runbooks as library
from escalation.enums import StepState
from escalation.faults import BadRunbook
from escalation.models import Clock, Run, Runbook, RunbookVersion
from escalation.planning import moment
from escalation.runbook_text import parse, text_of
from escalation.services import complete_step, regrade, waive_step
from timeline.models import Entry

pytestmark = pytest.mark.django_db


@pytest.fixture
def media(runbooks: None) -> Runbook:
    return Runbook.objects.get(code="media")


def edited(book: Runbook, after: str = "20m") -> dict[str, Any]:
    body: dict[str, Any] = deepcopy(library.current_version(book.code).body)
    body["steps"][1]["due"]["after"] = after
    return body


def test_a_save_is_a_new_version_with_author_time_and_reason(
    media: Runbook, administrator: User, now: datetime
) -> None:
    saved = library.save_version(media, edited(media), base=1, note=" Faster now. ", actor=administrator, now=now)

    assert (saved.number, saved.author, saved.created_at, saved.note) == (2, administrator, now, "Faster now.")
    assert library.current_version("media") == saved
    entry = Entry.objects.get(verb="runbook.saved")
    assert (entry.actor, entry.reason, entry.details["version"]) == (administrator, "Faster now.", 2)


def test_only_administrators_save_and_only_with_a_reason_something_sound_that_differs(
    media: Runbook, administrator: User, supervisor: User, now: datetime
) -> None:
    with pytest.raises(NotAllowed):
        library.save_version(media, edited(media), base=1, note="I may", actor=supervisor, now=now)
    with pytest.raises(Invalid, match="Say why"):
        library.save_version(media, edited(media), base=1, note="  ", actor=administrator, now=now)
    with pytest.raises(Invalid) as unsound:
        library.save_version(media, edited(media, "soon"), base=1, note="x", actor=administrator, now=now)
    assert list(unsound.value.fields) == ["steps.1.due.after"]
    with pytest.raises(Conflict, match="Nothing differs"):
        library.save_version(media, edited(media, "30m"), base=1, note="x", actor=administrator, now=now)
    other_code = edited(media) | {"code": "press"}
    with pytest.raises(Invalid, match="does not change"):
        library.save_version(media, other_code, base=1, note="x", actor=administrator, now=now)
    assert media.versions.count() == 1


def test_whoever_saves_second_is_shown_what_the_first_saved(media: Runbook, administrator: User, now: datetime) -> None:
    library.save_version(media, edited(media), base=1, note="first", actor=administrator, now=now)

    with pytest.raises(Stale) as stale:
        library.save_version(media, edited(media, "10m"), base=1, note="second", actor=administrator, now=now)

    assert (stale.value.current["number"], stale.value.current["body"]) == (2, edited(media))


def test_a_file_of_the_house_does_not_overwrite_what_people_decided(
    media: Runbook, administrator: User, now: datetime
) -> None:
    library.save_version(media, edited(media), base=1, note="ours", actor=administrator, now=now)

    assert library.load_folder(library.default_folder(), now=now) == []
    assert library.kept_by_people(library.default_folder()) == [media]

    reset = library.reset_to_shipped(media, base=2, note="theirs after all", actor=administrator, now=now)
    assert (reset.number, reset.is_shipped, reset.body) == (3, True, library.shipped_body("media"))
    newer = edited(media, "25m")
    assert (found := library.store(newer, now=now)) is not None
    assert (found.number, found.body) == (4, newer)


def test_an_older_version_becomes_current_again_as_a_new_one(
    media: Runbook, administrator: User, now: datetime
) -> None:
    first = library.current_version("media")
    library.save_version(media, edited(media), base=1, note="try", actor=administrator, now=now)

    again = library.make_current(first, base=2, note="back", actor=administrator, now=now)

    assert (again.number, again.body, again.is_shipped) == (3, first.body, False)
    assert list(RunbookVersion.objects.filter(runbook=media, is_current=True)) == [again]


def test_a_run_keeps_the_version_it_started_with(start: Callable[..., Run], administrator: User, now: datetime) -> None:
    run = start("media")
    book = Runbook.objects.get(code="media")
    library.save_version(book, edited(book), base=1, note="faster", actor=administrator, now=now)

    regrade(run, 1, now=now)

    run.refresh_from_db()
    assert (run.version.number, run.body["steps"][1]["due"]["after"]) == (1, "30m")
    assert run.steps.get(code="report").due_at == now + timedelta(minutes=30)
    assert start("media", thread="case:2").version.number == 2


def test_a_copy_lives_its_own_life_and_can_be_retired(
    start: Callable[..., Run], administrator: User, now: datetime
) -> None:
    title = {"zh-hans": "深圳热线", "zh-hant": "深圳熱線", "en": "Hotline of Shenzhen"}
    source = library.current_version("hotline_12345")
    book = library.copy_runbook(source, code="shenzhen", title=title, note="our city", actor=administrator, now=now)

    assert start("shenzhen").body["title"] == title
    with pytest.raises(Invalid, match="already"):
        library.copy_runbook(source, code="shenzhen", title=title, note="again", actor=administrator, now=now)
    with pytest.raises(Invalid, match="a code is up to 40"):
        library.copy_runbook(source, code="Shen Zhen", title=title, note="odd", actor=administrator, now=now)

    library.retire(book, note="closed", actor=administrator, now=now)
    with pytest.raises(Conflict, match="retired"):
        start("shenzhen", thread="case:2")
    library.bring_back(book, note="open again", actor=administrator, now=now)
    assert start("shenzhen", thread="case:2").title == "Hotline of Shenzhen"


def test_what_the_desk_itself_starts_cannot_be_retired(media: Runbook, administrator: User, now: datetime) -> None:
    with pytest.raises(Conflict, match="every enquiry that is logged"):
        library.retire(media, note="enough", actor=administrator, now=now)


# ---- the text form ------------------------------------------------------------------------------
def test_the_text_form_round_trips(runbooks: None) -> None:
    for version in RunbookVersion.objects.all():
        assert parse(text_of(version.body)) == version.body


def test_what_is_wrong_in_a_text_is_told_with_its_line(media: Runbook) -> None:
    text = text_of(library.current_version("media").body).replace("after: 30m\n    from: start", "after: soon", 1)
    lines = text.splitlines()

    with pytest.raises(BadRunbook) as bad:
        parse(text)

    place = 1 + next(n for n, line in enumerate(lines) if "after: soon" in line)
    assert [fault.split(": ")[0] for fault in bad.value.faults] == [f"line {place}, steps.2.due.after"]
    for odd, words in (
        ("steps: [", "not YAML"),
        ("a: &x 1\nb: *x", "references"),
        ("x" * 300_000, "longer than"),
        ("[" * 5000 + "]" * 5000, "nested"),
        ("", "line 1: a runbook is a table"),
    ):
        with pytest.raises(BadRunbook, match=words):
            parse(odd)


# ---- steps that count from each other -----------------------------------------------------------
def test_a_step_that_counts_from_another_gets_its_time_when_that_one_is_done(
    start: Callable[..., Run], supervisor: User, now: datetime
) -> None:
    run = start("regulator_report")
    told = run.steps.get(code="told")
    assert (told.due_at, told.clocks.count()) == (None, 0)

    later = now + timedelta(days=3)
    complete_step(run.steps.get(code="check"), actor=supervisor, note="checked, file 7", now=later)

    told.refresh_from_db()
    run.refresh_from_db()
    assert moment(run.bases["step:check"]) == later
    assert told.due_at is not None
    assert told.due_at > later
    clock = Clock.objects.get(step=told)
    assert (clock.started_at, clock.due_at) == (later, told.due_at)
    assert run.state == "running"


def test_a_waived_step_lets_the_next_one_start_too(start: Callable[..., Run], supervisor: User, now: datetime) -> None:
    run = start("regulator")

    waive_step(run.steps.get(code="accept"), actor=supervisor, reason="accepted by phone", now=now)

    assert run.steps.get(code="mediation").due_at is not None
    assert run.steps.get(code="told").due_at is None


def test_what_a_restarted_run_leaves_out_counts_as_done_at_its_start(start: Callable[..., Run], now: datetime) -> None:
    run = start("regulator", only={"mediation"})

    step = run.steps.get()
    assert (step.code, step.state) == ("mediation", StepState.OPEN)
    assert step.due_at is not None
