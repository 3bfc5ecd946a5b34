"""Who sees a case: every role, every level, every relation of units, against the table written out."""

from datetime import datetime

import pytest

from accounts.enums import Function, Role
from accounts.models import User
from cases.enums import Confidentiality
from cases.models import Case, Named, Share
from escalation.models import Clock
from tests.conftest import Organisation
from tests.factories.accounts import UserFactory
from tests.factories.cases import CaseFactory, Walk
from tests.factories.escalation import make_clock

PLACES = ("own department", "own unit", "above", "top", "beside", "below")
ALL = set(PLACES)
UNIT_WIDE = {"own department", "own unit", "above", "top"}
BY_ROLE: dict[str, dict[str, set[str]]] = {
    Role.AGENT: {"public": UNIT_WIDE, "internal": UNIT_WIDE, "confidential": set(), "secret": set()},
    Role.MONITOR: {"public": UNIT_WIDE, "internal": UNIT_WIDE, "confidential": set(), "secret": set()},
    Role.LIAISON: {"public": UNIT_WIDE, "internal": UNIT_WIDE, "confidential": set(), "secret": set()},
    Role.SUPERVISOR: {"public": UNIT_WIDE, "internal": UNIT_WIDE, "confidential": UNIT_WIDE, "secret": set()},
    Role.PR: {"public": UNIT_WIDE, "internal": UNIT_WIDE, "confidential": ALL, "secret": set()},
    Role.LEGAL: {"public": ALL, "internal": ALL, "confidential": ALL, "secret": ALL},
    Role.COMMANDER: {"public": ALL, "internal": ALL, "confidential": ALL, "secret": ALL},
    Role.ADMIN: {"public": ALL, "internal": ALL, "confidential": set(), "secret": set()},
}


def person_at(org: Organisation, place: str, role: str) -> User:
    """Seen from a case of the region."""
    unit = {
        "own department": org.department(org.region, Function.PR),
        "own unit": org.region,
        "above": org.department(org.group, Function.OPERATIONS),
        "top": org.group,
        "beside": org.other_region,
        "below": org.branch,
    }[place]
    return UserFactory(unit=unit, roles=[role])


def sees(user: User, case: Case) -> bool:
    return Case.objects.visible_to(User.objects.get(pk=user.pk)).filter(pk=case.pk).exists()


@pytest.mark.parametrize("role", BY_ROLE)
def test_the_table_by_role_level_and_unit(org: Organisation, role: str) -> None:
    people = {place: person_at(org, place, role) for place in PLACES}
    for level in Confidentiality.values:
        case = CaseFactory(unit=org.region, confidentiality=level)

        assert {place for place, user in people.items() if sees(user, case)} == BY_ROLE[role][level], level


@pytest.mark.parametrize(
    ("level", "assignee", "named", "recused", "head", "head_above"),
    [
        ("public", False, False, False, True, True),
        ("internal", False, False, False, True, True),
        ("confidential", True, True, False, True, True),
        ("secret", False, True, False, False, False),
    ],
)
def test_the_table_by_person(
    org: Organisation,
    outsider: User,
    now: datetime,
    level: str,
    assignee: bool,
    named: bool,
    recused: bool,
    head: bool,
    head_above: bool,
) -> None:
    def case() -> Case:
        return CaseFactory(unit=org.branch, confidentiality=level)

    its, name, kept_out = case(), case(), case()
    Case.objects.filter(pk=its.pk).update(assignee=outsider)
    Named.objects.create(case=name, user=outsider, created_at=now)
    Named.objects.create(case=kept_out, user=outsider, is_recused=True, created_at=now)
    heads = {user.username: user for user in User.objects.filter(username__startswith="head-of")}

    assert [sees(outsider, each) for each in (its, name, kept_out)] == [assignee, named, recused]
    assert sees(heads["head-of-east-branch"], case()) is head
    assert sees(heads["head-of-east"], case()) is head_above
    assert sees(heads["head-of-south"], case()) is False


@pytest.mark.parametrize(
    ("level", "seen"), [("public", True), ("internal", True), ("confidential", False), ("secret", False)]
)
def test_sharing_lets_the_other_unit_in_where_the_level_allows(
    org: Organisation, outsider: User, now: datetime, level: str, seen: bool
) -> None:
    case = CaseFactory(unit=org.branch, confidentiality=level)
    Share.objects.create(case=case, unit=org.other_branch, created_at=now)

    assert sees(outsider, case) is seen
    assert sees(UserFactory(unit=org.other_region, roles=[Role.AGENT]), case) is False


def test_a_department_it_is_shared_with_sees_it_and_its_neighbours_do_not(org: Organisation, now: datetime) -> None:
    case = CaseFactory(unit=org.branch)
    department = org.department(org.other_branch, Function.OPERATIONS)
    Share.objects.create(case=case, unit=department, created_at=now)

    assert sees(UserFactory(unit=department, roles=[Role.LIAISON]), case) is True
    assert sees(UserFactory(unit=org.other_branch, roles=[Role.LIAISON]), case) is False


def test_somebody_who_left_or_belongs_nowhere_sees_nothing(org: Organisation) -> None:
    case = CaseFactory(unit=org.branch)

    assert sees(UserFactory(unit=org.branch, roles=[Role.COMMANDER], is_active=False), case) is False
    assert sees(UserFactory(unit=None, roles=[Role.AGENT]), case) is False


def test_a_shared_case_is_read_and_remarked_on_but_not_handled(walk: Walk, outsider: User, org: Organisation) -> None:
    from accounts.errors import NotAllowed
    from cases import services

    case = walk.open()
    services.share_with_unit(case, unit=org.other_branch, actor=walk.agent, now=walk.now)

    services.add_note(case, "We know this customer", actor=outsider, now=walk.now)
    with pytest.raises(NotAllowed):
        walk.do(case, "classify", by=outsider, category="other", severity=1, urgency=1)


def test_clocks_of_a_case_are_seen_with_the_case(org: Organisation, agent: User, now: datetime) -> None:
    secret = CaseFactory(unit=org.branch, confidentiality="secret")
    plain = CaseFactory(unit=org.branch)
    for case in (secret, plain):
        make_clock(org.branch, now=now, thread=f"case:{case.pk}", subject=f"case:{case.pk}")
    make_clock(org.branch, now=now, thread="event:1", subject="event:1")

    assert sorted(Clock.objects.visible_to(agent).values_list("thread", flat=True)) == [f"case:{plain.pk}", "event:1"]
