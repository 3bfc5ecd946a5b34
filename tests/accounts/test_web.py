import pytest
from django.test import Client

from tests.accounts import probes

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.accounts.probes")]


def test_a_stranger_signs_in_and_comes_back(client):
    response = client.get("/probe/anybody/?a=1")

    assert response.url == "/accounts/login/?next=/probe/anybody/%3Fa%3D1"


def test_a_stranger_in_the_middle_of_a_page_takes_the_whole_page_to_the_door(client):
    response = client.get(
        "/probe/anybody/", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/cases/?q=x"}
    )

    assert response.headers["HX-Redirect"] == "/accounts/login/?next=/cases/%3Fq%3Dx"


@pytest.mark.parametrize(("person", "status"), [("supervisor", 200), ("commander", 200), ("agent", 403)])
def test_a_view_for_some_roles_is_closed_to_others(request, sign_in, person, status):
    client = sign_in(request.getfixturevalue(person))

    assert client.get("/probe/deciders/").status_code == status
    assert client.get("/probe/anybody/").status_code == 200


@pytest.mark.parametrize(
    ("kind", "status"), [("invalid", 422), ("not_allowed", 403), ("conflict", 409), ("stale", 412)]
)
def test_a_refusal_is_a_page_that_says_what_to_do(sign_in, agent, kind, status):
    response = sign_in(agent).get(f"/probe/refusing/{kind}/", headers={"Referer": "http://testserver/probe/anybody/"})

    page = response.content.decode()
    assert response.status_code == status
    assert str(probes.REFUSALS[kind].message) in page
    assert 'href="http://testserver/probe/anybody/"' in page


def test_the_way_back_never_leads_elsewhere(sign_in, agent):
    response = sign_in(agent).get("/probe/refusing/conflict/", headers={"Referer": "https://evil.example/"})

    assert "evil.example" not in response.content.decode()


def test_a_refusal_to_htmx_is_a_part_for_the_notices(sign_in, agent):
    response = sign_in(agent).post("/probe/refusing/invalid/", headers={"HX-Request": "true"})

    part = response.content.decode()
    assert (response.status_code, response.headers["HX-Retarget"]) == (422, "#notices")
    assert "<html" not in part
    assert "Choose a day in the future." in part
    assert "It has passed." in part


@pytest.mark.parametrize("code", ["east-branch", "no-such-unit", "x" * 300, "%00"])
def test_what_is_not_visible_is_not_there(sign_in, outsider, code):
    assert sign_in(outsider).get(f"/probe/units/{code}/").status_code == 404


def test_what_is_visible_is_there(sign_in, agent):
    assert sign_in(agent).get("/probe/units/east-branch/").content == b"east-branch"


def test_a_page_that_is_too_old_says_so(agent):
    client = Client(enforce_csrf_checks=True)
    client.force_login(agent)

    response = client.post("/people/language/", {"language": "en"})

    assert (response.status_code, b"too old" in response.content) == (403, True)
