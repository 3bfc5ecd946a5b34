import pytest

from accounts.models import User
from accounts.services import create_token

pytestmark = pytest.mark.django_db


def test_my_page_says_who_i_am_to_the_desk(sign_in, agent):
    page = sign_in(agent).get("/people/").content.decode()

    assert "Agent" in page
    assert "east branch" in page
    assert "No other system acts for you" in page


@pytest.mark.parametrize("count", [1, 3])
def test_my_tokens_are_listed_without_their_secrets(sign_in, agent, now, count, django_assert_num_queries):
    secrets = [create_token(agent, scopes=["cases:read"], name=f"shop {n}", now=now)[1] for n in range(count)]
    client = sign_in(agent)
    client.get("/people/")

    page = client.get("/people/").content.decode()

    assert [secret in page for secret in secrets] == [False] * count
    assert page.count("cases:read") == count


def test_a_person_revokes_their_own_token_only(sign_in, agent, outsider, now):
    mine, _ = create_token(agent, scopes=["cases:read"], name="mine", now=now)
    theirs, _ = create_token(outsider, scopes=["cases:read"], name="theirs", now=now)
    client = sign_in(agent)

    assert client.post(f"/people/tokens/{mine.pk}/revoke/").status_code == 302
    assert client.post(f"/people/tokens/{theirs.pk}/revoke/").status_code == 404

    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert (mine.revoked_at is None, theirs.revoked_at is None) == (False, True)


def test_the_language_is_kept_and_the_switch_of_this_browser_let_go(sign_in, agent):
    client = sign_in(agent)
    client.cookies["django_language"] = "en"

    client.post("/people/language/", {"language": "zh-hant"})

    assert User.objects.get(pk=agent.pk).language == "zh-hant"
    assert client.get("/people/").headers["Content-Language"] == "zh-hant"


def test_a_language_the_desk_does_not_speak_is_refused(sign_in, agent):
    assert sign_in(agent).post("/people/language/", {"language": "fr"}).status_code == 422
    assert User.objects.get(pk=agent.pk).language == "en"
