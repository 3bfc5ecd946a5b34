import pytest
from django.apps import apps
from django.urls import reverse

from accounts.enums import AccessAction, Function
from accounts.models import Unit, User
from accounts.services import create_token, log_access
from timeline.services import record

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("person", ["agent", "supervisor", "commander"])
def test_the_administration_is_closed_to_everybody_else(request, sign_in, person):
    client = sign_in(request.getfixturevalue(person))

    response = client.get("/admin/", follow=True)

    assert response.status_code == 403


def test_a_stranger_is_sent_to_the_desks_own_door(client):
    response = client.get("/admin/", follow=True)

    assert response.redirect_chain[-1][0] == "/accounts/login/?next=/admin/"


@pytest.mark.parametrize("model", ["unit", "user", "apitoken", "accesslog"])
def test_every_list_and_page_opens(sign_in, administrator, agent, now, model):
    create_token(agent, scopes=["cases:read"], name="shop", now=now)
    log_access(agent, AccessAction.EXPORT, now=now)
    client = sign_in(administrator)

    page = client.get(reverse(f"admin:accounts_{model}_changelist"))
    first = apps.get_model("accounts", model)._default_manager.order_by("pk").first()

    assert page.status_code == 200
    assert client.get(reverse(f"admin:accounts_{model}_change", args=[first.pk])).status_code == 200


def test_the_record_can_be_read_and_never_written(sign_in, administrator, now):
    entry = record("case:1", "case.received", now=now)
    client = sign_in(administrator)

    assert client.get("/admin/timeline/entry/").status_code == 200
    assert client.post(f"/admin/timeline/entry/{entry.pk}/change/", {"reason": "x"}).status_code == 403
    assert client.get(f"/admin/timeline/entry/{entry.pk}/delete/").status_code == 403
    assert client.get("/admin/timeline/entry/add/").status_code == 403


def test_a_unit_is_named_in_each_language_and_moved(sign_in, administrator, org):
    client = sign_in(administrator)
    data = {
        "name_zh_hans": "虹桥店",
        "name_en": "Hongqiao branch",
        "code": "east-branch",
        "kind": "branch",
        "parent": org.other_region.pk,
        "time_zone": "Asia/Shanghai",
        "is_active": "on",
    }

    response = client.post(f"/admin/accounts/unit/{org.branch.pk}/change/", data)

    assert response.status_code == 302
    unit = Unit.objects.get(pk=org.branch.pk)
    assert unit.name == {"zh-hans": "虹桥店", "en": "Hongqiao branch"}
    assert org.department(unit, Function.PR).ancestor_ids[1] == org.other_region.pk


def test_a_new_person_gets_roles_and_a_password(sign_in, administrator, org):
    client = sign_in(administrator)
    data = {
        "username": "newcomer",
        "display_name": "New Comer",
        "email": "new@desk.example",
        "unit": org.branch.pk,
        "roles": ["agent", "supervisor"],
        "language": "en",
        "usable_password": "true",
        "password1": "a-very-long-password-1",
        "password2": "a-very-long-password-1",
    }

    response = client.post("/admin/accounts/user/add/", data)

    assert response.status_code == 302
    user = User.objects.get(username="newcomer")
    assert (user.roles, user.unit, user.is_superuser) == (["agent", "supervisor"], org.branch, False)
    assert user.check_password("a-very-long-password-1")


@pytest.mark.parametrize("field", ["username", "email"])
def test_two_people_never_share_a_name_or_an_address(sign_in, administrator, agent, field):
    taken = {"username": "AGENT", "email": "Agent@desk.example"}[field]
    data = {
        "username": "x",
        "display_name": "X",
        "email": "x@desk.example",
        "language": "en",
        "usable_password": "false",
    }

    page = sign_in(administrator).post("/admin/accounts/user/add/", data | {field: taken})

    assert page.status_code == 200
    assert User.objects.filter(display_name="X").count() == 0


def test_people_are_never_deleted(sign_in, administrator, agent):
    assert sign_in(administrator).post(f"/admin/accounts/user/{agent.pk}/delete/", {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=agent.pk).exists()
