"""Lists, search, pages, duplicates, what waits for whom; and the figures behind grades."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from cases import services
from cases.categories import load_categories
from cases.enums import CaseState
from cases.folding import bigrams
from cases.impact import suggest_grade
from cases.models import Case, Category
from cases.queries import (
    CaseFilters,
    approvals_waiting_for,
    cases_of,
    cases_of_person,
    complainants_by_phone,
    duplicates_of,
    duplicates_of_case,
    find_cases,
)
from tests.conftest import Organisation
from tests.factories.cases import CaseFactory, ComplainantFactory, Walk

S = CaseState


def found(user: User, **filters: Any) -> list[str]:
    return sorted(find_cases(user, CaseFilters(**filters)).values_list("title", flat=True))


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("漏水", ["热水器漏水", "熱水器漏水了"]),
        ("热水器", ["热水器漏水", "熱水器漏水了"]),
        ("水器漏", ["热水器漏水", "熱水器漏水了"]),
        ("器水", []),
        ("漏", ["热水器漏水", "熱水器漏水了"]),
        ("漏水 门店", ["热水器漏水"]),
        ("JQ-2611", ["热水器漏水"]),
        ("jq-2611", ["热水器漏水"]),
        ("ＪＱ－２６１１", ["热水器漏水"]),
        ("13800000001", ["噪音"]),
        ("138 0000 0001", ["噪音"]),
        ("100%", ["100% wool"]),
        ("%", ["100% wool"]),
        ("x" * 500, []),
    ],
)
def test_search_reads_two_characters_and_any_writing(
    org: Organisation, agent: User, text: str, titles: list[str]
) -> None:
    CaseFactory(unit=org.branch, title="热水器漏水", description="门店拖延", order_number="JQ-2611-08817")
    CaseFactory(unit=org.branch, title="熱水器漏水了")
    CaseFactory(unit=org.branch, title="噪音", complainant=ComplainantFactory(phone="13800000001"))
    CaseFactory(unit=org.branch, title="100% wool")
    CaseFactory(unit=org.other_branch, title="漏水 at the other branch")

    assert found(agent, text=text) == titles


def test_the_database_cuts_pairs_as_python_does(db: None) -> None:
    text = "热水器 漏水x"
    with connection.cursor() as cursor:
        cursor.execute("SELECT cases_bigrams(%s), cases_bigrams('')", [text])
        row = cursor.fetchone()

    assert row is not None
    assert (set(row[0]), row[1]) == (bigrams(text), [])


def test_filters_narrow_the_list(org: Organisation, agent: User, supervisor: User, now: datetime) -> None:
    load_categories()
    delay = Category.objects.get(code="logistics.delay")
    CaseFactory(unit=org.branch, title="a", grade=2, category=delay, assignee=agent, channel="weibo")
    CaseFactory(unit=org.branch, title="b", kind="opinion", state=S.CLOSED)

    assert found(agent, state="open") == ["a"]
    assert found(agent, state="finished") == ["b"]
    assert found(agent, state="closed") == ["b"]
    assert found(agent, grade=2) == ["a"]
    assert found(agent, category="logistics") == ["a"]
    assert found(agent, category="pricing") == []
    assert found(agent, kind="opinion") == ["b"]
    assert found(agent, channel="weibo") == ["a"]
    assert found(agent, assignee=agent.pk) == ["a"]
    assert found(agent, unassigned=True) == ["b"]
    assert found(agent, unit=org.region.pk) == ["a", "b"]
    assert found(agent, unit=org.other_region.pk) == []


@pytest.mark.parametrize("count", [1, 3])
def test_a_list_page_costs_the_same(org: Organisation, agent: User, count: int, django_assert_num_queries: Any) -> None:
    CaseFactory.create_batch(count, unit=org.branch, assignee=agent)
    agent = User.objects.select_related("unit__parent").get(pk=agent.pk)

    with django_assert_num_queries(3):
        rows = list(find_cases(agent, CaseFilters(state="open"))[:25])
        assert {(str(row.unit), str(row.assignee)) for row in rows} == {("east branch", "Agent")}


@pytest.mark.parametrize("count", [1, 3])
def test_what_waits_for_approval_costs_the_same(
    walk: Walk, supervisor: User, count: int, django_assert_num_queries: Any
) -> None:
    for _turn in range(count):
        walk.to(S.AWAITING_APPROVAL)
    supervisor = User.objects.select_related("unit__parent").get(pk=supervisor.pk)

    with django_assert_num_queries(5):
        assert len(approvals_waiting_for(supervisor)) == count


def test_approvals_wait_for_those_who_may_give_them(walk: Walk, commander: User, now: datetime) -> None:
    small = walk.to(S.AWAITING_APPROVAL)
    large = walk.do(walk.draft(walk.to(S.PLANNING), cost=60_000), "submit")
    recused = walk.to(S.AWAITING_APPROVAL)
    services.name_person(recused, user=walk.supervisor, actor=commander, now=now, recused=True, reason="a relative")

    def waiting(user: User) -> list[str]:
        return [plan.case.number for plan in approvals_waiting_for(user)]

    assert waiting(walk.supervisor) == [small.number]
    assert waiting(commander) == [small.number, large.number, recused.number]
    assert waiting(walk.agent) == []


def test_duplicates_say_why(walk: Walk, outsider: User) -> None:
    first = walk.open()
    walk.open(title="空调噪音很大影响休息", complainant=None, order_number="")

    hints = duplicates_of(walk.agent, phone="138-1234-2046", order_number="JQ-2611-08817", title="热水器漏水泡坏地板")
    (alike,) = duplicates_of(walk.agent, title="热水器安装后漏水，地板泡坏")

    assert [(hint.case, hint.reasons[:2]) for hint in hints] == [(first, ["Same phone", "Same order"])]
    assert (alike.case, len(alike.reasons)) == (first, 1)
    assert alike.reasons[0].startswith("Title alike")
    assert duplicates_of(outsider, phone="13812342046") == []
    assert duplicates_of(walk.agent, title="x") == []


def test_a_case_is_not_its_own_duplicate(walk: Walk) -> None:
    first, second = walk.open(), walk.open()

    assert [hint.case for hint in duplicates_of_case(walk.agent, second)] == [first]


def test_a_person_is_found_again_by_phone_where_one_may_see_them(walk: Walk, outsider: User) -> None:
    case = walk.open()

    (person,) = complainants_by_phone(walk.agent, "+86 138 1234 2046")
    assert person == case.complainant
    assert list(cases_of_person(walk.agent, person)) == [case]
    assert (complainants_by_phone(outsider, "13812342046"), complainants_by_phone(walk.agent, "")) == ([], [])


def test_what_is_mine_is_open_and_worst_first(org: Organisation, agent: User) -> None:
    CaseFactory(unit=org.branch, title="ordinary", assignee=agent)
    CaseFactory(unit=org.branch, title="worst", assignee=agent, grade=1)
    CaseFactory(unit=org.branch, title="over", assignee=agent, state=S.CLOSED)

    assert [case.title for case in cases_of(agent)] == ["worst", "ordinary"]


@pytest.mark.parametrize(
    ("facts", "grade", "reasons"),
    [
        ({}, 4, 1),
        ({"damage": 3, "resonance": 3, "eye_catching": 2}, 1, 1),
        ({"damage": 2, "resonance": 2, "eye_catching": 2}, 2, 1),
        ({"damage": 2, "resonance": 2, "eye_catching": 1}, 3, 1),
        ({"severity": 3}, 2, 1),
        ({"channel": "weibo", "flags": ["warned_media"]}, 3, 2),
        ({"flags": ["media"], "concerns": ["personal_safety"]}, 2, 2),
    ],
)
def test_a_grade_is_suggested_with_its_reasons(
    org: Organisation, facts: dict[str, Any], grade: int, reasons: int
) -> None:
    suggestion = suggest_grade(CaseFactory.build(unit=org.branch, **facts))

    assert (suggestion.grade, len(suggestion.reasons)) == (grade, reasons)


def test_the_category_tree_loads_as_often_as_one_likes(db: None) -> None:
    assert load_categories() == load_categories() == Category.objects.count()
    assert Category.objects.filter(parent=None).count() == 9
    installation = Category.objects.get(code="product_quality.installation")
    assert (installation.label("zh-hans"), installation.full_label) == ("安装", "Product quality › Installation")


def test_impact_is_known_once_all_three_are_judged(org: Organisation) -> None:
    assert Case(damage=3, resonance=3, eye_catching=2).impact == 18
    assert Case(damage=3, resonance=3).impact is None


def test_an_old_case_is_no_duplicate(org: Organisation, agent: User) -> None:
    old = CaseFactory(unit=org.branch, title="热水器安装后漏水")
    new = CaseFactory(unit=org.branch, title="热水器安装后漏水", received_at=old.received_at + timedelta(days=90))

    assert [hint.case for hint in duplicates_of(agent, title="热水器安装后漏水")] == [new]
