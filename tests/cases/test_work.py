"""Plans, findings, contacts, handling: what each does to the case, and the one row each leaves."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.enums import Function
from accounts.errors import Conflict, Invalid, NotAllowed, Refusal, Stale
from accounts.models import AccessLog, User
from cases import services
from cases.enums import CaseState
from cases.models import Case, Complainant, Measure, Named, Plan
from cases.services import ComplainantData, MeasureData
from escalation.models import Clock
from tests.conftest import Organisation
from tests.factories.accounts import UserFactory
from tests.factories.cases import CUSTOMER, Walk
from timeline.models import Entry
from timeline.refs import ref

S = CaseState
Change = Callable[[Walk, Case], Any]


def verbs_of(case: Case) -> list[str]:
    rows = Entry.objects.filter(thread=ref(case), verb__startswith="case.")
    return list(rows.order_by("seq").values_list("verb", flat=True))


def everything_said(case: Case) -> str:
    return str([(row.reason, row.details) for row in Entry.objects.filter(thread=ref(case))])


ONE_ROW: dict[str, tuple[str, Change]] = {
    "case.noted": (S.RECEIVED, lambda w, c: services.add_note(c, "call 13812342046", actor=w.agent, now=w.now)),
    "case.finding_added": (S.RECEIVED, lambda w, c: services.add_finding(c, "leak", actor=w.agent, now=w.now)),
    "case.contacted": (S.RECEIVED, lambda w, c: w.tell(c, "first_contact")),
    "case.outcome_told": (S.FOLLOWING_UP, lambda w, c: w.tell(c)),
    "case.measure_done": (S.FOLLOWING_UP, lambda w, c: w.carry_out(c)),
    "case.callback_done": (S.FOLLOWING_UP, lambda w, c: w.call_back(c)),
    "case.callback_scheduled": (
        S.FOLLOWING_UP,
        lambda w, c: services.schedule_callback(c, w.now + timedelta(days=1), actor=w.agent, now=w.now),
    ),
    "case.suggestion_added": (
        S.CLOSED,
        lambda w, c: services.add_suggestion(c, "train fitters", actor=w.agent, now=w.now),
    ),
    "case.plan_drafted": (S.PLANNING, lambda w, c: w.draft(c)),
    "case.measure_added": (
        S.PLANNING,
        lambda w, c: services.add_measure(c, MeasureData(kind="apology", what="by letter"), actor=w.agent, now=w.now),
    ),
    "case.facts_changed": (S.RECEIVED, lambda w, c: services.edit_facts(c, actor=w.agent, now=w.now, place="3F")),
    "case.reclassified": (S.CLASSIFIED, lambda w, c: services.reclassify(c, actor=w.agent, now=w.now, severity=3)),
    "case.assigned": (S.RECEIVED, lambda w, c: services.assign_case(c, to=w.agent, actor=w.supervisor, now=w.now)),
    "case.confidentiality_changed": (
        S.RECEIVED,
        lambda w, c: services.change_confidentiality(
            c, to="confidential", actor=w.supervisor, now=w.now, reason="leak"
        ),
    ),
    "case.person_named": (
        S.RECEIVED,
        lambda w, c: services.name_person(c, user=w.agent, actor=w.supervisor, now=w.now),
    ),
    "case.flagged": (S.RECEIVED, lambda w, c: services.add_flags(c, ["media"], actor=None, now=w.now)),
    "case.file_attached": (
        S.RECEIVED,
        lambda w, c: services.attach_file(c, services.NewFile("a.txt", b"words"), actor=w.agent, now=w.now),
    ),
    "case.complainant_changed": (
        S.RECEIVED,
        lambda w, c: services.change_complainant(c, ComplainantData(email="new@example.com"), actor=w.agent, now=w.now),
    ),
    "case.personal_data_seen": (
        S.RECEIVED,
        lambda w, c: services.reveal_personal(c, "phone", actor=w.agent, reason="call back", ip=None, now=w.now),
    ),
}


@pytest.mark.parametrize("verb", ONE_ROW)
def test_every_change_leaves_exactly_one_row_without_personal_data(walk: Walk, verb: str) -> None:
    state, change = ONE_ROW[verb]
    case = walk.to(state)
    before = verbs_of(case)

    change(walk, case)

    assert verbs_of(case) == [*before, verb]
    said = everything_said(case)
    assert not any(word in said for word in ("周建国", "2046", "zhou@", "金桥路", "new@"))


# ---- plans ----------------------------------------------------------------------------------------


def test_a_rejected_plan_is_copied_into_the_next_draft_and_stays(walk: Walk) -> None:
    case = walk.do(walk.to(S.AWAITING_APPROVAL), "reject", by=walk.supervisor, reason="too dear")

    draft = services.draft_plan(case, actor=walk.agent, now=walk.now, cost=Decimal(2000))

    assert (draft.number, draft.stance, draft.promise) == (2, "partly", "A new floor")
    assert [row.amount for row in draft.measures.all()] == [Decimal(3860)]
    assert services.plan_changes(draft) == {"cost": [None, "2000.00"]}
    first = Plan.objects.get(case=case, number=1)
    assert (first.state, first.reason, first.decided_by) == ("rejected", "too dear", walk.supervisor)


def test_a_submitted_plan_cannot_be_edited(walk: Walk) -> None:
    case = walk.to(S.AWAITING_APPROVAL)

    with pytest.raises(Conflict):
        walk.draft(case)
    with pytest.raises(Conflict) as refused:
        services.remove_measure(case, Measure.objects.get(), actor=walk.agent, now=walk.now)
    assert refused.value.code == "not_draft"


def test_a_late_save_of_the_draft_shows_what_stands_there(walk: Walk) -> None:
    case = walk.draft(walk.to(S.PLANNING))
    services.draft_plan(case, actor=walk.supervisor, now=walk.now, promise="A better floor", revision=1)

    with pytest.raises(Stale) as refused:
        services.draft_plan(case, actor=walk.agent, now=walk.now, promise="Nothing", revision=1)
    assert refused.value.current["promise"] == "A better floor"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"stance": "sorry"}, "stance"),
        ({"cost": Decimal(-1)}, "cost"),
        ({"measures": [MeasureData(kind="refund")]}, "measures.0.amount"),
        ({"measures": [MeasureData(kind="refund", amount=Decimal(0))]}, "measures.0.amount"),
        ({"measures": [MeasureData(kind="apology")]}, "measures.0.what"),
        ({"measures": [MeasureData(kind="bribe", what="x")]}, "measures.0.kind"),
    ],
)
def test_a_plan_that_makes_no_sense_is_named(walk: Walk, given: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        services.draft_plan(walk.to(S.PLANNING), actor=walk.agent, now=walk.now, **given)
    assert list(refused.value.fields) == [field]


def test_a_promise_lies_in_the_future(walk: Walk) -> None:
    with pytest.raises(Invalid) as refused:
        services.draft_plan(walk.to(S.PLANNING), actor=walk.agent, now=walk.now, promised_at=walk.now)
    assert list(refused.value.fields) == ["promised_at"]


def test_a_measure_is_done_once_and_only_with_evidence(walk: Walk) -> None:
    case = walk.to(S.FOLLOWING_UP)
    measure = Measure.objects.get()

    with pytest.raises(Invalid):
        services.complete_measure(case, measure, evidence=" ", actor=walk.agent, now=walk.now)
    services.complete_measure(case, measure, evidence="receipt", actor=walk.agent, now=walk.now)
    with pytest.raises(Conflict) as refused:
        services.complete_measure(case, measure, evidence="receipt", actor=walk.agent, now=walk.now)
    assert refused.value.code == "done"


# ---- the file -------------------------------------------------------------------------------------


def test_a_finding_without_evidence_or_source_is_not_verified(walk: Walk, case: Case) -> None:
    finding = services.add_finding(case, "Only heard", actor=walk.agent, now=walk.now)

    with pytest.raises(Conflict) as refused:
        services.verify_finding(case, finding, actor=walk.agent, now=walk.now)
    assert refused.value.code == "no_evidence"


def test_the_verifier_is_on_file(walk: Walk, case: Case, liaison: User) -> None:
    finding = services.add_finding(case, "Loose joint", actor=liaison, now=walk.now, evidence="photo")
    with pytest.raises(NotAllowed):
        services.verify_finding(case, finding, actor=liaison, now=walk.now)

    verified = services.verify_finding(case, finding, actor=walk.agent, now=walk.now)

    assert (verified.added_by, verified.verified_by, verified.verified_at) == (liaison, walk.agent, walk.now)


def test_there_is_no_outcome_before_the_approval(walk: Walk, case: Case) -> None:
    with pytest.raises(Conflict) as refused:
        walk.tell(case)
    assert refused.value.code == "no_outcome"


@pytest.mark.parametrize("satisfaction", [0, 6, -1])
def test_satisfaction_goes_from_one_to_five(walk: Walk, satisfaction: int) -> None:
    with pytest.raises(Invalid):
        services.record_callback(walk.to(S.FOLLOWING_UP), satisfaction=satisfaction, actor=walk.agent, now=walk.now)


def test_a_scheduled_call_back_is_moved_and_then_made(walk: Walk) -> None:
    case = walk.to(S.FOLLOWING_UP)
    for days in (1, 2):
        services.schedule_callback(case, walk.now + timedelta(days=days), actor=walk.agent, now=walk.now)
    walk.call_back(case)

    (callback,) = case.callbacks.all()
    assert (callback.scheduled_at, callback.done_at, callback.satisfaction) == (
        walk.now + timedelta(days=2),
        walk.now,
        4,
    )


# ---- handling -------------------------------------------------------------------------------------


def test_a_case_is_only_assigned_to_somebody_who_sees_it(walk: Walk, case: Case, outsider: User) -> None:
    with pytest.raises(Invalid) as refused:
        services.assign_case(case, to=outsider, actor=walk.agent, now=walk.now)
    assert refused.value.code == "cannot_see"


def test_handing_over_releases_an_assignee_who_no_longer_sees_it(walk: Walk, org: Organisation) -> None:
    case = services.assign_case(walk.open(), to=walk.agent, actor=walk.agent, now=walk.now)

    after = services.hand_over(case, to=org.other_branch, actor=walk.agent, now=walk.now, reason="their shop")

    assert (after.unit, after.assignee) == (org.other_branch, None)
    row = Entry.objects.filter(thread=ref(case), verb="case.handed_over").get()
    assert row.details == {
        "from": org.branch.pk,
        "to": org.other_branch.pk,
        "from_name": org.branch.name,
        "to_name": org.other_branch.name,
        "released": walk.agent.pk,
    }
    assert not Case.objects.visible_to(walk.agent).exists()


def test_handing_over_takes_the_clocks_along_and_leaves_one_row(walk: Walk, org: Organisation) -> None:
    case = services.assign_case(walk.open(), to=walk.agent, actor=walk.agent, now=walk.now)
    before = Entry.objects.filter(thread=ref(case)).count()

    services.hand_over(case, to=org.other_branch, actor=walk.agent, now=walk.now, reason="their shop")

    service = org.department(org.other_branch, Function.CUSTOMER_SERVICE)
    clocks = Clock.objects.filter(thread=ref(case)).values_list("unit", "lead_unit", "owner")
    assert set(clocks) == {(org.other_branch.pk, service.pk, None)}
    assert Entry.objects.filter(thread=ref(case)).count() == before + 1


def test_a_corrected_title_is_on_the_clocks_too(walk: Walk) -> None:
    case = walk.open(title="Leak")

    services.edit_facts(case, actor=walk.agent, now=walk.now, title="Flood, call 13812342046")

    assert set(Clock.objects.values_list("label", flat=True)) == {f"{case.number} Flood, call 138****2046"}


REASONED: dict[str, Callable[..., Any]] = {
    "hand over": lambda case, org, **who: services.hand_over(case, to=org.other_branch, **who),
    "confidentiality": lambda case, _org, **who: services.change_confidentiality(case, to="secret", **who),
    "grade": lambda case, _org, **who: services.reclassify(case, grade=1, **who),
    "recuse": lambda case, _org, **who: services.name_person(case, user=case.created_by, recused=True, **who),
}


@pytest.mark.parametrize("change", REASONED)
def test_these_changes_need_a_reason(walk: Walk, org: Organisation, case: Case, change: str) -> None:
    with pytest.raises(Invalid) as refused:
        REASONED[change](case, org, actor=walk.supervisor, now=walk.now, reason=" ")
    assert refused.value.code == "reason_needed"


def test_a_case_made_secret_keeps_its_assignee(walk: Walk, commander: User) -> None:
    case = services.assign_case(walk.open(), to=walk.agent, actor=walk.agent, now=walk.now)

    services.change_confidentiality(case, to="secret", actor=commander, now=walk.now, reason="leak")

    assert Case.objects.visible_to(walk.agent).filter(pk=case.pk).exists()
    assert not Case.objects.visible_to(walk.supervisor).filter(pk=case.pk).exists()


def test_an_agent_closes_a_case_further_but_does_not_open_it(walk: Walk) -> None:
    case = services.assign_case(walk.open(), to=walk.agent, actor=walk.agent, now=walk.now)
    case = services.change_confidentiality(case, to="confidential", actor=walk.agent, now=walk.now, reason="leak")

    with pytest.raises(NotAllowed):
        services.change_confidentiality(case, to="internal", actor=walk.agent, now=walk.now, reason="over")


def test_a_confidential_case_is_not_shared_with_units(walk: Walk, org: Organisation) -> None:
    case = walk.open(confidentiality="confidential")

    with pytest.raises(Conflict) as refused:
        services.share_with_unit(case, unit=org.other_branch, actor=walk.supervisor, now=walk.now)
    assert refused.value.code == "confidential"


def test_nobody_lets_themselves_in(walk: Walk, case: Case) -> None:
    with pytest.raises(NotAllowed) as refused:
        services.name_person(case, user=walk.supervisor, actor=walk.supervisor, now=walk.now)
    assert (refused.value.code, Named.objects.exists()) == ("oneself", False)


def test_a_finished_case_is_not_edited(walk: Walk) -> None:
    with pytest.raises(Conflict) as refused:
        services.edit_facts(walk.to(S.WITHDRAWN), actor=walk.agent, now=walk.now, place="x")
    assert refused.value.code == "not_open"


# ---- intake and people ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"title": " "}, "title"),
        ({"kind": "praise"}, "kind"),
        ({"title": "x" * 201}, "title"),
        ({"occurred_at": datetime.fromisoformat("2026-11-21T12:00:00+08:00")}, "occurred_at"),
        ({"flags": ["nice"]}, "flags"),
        ({"source_url": "javascript:alert(1)"}, "source_url"),
        ({"complainant": ComplainantData(name="x" * 400)}, "complainant.name"),
    ],
)
def test_intake_names_what_makes_no_sense(walk: Walk, facts: dict[str, Any], field: str) -> None:
    with pytest.raises(Refusal) as refused:
        walk.open(**facts)
    assert list(refused.value.fields) == [field]


def test_a_returning_complainant_is_one_row_while_nothing_differs(walk: Walk, outsider: User) -> None:
    first = walk.open()
    again = walk.open(complainant=ComplainantData(phone="+86 138-1234-2046"))
    differs = walk.open(complainant=ComplainantData(phone=CUSTOMER.phone, name="李四"))
    elsewhere = walk.open(actor=outsider)

    assert again.complainant == first.complainant
    assert again.customer_type == "impatient"
    assert len({case.complainant_id for case in (first, differs, elsewhere)}) == 3
    assert len(set(Complainant.objects.values_list("phone_index", flat=True))) == 1


def test_changing_a_complainant_leaves_other_cases_alone(walk: Walk) -> None:
    first, second = walk.open(), walk.open()

    changed = services.change_complainant(second, ComplainantData(address="北京市"), actor=walk.agent, now=walk.now)

    assert changed.complainant is not None
    assert (changed.complainant.address, changed.complainant.name) == ("北京市", "周建国")
    assert Case.objects.get(pk=first.pk).complainant == first.complainant != changed.complainant


def test_the_database_holds_no_clear_personal_data(walk: Walk, case: Case, django_assert_num_queries: Any) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(c)::text FROM cases_complainant c")
        stored = str(cursor.fetchall())
    assert not any(word in stored for word in ("周建国", "2046", "zhou@", "金桥路"))


def test_a_look_at_personal_data_needs_a_reason_and_is_logged(walk: Walk, case: Case) -> None:
    with pytest.raises(Invalid):
        services.reveal_personal(case, "phone", actor=walk.agent, reason="", ip=None, now=walk.now)

    value = services.reveal_personal(case, "phone", actor=walk.agent, reason="call back", ip="10.0.0.1", now=walk.now)

    assert value == "138 1234 2046"
    log = AccessLog.objects.get(action="view_personal")
    assert (log.user, log.field, log.reason) == (walk.agent, "phone", "call back")
    assert Entry.objects.filter(thread=ref(case), verb="case.personal_data_seen").get().details == {"field": "phone"}


def test_a_stranger_gets_no_further_than_the_door(walk: Walk, case: Case, outsider: User) -> None:
    from django.http import Http404

    for attempt in (
        lambda: services.add_note(case, "x", actor=outsider, now=walk.now),
        lambda: services.perform(case, "withdraw", actor=outsider, now=walk.now, wish="x"),
        lambda: services.reveal_personal(case, "phone", actor=outsider, reason="x", ip=None, now=walk.now),
    ):
        with pytest.raises(Http404):
            attempt()


def test_the_system_opens_cases_too(walk: Walk, org: Organisation) -> None:
    case = walk.open(actor=None, unit=org.branch, kind="opinion", origin="alert:7")

    assert (case.number, case.created_by, case.origin) == ("YQ-20261121-0001", None, "alert:7")


def test_a_case_opened_for_a_unit_below_is_that_units(walk: Walk, org: Organisation) -> None:
    group_agent = UserFactory(unit=org.group, roles=["agent"])

    assert walk.open(actor=group_agent, unit=org.branch).unit == org.branch
