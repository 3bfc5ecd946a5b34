"""A served desk commits like a real one; what it wrote must be gone before the next test, triggers or not."""

import httpx
import pytest

from accounts.models import AccessLog
from tests.factories.accounts import PASSWORD


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_a_served_desk_starts_every_test_anew(live_server, agent, turn):
    assert AccessLog.objects.count() == 0
    with httpx.Client(base_url=live_server.url) as browser:
        browser.get("/accounts/login/")
        form = {"login": "agent", "password": PASSWORD, "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
        response = browser.post("/accounts/login/", data=form, headers={"Referer": live_server.url})

    assert (response.status_code, response.headers["Location"]) == (302, "/")
    assert AccessLog.objects.get().user == agent
