import pytest
from django.core import signing
from django.core.management import call_command

from accounts.models import Unit, User
from opinion_desk.setup import SALT, link_path

pytestmark = pytest.mark.django_db

FILLED_IN = {
    "organisation": "云栖家居集团",
    "display_name": "系统管理员",
    "username": "root-person",
    "email": "admin@desk.example",
    "password": "correct horse battery",
    "again": "correct horse battery",
}


def test_the_link_makes_the_first_administrator_and_signs_them_in(client):
    response = client.post(link_path(), FILLED_IN)

    user = User.objects.get()
    assert (response.status_code, response["Location"]) == (302, "/")
    assert (user.username, user.roles, user.is_staff) == ("root-person", ["admin"], True)
    assert (user.unit, Unit.objects.get().label("zh-hans")) == (Unit.objects.get(), "云栖家居集团")
    assert client.session["_auth_user_id"] == str(user.pk)
    assert user.check_password("correct horse battery")


def test_the_link_works_once(client, administrator):
    assert client.get(link_path()).status_code == 404
    assert client.post(link_path(), FILLED_IN).status_code == 404


def test_a_forged_link_leads_nowhere(client):
    signed_for_something_else = signing.dumps("first administrator", salt="another")

    assert client.get("/setup/forged/").status_code == 404
    assert client.get(f"/setup/{signed_for_something_else}/").status_code == 404


def test_a_link_grows_old(client, monkeypatch):
    monkeypatch.setattr("opinion_desk.setup.VALID_FOR", -1)

    assert client.get(link_path()).status_code == 404
    assert signing.loads(link_path().split("/")[2], salt=SALT) == "first administrator"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"again": "something else entirely"}, "The two passwords differ."),
        ({"password": "short", "again": "short"}, "This password is too short"),
        ({"username": ""}, "This field is required."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_made(client, change, words):
    response = client.post(link_path(), FILLED_IN | change)

    assert response.status_code == 422
    assert words in response.content.decode()
    assert (User.objects.count(), Unit.objects.count()) == (0, 0)


def test_the_command_prints_the_whole_address(capsys, settings):
    settings.SITE_URL = "https://desk.example"

    call_command("setup_link")

    assert "https://desk.example/setup/" in capsys.readouterr().out


def test_the_command_says_that_the_desk_is_set_up(capsys, administrator):
    call_command("setup_link")

    assert capsys.readouterr().out == "The desk has an administrator; sign in.\n"
