"""What answers where no room does."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_an_unknown_address_is_a_page_for_people(client):
    response = client.get("/nowhere/")

    assert response.status_code == 404
    assert "There is nothing at this address" in response.content.decode()


def test_an_unknown_address_of_the_api_is_a_problem(client):
    response = client.get("/api/v1/nowhere/")

    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")
    assert response.json()["code"] == "not_found"


@pytest.mark.parametrize(("path", "kind"), [("/boom/", "text/html"), ("/api/boom/", "application/problem+json")])
def test_a_fault_of_ours_says_so_without_its_cause(path, kind, settings):
    settings.ROOT_URLCONF = "tests.opinion_desk.faulty_urls"

    response = Client(raise_request_exception=False).get(path)

    assert (response.status_code, response["Content-Type"].partition(";")[0]) == (500, kind)
    assert "secret cause" not in response.content.decode()


def test_a_form_from_elsewhere_is_refused_with_a_way_out():
    response = Client(enforce_csrf_checks=True).post("/i18n/setlang/", {"language": "en"})

    assert response.status_code == 403


@pytest.mark.parametrize(("code", "words"), [("zh-hans", "zh-hans"), ("zh-hant", "zh-hant"), ("en", "en")])
def test_the_language_is_switched_and_remembered(client, code, words):
    client.post("/i18n/setlang/", {"language": code, "next": "/livez"})

    assert client.cookies["django_language"].value == words


def test_pages_carry_a_strict_content_security_policy(client):
    policy = client.get("/accounts/login/")["Content-Security-Policy"]

    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
