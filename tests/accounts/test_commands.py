from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.enums import Function, Role
from accounts.models import ApiToken, Unit, User
from accounts.queries import OrgMap, units_visible_to

pytestmark = pytest.mark.django_db


def run(*args: str) -> str:
    out = StringIO()
    call_command(*args, stdout=out)
    return out.getvalue()


def test_create_token_prints_a_token_that_works(agent, client):
    secret = run("create_token", "agent", "--scope", "cases:write", "--scope", "mentions:write").strip()

    token = ApiToken.objects.get()
    assert (token.user, token.scopes) == (agent, ["cases:write", "mentions:write"])
    assert secret.startswith(token.prefix)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["nobody", "--scope", "cases:read"], "There is no active person with the user name “nobody”."),
        (["agent", "--scope", "cases:eat"], "There is no scope “cases:eat”. Known scopes: cases:read, cases:write"),
        (["agent"], "--scope"),
    ],
)
def test_create_token_says_what_is_wrong(agent, args, message):
    with pytest.raises(CommandError) as refusal:
        run("create_token", *args)

    assert message in str(refusal.value)
    assert ApiToken.objects.count() == 0


def test_the_demo_organisation_is_loaded_and_repeated_without_harm(settings):
    settings.DEMO = True
    run("load_demo_people")
    password = User.objects.get(username="agent").password
    Unit.objects.filter(code="jinqiao").update(name={"zh-hans": "改过"})

    assert run("load_demo_people") == "33 units and 38 people.\n"

    agent = User.objects.get(username="agent")
    assert (User.objects.count(), Unit.objects.count(), agent.password) == (38, 33, password)
    assert agent.check_password("opinion-desk")
    assert Unit.objects.get(code="jinqiao").label("zh-hans") == "金桥店"


def test_outside_a_demo_the_made_up_people_cannot_sign_in(settings):
    settings.DEMO = False
    run("load_demo_people")

    assert [user.has_usable_password() for user in User.objects.all()] == [False] * 38


def test_the_demo_cast_stands_where_the_ladder_looks_for_it(settings):
    run("load_demo_people")
    people = {user.username: user for user in User.objects.select_related("unit")}
    chart, jinqiao = OrgMap.load(), Unit.objects.get(code="jinqiao")

    assert chart.supervisors_of(jinqiao.pk) == [people["supervisor"].pk]
    assert chart.commanders() == [people["commander"].pk]
    assert chart.group_of(jinqiao.pk) == [people["commander"].pk]
    assert chart.people_of(chart.department(jinqiao.pk, Function.PR, level="group") or 0)[0] == people["pr"].pk
    assert people["agent"].roles == [Role.AGENT]
    assert Unit.objects.filter(head=None).count() == 0
    assert units_visible_to(people["monitor"]).count() == 33
    assert {unit.code.split("-")[0] for unit in units_visible_to(people["outsider"])} == {"tianhe"}


def test_createsuperuser_makes_an_administrator():
    user = User.objects.create_superuser("root", "root@desk.example", "a-long-password-0", display_name="Root")

    assert user.has_role(Role.ADMIN)
    assert user.has_perm("accounts.change_user")
