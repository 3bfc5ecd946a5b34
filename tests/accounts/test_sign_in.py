from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.enums import AccessAction, Role
from accounts.models import AccessLog
from tests.factories.accounts import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"


@pytest.fixture
def person():
    return UserFactory(username="agent", email="agent@desk.example", roles=[Role.AGENT])


def attempt(client: Client, login: str = "agent", password: str = PASSWORD, **environment: Any):
    return client.post(LOGIN, {"login": login, "password": password}, **environment)


@pytest.mark.parametrize("login", ["agent", "AGENT", "agent@desk.example", "Agent@Desk.example"])
def test_people_sign_in_with_their_name_or_e_mail(client, person, login):
    response = attempt(client, login)

    assert (response.status_code, response.url) == (302, "/")
    assert client.session["_auth_user_id"] == str(person.pk)


def test_signing_in_is_logged(client, person):
    attempt(client, REMOTE_ADDR="203.0.113.7")

    row = AccessLog.objects.get()
    assert (row.user, row.action, row.ip) == (person, AccessAction.SIGN_IN, "203.0.113.7")


def test_a_failure_is_logged_without_what_was_typed(client, person):
    attempt(client, password="wrong")
    attempt(client, login="my-secret-password", password="wrong")

    known, unknown = AccessLog.objects.order_by("pk")
    assert (known.user, known.action, known.subject) == (person, AccessAction.SIGN_IN_FAILED, f"user:{person.pk}")
    assert unknown.user is None
    assert "secret" not in unknown.subject


def test_the_session_key_changes_at_sign_in(client, person):
    client.get(LOGIN)
    session = client.session
    session["planted"] = "yes"
    session.save()
    before = session.session_key

    attempt(client)

    assert client.session.session_key != before


def test_after_five_failures_even_the_right_password_waits(client, person):
    for _ in range(5):
        assert attempt(client, password="wrong").status_code == 200

    response = attempt(client)

    assert "Too many failed attempts. Try again in 5 minutes" in response.content.decode()
    assert "_auth_user_id" not in client.session


def test_name_and_e_mail_of_one_person_count_together(client, person):
    for login in ["agent", "agent@desk.example", "AGENT", "agent", "Agent@desk.example"]:
        attempt(client, login, password="wrong")

    assert "Too many failed attempts" in attempt(client).content.decode()


def test_another_account_is_not_held_up(client, person):
    UserFactory(username="supervisor")
    for _ in range(5):
        attempt(client, password="wrong")

    assert attempt(client, "supervisor").status_code == 302


def test_a_success_starts_the_count_anew(client, person):
    for _ in range(4):
        attempt(client, password="wrong")
    attempt(client)
    client.post("/accounts/logout/")
    for _ in range(4):
        attempt(client, password="wrong")

    assert attempt(client).status_code == 302


def test_one_address_gets_ten_failures_a_minute_over_all_accounts(client, person):
    for n in range(10):
        attempt(client, f"guess-{n}", "wrong", REMOTE_ADDR="203.0.113.7")

    assert "Too many failed attempts" in attempt(client, REMOTE_ADDR="203.0.113.7").content.decode()
    assert attempt(client, REMOTE_ADDR="203.0.113.8").status_code == 302


def test_the_limit_holds_without_the_cache(client, person):
    for _ in range(5):
        attempt(client, password="wrong")
        cache.clear()

    assert "Too many failed attempts" in attempt(client).content.decode()


def test_behind_our_proxy_only_its_own_entry_counts_as_the_address(client, person, settings):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

    attempt(client, HTTP_X_FORWARDED_FOR="1.2.3.4, 203.0.113.9")
    assert AccessLog.objects.get().ip == "203.0.113.9"


def test_without_a_proxy_a_forged_header_is_not_believed(client, person):
    attempt(client, HTTP_X_FORWARDED_FOR="1.2.3.4", REMOTE_ADDR="203.0.113.7")

    assert AccessLog.objects.get().ip == "203.0.113.7"


def test_somebody_who_left_does_not_come_in(client, person):
    person.is_active = False
    person.save()

    response = attempt(client)

    assert response.url == reverse("account_inactive")
    assert "_auth_user_id" not in client.session
    assert AccessLog.objects.get().action == AccessAction.SIGN_IN_FAILED


def test_nobody_signs_themselves_up(client):
    response = client.post("/accounts/signup/", {"username": "x", "password1": PASSWORD})

    assert response.status_code == 200
    assert "Nobody signs up here" in response.content.decode()


def test_signing_out_needs_a_click_and_then_asks_for_the_password_again(client, person):
    client.force_login(person)

    assert "_auth_user_id" in client.session
    assert client.get("/accounts/logout/").status_code == 200
    assert client.post("/accounts/logout/").url == LOGIN
    assert "_auth_user_id" not in client.session


def test_the_password_is_changed_by_who_knows_the_old_one(client, person):
    client.force_login(person)
    new = "quite-another-long-one"
    wrong = client.post("/accounts/password/change/", {"oldpassword": "x", "password1": new, "password2": new})
    person.refresh_from_db()
    assert (wrong.status_code, person.check_password(PASSWORD)) == (200, True)

    client.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})

    person.refresh_from_db()
    assert person.check_password(new)


@pytest.mark.parametrize("path", ["/accounts/email/", "/accounts/password/reset/", "/accounts/confirm-email/"])
def test_what_the_desk_does_not_use_is_not_there(client, path):
    assert client.get(path).status_code == 404


def test_after_signing_in_the_desk_speaks_the_persons_language(client):
    UserFactory(username="wang", language="zh-hant")
    attempt(client, "wang")

    assert client.get("/people/").headers["Content-Language"] == "zh-hant"


def test_the_language_switch_goes_before_the_persons_language(client):
    UserFactory(username="wang", language="zh-hant")
    attempt(client, "wang")
    client.cookies["django_language"] = "en"

    assert client.get("/people/").headers["Content-Language"] == "en"


def test_the_sign_in_page_keeps_the_policy(client):
    response = client.get(LOGIN)

    assert "script-src 'self'" in response.headers["Content-Security-Policy"]
    assert "style=" not in response.content.decode()


def test_coming_back_goes_only_to_our_own_pages(client, person):
    response = client.post(f"{LOGIN}?next=https://evil.example/", {"login": "agent", "password": PASSWORD})

    assert response.url == "/"
