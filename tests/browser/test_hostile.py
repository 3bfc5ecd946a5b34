"""Every hostile text of the corpora, read, stored and shown in a real browser: nothing runs, nothing is fetched."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Dialog

from accounts.models import User
from monitoring.formats.parsing import Unreadable, read
from monitoring.mentions.ingest import Incoming, ingest
from monitoring.models import Event, EventMention, Mention, Source
from tests.conftest import Organisation
from tests.factories.escalation import load_runbooks
from tests.factories.monitoring import SourceFactory
from timeline.now import now as time_now

CORPORA = Path(os.environ.get("CORPORA_DIR", "/nowhere"))
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not CORPORA.is_dir(), reason="CORPORA_DIR is not set: the corpora are not tried"),
]

ON_A_PAGE = 100
# What no text of a stranger may ever become on a page of ours.
ALIVE = ", ".join(
    f"main {tag}"
    for tag in (
        "script",
        "iframe",
        "object",
        "embed",
        "img",
        "style",
        "[onerror]",
        "[onload]",
        "[onclick]",
        "[style]",
        "a[href^='javascript:']",
        "a[href^='data:']",
    )
)


def hostile() -> Iterator[tuple[str, str]]:
    """As the reader leaves it, and as it came: a push or an import brings such texts without the reader."""
    files = sorted((CORPORA / "feeds/feedparser-wellformed/sanitize").rglob("*.xml"))
    for path in files:
        data = path.read_bytes()
        try:
            yield from ((entry.title, entry.text) for entry in read(data).entries)
        except Unreadable:
            continue
        raw = data.decode("utf-8", errors="replace")
        yield path.stem, raw[raw.find("-->") + 3 :]
    for path in sorted((CORPORA / "hostile/bleach-xss").iterdir()):
        text = path.read_text("utf-8", errors="replace")
        yield text[:400], text


@pytest.fixture
def events(transactional_db: None, org: Organisation) -> list[Event]:
    """All of them, a hundred to an event."""
    now = time_now()
    load_runbooks(now)
    source: Source = SourceFactory(unit=org.group, name="<script>alert(1)</script>")
    texts = [Incoming(f"x{n}", title=title, text=text, author=title) for n, (title, text) in enumerate(hostile())]
    ids = sorted(ingest(source, texts, now=now).ids.values())
    made = []
    for start in range(0, len(ids), ON_A_PAGE):
        mentions = list(Mention.objects.filter(pk__in=ids[start : start + ON_A_PAGE]))
        first = mentions[0]
        moments = {"first_seen_at": now, "last_seen_at": now}
        event = Event.objects.create(unit=org.group, title=first.title[:500], first_mention=first, **moments)
        seen = {"joined_at": now, "said_at": now, "first_seen_at": now, "source": source}
        EventMention.objects.bulk_create(EventMention(event=event, mention=mention, **seen) for mention in mentions)
        made.append(event)
    return made


def test_nothing_of_the_hostile_corpora_runs_in_a_browser(
    events: list[Event], monitor: User, screen: Callable[..., Any]
) -> None:
    """Console errors, script errors and requests to others are counted by the fixture; dialogs here."""
    desk = screen(monitor)
    dialogs: list[str] = []

    def heard(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    desk.page.on("dialog", heard)
    shown = 0
    source = Source.objects.get()
    last = Mention.objects.order_by("-pk").values_list("pk", flat=True)[:5]
    pages = [f"events/{event.pk}/" for event in events] + ["events/", f"sources/{source.pk}/", "sources/"]
    for path in [*pages, *(f"mentions/{pk}/" for pk in last), "mentions/"]:
        page = desk.open(f"/monitoring/{path}")
        assert page.locator(ALIVE).count() == 0, path
        while path.startswith("events/"):
            shown += page.locator(".said").count()
            if not page.locator("a[rel=next]").count():
                break
            page.goto(page.locator("a[rel=next]").evaluate("link => link.href"))
            assert page.locator(ALIVE).count() == 0, path

    assert dialogs == []
    assert shown > 300
