"""Every main screen full of the demo's story: nothing that axe objects to and nothing over the edge.

Light and dark, at a desk and on a phone; in the language of the demo's people. The story is told once for all of it.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.urls import reverse
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from accounts.enums import Function
from accounts.models import Unit, User
from cases.models import Case
from escalation.models import Clock, Run
from monitoring.models import Alert, Event, Source, Watch
from notifications.breaker import mail_channel
from playbook.replay import replay
from playbook.scenario import read_scenario
from press.models import Enquiry
from tests.browser.conftest import Scheme, Screen
from tests.playbook.conftest import STORY, demo_settings
from timeline.now import now

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]

NOBODY = ""
# The reference repeats one shape for every operation and every schema: the first two stand for all.
PARTS = {"API reference": "main > h1, main > nav, main > section:nth-of-type(-n+2)"}
SIZES = ((1440, 900), (375, 812))
LOOKS: tuple[tuple[int, int, Scheme], ...] = ((1440, 900, "light"), (375, 812, "dark"))


@pytest.fixture
def told(live_server: LiveServer, tmp_path: Path) -> Iterator[None]:
    with demo_settings(tmp_path):
        call_command("load_defaults", verbosity=0)
        story = read_scenario(STORY)
        list(replay(story, present=now(), feed_address=live_server.url))
        yield


def screens() -> dict[str, list[tuple[str, str]]]:
    """Whose screens, and where they are: name and address."""
    leak = Case.objects.get(title__startswith="热水器")
    waiting = Case.objects.get(title__startswith="床垫")
    enquiry = Enquiry.objects.get(outlet__name="都市晨报")
    clock = Clock.objects.filter(subject=f"enquiry:{enquiry.pk}", rungs__isnull=False).earliest("pk")
    run = Run.objects.get(subject=f"enquiry:{enquiry.pk}")
    alert, event = Alert.objects.latest("pk"), Event.objects.earliest("pk")
    return {
        NOBODY: [("sign-in", reverse("account_login"))],
        "agent": [
            ("home of an agent", reverse("home")),
            ("cases", reverse("cases:list")),
            ("case", leak.get_absolute_url()),
            ("new complaint", reverse("cases:new")),
            ("act", reverse("cases:act", args=[leak.number, "facts"])),
            ("new enquiry", reverse("press:enquiry_new")),
            ("me", reverse("accounts:me")),
            ("404", "/cases/KS-20200101-0001/"),
        ],
        "supervisor": [
            ("home of a supervisor", reverse("home")),
            ("plan to decide", reverse("cases:plan", args=[waiting.number])),
            ("inbox", reverse("notifications:inbox")),
        ],
        "monitor": [
            ("home of a monitor", reverse("home")),
            ("alerts", reverse("monitoring:alerts")),
            ("alert", reverse("monitoring:alert", args=[alert.pk])),
            ("events", reverse("monitoring:events")),
            ("event", reverse("monitoring:event", args=[event.pk])),
            ("watches", reverse("monitoring:watches")),
            ("watch form", reverse("monitoring:watch", args=[Watch.objects.get().pk])),
        ],
        "legal": [
            ("approvals", reverse("cases:approvals")),
            ("clocks board", reverse("escalation:board")),
            ("clock", reverse("escalation:clock", args=[clock.pk])),
            ("run", reverse("escalation:run", args=[run.pk])),
            ("enquiries", reverse("press:enquiries")),
            ("enquiry with a reply", enquiry.get_absolute_url()),
        ],
        "admin": [
            ("sources", reverse("monitoring:sources")),
            ("source", reverse("monitoring:source", args=[Source.objects.get().pk])),
            ("source form", reverse("monitoring:source_new")),
            ("outgoing messages", reverse("notifications:outbox")),
            ("API reference", reverse("reference")),
        ],
    }


def clockwork() -> dict[str, list[tuple[str, str]]]:
    """Screens behind the clocks: who is on duty, what is open, runbooks, working days, ways out of the house."""
    desk = User.objects.get(username="supervisor").desk_unit
    assert desk is not None
    unit = Unit.objects.filter(parent=desk, function=Function.CUSTOMER_SERVICE).get()
    return {
        "supervisor": [
            ("roster", reverse("escalation:roster") + f"?unit={unit.pk}"),
            ("absences", reverse("escalation:absences")),
            ("hand-overs", reverse("escalation:handovers")),
            ("new hand-over", reverse("escalation:handover_new")),
            ("board by unit", reverse("escalation:board") + "?by=unit"),
            ("board by person", reverse("escalation:board") + "?by=person"),
            ("reasons of breaches", reverse("escalation:reasons")),
            ("how I am told", reverse("notifications:wishes")),
        ],
        "admin": [
            ("calendar", reverse("escalation:calendar")),
            ("a day of the calendar", reverse("escalation:calendar_day", args=["2026-02-14"])),
            ("runbooks", reverse("escalation:runbooks")),
            ("runbook", reverse("escalation:runbook", args=["regulator"])),
            ("runbook form", reverse("escalation:runbook_edit", args=["media"])),
            ("history of a runbook", reverse("escalation:runbook_history", args=["media"])),
            ("channels", reverse("notifications:channels")),
            ("mail", reverse("notifications:channel", args=[mail_channel(now=now()).pk])),
            ("channel form", reverse("notifications:channel_new", args=["gateway"])),
            ("operations", reverse("operations")),
        ],
    }


def test_no_screen_of_the_demo_has_a_barrier_or_runs_over_the_edge(told: None, screen: Callable[..., Screen]) -> None:
    """Each person signs in once, each screen is opened once, then dimmed and narrowed under the eyes of axe."""
    call_command("load_demo_roster", verbosity=0)
    found = looked_at(screens(), screen, look_at) | looked_at(clockwork(), screen, glance_at)
    assert found == {}


def looked_at(
    screens: dict[str, list[tuple[str, str]]],
    screen: Callable[..., Screen],
    look: Callable[[Screen, str], Iterator[tuple[str, list[str]]]],
) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for username, pages in screens.items():
        desk = screen(User.objects.get(username=username) if username else None)
        desk.watch.expected = ("404",)
        for name, path in pages:
            desk.open(path)
            found |= {f"{name}, {how}": wrong for how, wrong in look(desk, PARTS.get(name, "html")) if wrong}
        desk.context.close()
    return found


def glance_at(desk: Screen, part: str) -> Iterator[tuple[str, list[str]]]:
    """At a desk by daylight, on a phone by night."""
    for width, height, scheme in LOOKS:
        desk.page.set_viewport_size({"width": width, "height": height})
        desk.page.emulate_media(color_scheme=scheme)
        yield f"{scheme}, {width}", desk.axe(part=part) + over_the_edge(desk.page)


def look_at(desk: Screen, part: str) -> Iterator[tuple[str, list[str]]]:
    for width, height in SIZES:
        desk.page.set_viewport_size({"width": width, "height": height})
        desk.page.emulate_media(color_scheme="light")
        yield f"light, {width}", desk.axe(part=part) + over_the_edge(desk.page)
        desk.page.emulate_media(color_scheme="dark")
        yield f"dark, {width}", desk.axe(["color-contrast"], part=part)  # all that a colour scheme changes


def over_the_edge(page: Page) -> list[str]:
    width, shown = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    return [f"{width} pixels wide on a screen of {shown}"] if width > shown else []
