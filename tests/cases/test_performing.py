"""Every transition: from where, by whom, with what on file; one row on the timeline each."""

from datetime import datetime
from typing import Any

import pytest
from django.db import transaction

from accounts.errors import Conflict, Invalid, NotAllowed, Refusal, Stale
from accounts.models import User
from cases import services
from cases.enums import CaseState
from cases.models import Case
from cases.transitions import TRANSITIONS
from tests.factories.accounts import UserFactory
from tests.factories.cases import Walk
from timeline.models import Entry
from timeline.refs import ref

S = CaseState
STATES = [*S.PATH, S.WITHDRAWN, S.NOT_ACCEPTED]
DATA: dict[str, dict[str, Any]] = {
    "classify": {"category": "logistics.delay", "severity": 1, "urgency": 1},
    "reject": {"reason": "too dear"},
    "reopen": {"reason": "it leaks again"},
    "withdraw": {"wish": "Never mind"},
    "refuse": {"reason_code": "not_ours", "told": "By phone"},
}


def rows_of(case: Case, prefix: str = "case.") -> list[Entry]:
    return list(Entry.objects.filter(thread=ref(case), verb__startswith=prefix).order_by("seq"))


def ready_for(walk: Walk, name: str, state: str) -> Case:
    """A case in `state` with everything on file that `name` asks for."""
    case = walk.to(state)
    if name == "investigate":
        case = services.assign_case(case, to=walk.agent, actor=walk.agent, now=walk.now)
    if name == "plan" and state == S.INVESTIGATING:
        walk.find_out(case)
    if name == "submit" and state == S.PLANNING:
        walk.draft(case)
    if name == "close" and state == S.FOLLOWING_UP:
        walk.call_back(walk.carry_out(walk.tell(case)))
    return case


def actor_for(walk: Walk, name: str) -> User:
    return walk.supervisor if name in {"approve", "reject", "refuse"} else walk.agent


WAYS = [(name, state) for name, transition in TRANSITIONS.items() for state in STATES if state in transition.sources]


@pytest.mark.parametrize(("name", "state"), WAYS)
def test_a_transition_goes_from_its_sources_to_its_target(walk: Walk, name: str, state: str) -> None:
    case = ready_for(walk, name, state)
    before = len(rows_of(case))

    after = walk.do(case, name, by=actor_for(walk, name), **DATA.get(name, {}))

    assert after.state == Case.objects.get(pk=case.pk).state == TRANSITIONS[name].target
    assert after.version == case.version + 1
    (row,) = rows_of(case)[before:]
    assert (row.verb, row.from_state, row.to_state) == (TRANSITIONS[name].verb, state, after.state)
    assert row.actor == actor_for(walk, name)


@pytest.mark.parametrize("state", STATES)
def test_a_transition_goes_from_nowhere_else(walk: Walk, state: str) -> None:
    case = walk.to(state)
    others = [name for name, transition in TRANSITIONS.items() if state not in transition.sources]

    answers = {name: refusal(walk, case, name, by=actor_for(walk, name), **DATA.get(name, {})) for name in others}

    assert {name: (type(answer), answer.code) for name, answer in answers.items()} == dict.fromkeys(
        others, (Conflict, "wrong_state")
    )


HANDLERS = {"agent": True, "supervisor": True, "monitor": False, "pr_officer": False, "commander": False}
SUPERVISOR_ONLY = HANDLERS | {"agent": False}
WHO: dict[str, dict[str, bool]] = {
    "classify": HANDLERS,
    "investigate": HANDLERS,
    "plan": HANDLERS | {"other_agent": False},  # the agent is the assignee here
    "submit": HANDLERS | {"supervisor": False},  # the agent is the author here
    "approve": SUPERVISOR_ONLY | {"commander": True, "head-of-east": True, "head-of-east-branch": True},
    "reject": SUPERVISOR_ONLY | {"commander": True, "head-of-east": True},
    "recall": HANDLERS | {"supervisor": False},
    "close": HANDLERS | {"other_agent": False},
    "reopen": HANDLERS | {"other_agent": True},
    "withdraw": HANDLERS | {"other_agent": True},
    "refuse": SUPERVISOR_ONLY,
}


@pytest.mark.parametrize("name", WHO)
def test_who_may_perform_it(walk: Walk, request: pytest.FixtureRequest, name: str) -> None:
    case = ready_for(walk, name, TRANSITIONS[name].sources[0])

    people = {person: person_named(person, request) for person in WHO[name]}

    assert {person: may(walk, case, name, by=user) for person, user in people.items()} == WHO[name]


def person_named(name: str, request: pytest.FixtureRequest) -> User:
    if name == "other_agent":
        unit = request.getfixturevalue("agent").unit
        return UserFactory(username=name, unit=unit, roles=["agent"])
    return User.objects.get(username=name) if name.startswith("head-of") else request.getfixturevalue(name)


def may(walk: Walk, case: Case, name: str, *, by: User) -> bool:
    """Tried, and taken back."""
    with transaction.atomic():
        try:
            after = walk.do(case, name, by=by, **DATA.get(name, {}))
        except NotAllowed:
            assert Case.objects.get(pk=case.pk).state == case.state
            return False
        finally:
            transaction.set_rollback(True)
    assert after.state == TRANSITIONS[name].target
    return True


def refusal(walk: Walk, case: Case, name: str, *, by: User | None = None, **data: Any) -> Refusal:
    with pytest.raises(Refusal) as refused:
        walk.do(case, name, by=by, **data)
    assert Case.objects.get(pk=case.pk).version == case.version
    return refused.value


def test_classify_names_every_missing_field(walk: Walk, case: Case) -> None:
    refused = refusal(walk, case, "classify")

    assert isinstance(refused, Invalid)
    assert (refused.code, sorted(refused.fields)) == ("invalid_data", ["category", "severity", "urgency"])


def test_classify_takes_what_is_on_file_already(walk: Walk, case: Case, now: datetime) -> None:
    case = services.reclassify(case, actor=walk.agent, now=now, category="pricing", severity=1, urgency=1)

    assert walk.do(case, "classify").state == S.CLASSIFIED


def test_classify_refuses_what_it_does_not_know(walk: Walk, case: Case) -> None:
    refused = refusal(walk, case, "classify", category="nonsense", severity=9, urgency="x", colour="red", flags=["y"])

    assert sorted(refused.fields) == ["category", "colour", "flags", "severity", "urgency"]


def test_investigate_asks_for_an_assignee_who_sees_the_case(walk: Walk, outsider: User) -> None:
    case = walk.to(S.CLASSIFIED)

    assert refusal(walk, case, "investigate").fields == {"assignee": ["This is needed."]}
    assert refusal(walk, case, "investigate", assignee=outsider.username).code == "cannot_see"


def test_plan_asks_for_a_verified_finding(walk: Walk, now: datetime) -> None:
    case = walk.to(S.INVESTIGATING)
    services.add_finding(case, "Only heard", actor=walk.agent, now=now)

    assert refusal(walk, case, "plan").code == "verified_finding"


def test_only_a_supervisor_waives_the_finding_and_only_with_a_reason(walk: Walk) -> None:
    case = walk.to(S.INVESTIGATING)

    assert refusal(walk, case, "plan", waiver_reason="obvious").code == "waiver_by_supervisor"
    assert refusal(walk, case, "plan", by=walk.supervisor).code == "verified_finding"
    after = walk.do(case, "plan", by=walk.supervisor, waiver_reason="obvious")

    assert after.state == S.PLANNING
    row = rows_of(case)[-1]
    assert (row.reason, row.details["waived"]) == ("obvious", ["verified_finding"])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"stance": ""}, "plan_stance"),
        ({"measures": []}, "plan_measure"),
        ({"promise": ""}, "plan_promise"),
        ({"promised_at": None}, "plan_promised_at"),
    ],
)
def test_submit_asks_for_a_complete_version(walk: Walk, changes: dict[str, Any], code: str) -> None:
    case = walk.draft(walk.to(S.PLANNING), **changes)

    assert refusal(walk, case, "submit").code == code


def test_submit_asks_for_a_draft(walk: Walk) -> None:
    assert refusal(walk, walk.to(S.PLANNING), "submit").code == "no_draft"


@pytest.mark.parametrize("name", ["reject", "reopen"])
def test_a_reason_is_needed(walk: Walk, name: str) -> None:
    case = walk.to(TRANSITIONS[name].sources[0])

    assert refusal(walk, case, name, by=actor_for(walk, name), reason="  ").fields == {"reason": ["This is needed."]}


def test_nobody_approves_a_plan_they_ever_wrote_in(walk: Walk, now: datetime) -> None:
    case = walk.to(S.PLANNING)
    services.draft_plan(case, actor=walk.supervisor, now=now, stance="firm")
    walk.draft(case)
    case = walk.do(case, "submit")

    assert refusal(walk, case, "approve", by=walk.supervisor).code == "own_plan"


def test_nobody_recused_decides(walk: Walk, commander: User, now: datetime) -> None:
    case = walk.to(S.AWAITING_APPROVAL)
    services.name_person(case, user=walk.supervisor, actor=commander, now=now, recused=True, reason="a relative")

    assert refusal(walk, case, "approve", by=walk.supervisor).code == "recused"
    assert refusal(walk, case, "reject", by=walk.supervisor, reason="no").code == "recused"


@pytest.mark.parametrize(
    ("amount", "grade", "flags", "may"),
    [
        (5000, 4, [], {"supervisor", "head-of-east", "head-of-group", "commander"}),
        (5001, 4, [], {"head-of-east", "head-of-group", "commander"}),
        (100, 2, [], {"head-of-east", "head-of-group", "commander"}),
        (50001, 4, [], {"head-of-group", "commander"}),
        (100, 1, [], {"head-of-group", "commander"}),
        (100, 4, ["media"], {"head-of-group", "commander"}),
    ],
)
def test_limits_decide_who_approves(
    walk: Walk, commander: User, amount: int, grade: int, flags: list[str], may: set[str]
) -> None:
    case = walk.open(grade=grade, flags=flags)
    case = walk.do(walk.draft(walk.to(S.PLANNING, case), cost=amount), "submit")

    people = {name: User.objects.get(username=name) for name in ("head-of-east", "head-of-group", "head-of-south")}
    people |= {"supervisor": walk.supervisor, "commander": commander}
    allowed = {
        name
        for name, user in people.items()
        if Case.objects.visible_to(user).filter(pk=case.pk).exists()
        and any(info.name == "approve" and info.is_possible for info in services.allowed_transitions(case, user))
    }
    assert allowed == may


def test_close_names_everything_that_is_missing(walk: Walk) -> None:
    refused = refusal(walk, walk.to(S.FOLLOWING_UP), "close")

    assert list(refused.fields) == ["outcome_told", "measures_evidenced", "callback_done"]
    assert refused.code == "outcome_told"


@pytest.mark.parametrize("left_out", ["outcome_told", "measures_evidenced", "callback_done"])
def test_close_asks_for_each_of_its_facts(walk: Walk, left_out: str) -> None:
    case = walk.to(S.FOLLOWING_UP)
    for name, step in [
        ("outcome_told", walk.tell),
        ("measures_evidenced", walk.carry_out),
        ("callback_done", walk.call_back),
    ]:
        if name != left_out:
            step(case)

    assert refusal(walk, case, "close").code == left_out
    assert refusal(walk, case, "close", waive=[left_out], waiver_reason="moved away").code == "waiver_by_supervisor"
    assert refusal(walk, case, "close", by=walk.supervisor, waive=[left_out]).code == "waiver_reason"
    closed = walk.do(case, "close", by=walk.supervisor, waive=[left_out], waiver_reason="moved away")

    assert (closed.state, closed.closed_at) == (S.CLOSED, walk.now)
    assert rows_of(case)[-1].details["waived"] == [left_out]


def test_a_reopened_case_proves_its_end_anew(walk: Walk) -> None:
    case = walk.do(walk.to(S.CLOSED), "reopen", reason="it leaks again")
    case = walk.approve(walk.submit(walk.do(case, "plan")))

    assert list(refusal(walk, case, "close").fields) == ["outcome_told", "measures_evidenced", "callback_done"]


def test_withdraw_asks_for_the_wish_unless_it_is_on_file(walk: Walk, case: Case) -> None:
    assert refusal(walk, case, "withdraw").code == "wish"
    walk.tell(case, "withdrawal")

    assert walk.do(case, "withdraw").state == S.WITHDRAWN


def test_refuse_asks_for_a_ground_and_that_the_complainant_was_told(walk: Walk, case: Case) -> None:
    assert refusal(walk, case, "refuse", by=walk.supervisor, told="yes").fields == {"reason_code": ["This is needed."]}
    assert refusal(walk, case, "refuse", by=walk.supervisor, reason_code="not_ours").code == "told"
    walk.tell(case, "refusal")

    after = walk.do(case, "refuse", by=walk.supervisor, reason_code="not_ours", reason="another shop")
    assert (after.state, after.refusal_reason) == (S.NOT_ACCEPTED, "not_ours")


def test_a_late_save_is_answered_with_what_stands_there_now(walk: Walk, case: Case) -> None:
    walk.classify(case)

    with pytest.raises(Stale) as refused:
        walk.do(case, "investigate", version=case.version, assignee=walk.agent)
    assert refused.value.current["state"] == "classified"
    assert refused.value.current["version"] == case.version + 1


def test_an_unknown_transition_is_refused(walk: Walk, case: Case) -> None:
    assert refusal(walk, case, "delete").code == "unknown_transition"


def test_personal_words_in_a_reason_are_masked_on_the_record(walk: Walk) -> None:
    case = walk.do(walk.to(S.CLOSED), "reopen", reason="call 13812342046 again")

    assert rows_of(case)[-1].reason == "call 138****2046 again"


def test_allowed_transitions_say_what_is_missing(walk: Walk) -> None:
    case = walk.to(S.FOLLOWING_UP)

    infos = {info.name: info for info in services.allowed_transitions(case, walk.agent)}

    assert list(infos) == ["close", "withdraw"]
    assert [reason.code for reason in infos["close"].missing] == ["outcome_told", "measures_evidenced", "callback_done"]
    assert (infos["close"].is_possible, infos["close"].can_waive, infos["withdraw"].is_possible) == (False, True, True)
    assert infos["withdraw"].needed == ["wish"]
