import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from accounts.enums import Function, Role, UnitKind
from accounts.models import Unit
from accounts.queries import OrgMap, units_visible_to
from tests.factories.accounts import UnitFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_a_path_lists_the_units_from_the_top_down(org):
    assert org.branch.path == f"/{org.group.pk}/{org.region.pk}/{org.branch.pk}/"
    assert org.branch.ancestor_ids == [org.group.pk, org.region.pk, org.branch.pk]


def test_moving_a_unit_moves_everything_below_it(org):
    region = Unit.objects.get(pk=org.region.pk)
    region.parent = org.other_region
    region.save()

    office = org.department(org.branch, Function.GENERAL_OFFICE)
    above = [org.group.pk, org.other_region.pk, org.region.pk, org.branch.pk]
    assert office.ancestor_ids == [*above, office.pk]
    assert org.department(org.other_branch, Function.PR).ancestor_ids[:2] == [org.group.pk, org.other_region.pk]


def test_a_stale_copy_does_not_bring_an_old_path_back(org):
    stale = Unit.objects.get(pk=org.branch.pk)
    moved = Unit.objects.get(pk=org.branch.pk)
    moved.parent = org.other_region
    moved.save()

    stale.refresh_from_db(fields=["parent"])
    stale.save()

    assert Unit.objects.get(pk=org.branch.pk).path == f"/{org.group.pk}/{org.other_region.pk}/{org.branch.pk}/"


def test_a_unit_never_stands_below_itself(org):
    org.group.parent = org.branch

    with pytest.raises(ValidationError, match="below itself"):
        org.group.save()
    assert Unit.objects.get(pk=org.branch.pk).ancestor_ids[0] == org.group.pk


def test_a_label_falls_back_to_simplified_chinese():
    unit = UnitFactory(name={"zh-hans": "金桥店", "en": "Jinqiao branch"})

    assert [unit.label("en"), unit.label("zh-hant"), unit.label("zh-hans")] == ["Jinqiao branch", "金桥店", "金桥店"]
    with translation.override("zh-hans"):
        assert str(unit) == "金桥店"


@pytest.mark.parametrize("name", [{}, {"en": "Only English"}, {"zh-hans": "店", "fr": "magasin"}, "店"])
def test_a_name_needs_simplified_chinese_and_known_languages(name):
    with pytest.raises(ValidationError):
        Unit(code="x", kind=UnitKind.BRANCH, name=name).full_clean()


def test_only_departments_have_a_function():
    with pytest.raises(ValidationError, match="Only departments"):
        Unit(code="x", kind=UnitKind.BRANCH, function=Function.PR, name={"zh-hans": "店"}).full_clean()


def test_people_see_their_own_unit_and_what_is_below(org, agent, outsider):
    codes = set(units_visible_to(agent).values_list("code", flat=True))

    assert codes == {
        "east-branch",
        "east-branch-general-office",
        "east-branch-opinion-team",
        "east-branch-customer-service",
        "east-branch-pr",
        "east-branch-operations",
    }
    assert codes.isdisjoint(units_visible_to(outsider).values_list("code", flat=True))


def test_a_region_sees_its_branches_and_no_other_region(org):
    head = org.region.head

    visible = units_visible_to(head)

    assert org.branch in visible
    assert org.group not in visible
    assert org.other_branch not in visible


@pytest.mark.parametrize("role", [Role.COMMANDER, Role.LEGAL, Role.ADMIN])
def test_commander_legal_and_administrator_see_every_unit(org, role):
    user = UserFactory(unit=org.other_branch, roles=[role])

    assert units_visible_to(user).count() == Unit.objects.count()


def test_who_belongs_nowhere_or_has_left_sees_nothing(org):
    assert units_visible_to(UserFactory(unit=None)).count() == 0
    assert units_visible_to(UserFactory(unit=org.group, roles=[Role.ADMIN], is_active=False)).count() == 0


def test_the_map_is_read_in_one_query_and_answers_from_memory(org, supervisor, django_assert_num_queries):
    with django_assert_num_queries(1):
        chart = OrgMap.load()
        for _ in range(1000):
            chart.supervisors_of(org.branch.pk)
            chart.department(org.branch.pk, Function.EMERGENCY_TEAM)


def test_supervisors_are_those_of_the_nearest_unit_that_has_any(org, supervisor):
    office = org.department(org.branch, Function.GENERAL_OFFICE)
    regional = UserFactory(unit=org.department(org.region, Function.CUSTOMER_SERVICE), roles=[Role.SUPERVISOR])
    chart = OrgMap.load()

    assert chart.supervisors_of(org.branch.pk) == [supervisor.pk]
    assert chart.supervisors_of(office.pk) == [supervisor.pk]
    assert chart.supervisors_of(org.region.pk) == [regional.pk]
    assert chart.supervisors_of(org.other_branch.pk) == []


def test_heads_climb_from_department_to_region_to_group(org):
    office = org.department(org.branch, Function.GENERAL_OFFICE)
    chart = OrgMap.load()

    assert chart.head_of_department(office.pk) == [office.head_id]
    assert chart.region_of(office.pk) == [org.region.head_id]
    assert chart.group_of(office.pk) == [org.group.head_id]
    assert chart.region_of(org.group.pk) == []


def test_a_unit_without_an_active_head_asks_the_one_above(org):
    office = org.department(org.branch, Function.GENERAL_OFFICE)
    office.head.is_active = False
    office.head.save()

    assert OrgMap.load().head_of_department(office.pk) == [org.branch.head_id]


def test_a_department_is_looked_for_here_then_above(org):
    chart = OrgMap.load()
    pr_of_branch = org.department(org.branch, Function.PR)

    assert chart.department(org.branch.pk, Function.PR) == pr_of_branch.pk
    assert chart.department(pr_of_branch.pk, Function.PR) == pr_of_branch.pk
    assert chart.department(org.branch.pk, Function.LEGAL) == org.department(org.group, Function.LEGAL).pk
    assert chart.department(org.branch.pk, Function.PRODUCT) is None


def test_a_department_can_be_asked_for_at_one_level(org):
    chart = OrgMap.load()
    here = org.department(org.branch, Function.PR)

    assert chart.department(here.pk, Function.PR, level="group") == org.department(org.group, Function.PR).pk
    assert chart.department(here.pk, Function.PR, level=UnitKind.REGION) == org.department(org.region, Function.PR).pk
    assert chart.department(here.pk, Function.PR, level="branch") == here.pk
    assert chart.department(here.pk, Function.LEGAL, level="region") is None


def test_people_of_a_unit_are_active_and_its_head_comes_first(org, agent, supervisor):
    service = org.department(org.branch, Function.CUSTOMER_SERVICE)
    UserFactory(unit=service, is_active=False)
    chart = OrgMap.load()

    assert chart.people_of(service.pk) == [service.head_id, agent.pk, supervisor.pk]
    assert chart.people_of(0) == []


def test_commanders_are_found_wherever_they_sit(org, commander):
    assert OrgMap.load().commanders() == [commander.pk]


def test_the_desk_of_a_department_is_what_it_belongs_to(org, agent, commander):
    assert agent.desk_unit == org.branch
    assert commander.desk_unit == org.group
    assert UserFactory(unit=None).desk_unit is None


def test_has_role_means_any_of_them(agent):
    assert agent.has_role(Role.AGENT)
    assert agent.has_role("supervisor", "agent")
    assert not agent.has_role(Role.ADMIN, Role.PR)
