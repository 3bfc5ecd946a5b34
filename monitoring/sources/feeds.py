"""A fetched feed into mentions."""

from dataclasses import dataclass
from datetime import datetime

from monitoring.formats.confined import read_safely
from monitoring.formats.parsing import Feed, Unreadable
from monitoring.mentions.ingest import Incoming, ingest
from monitoring.models import Source
from monitoring.sources.fetching import Fetched
from monitoring.sources.upstream import needs_cookies

PARSE_SECONDS = 10.0


@dataclass(frozen=True)
class Taken:
    """What one reading of a source brought."""

    entries: int
    new: int
    ttl_seconds: int = 0


def take_feed(source: Source, fetched: Fetched, *, now: datetime) -> Taken:
    """Raises `Unreadable`; an empty list is trouble where the platform answers so once its cookies are stale."""
    feed = read_safely(fetched.body, base_url=fetched.url, charset=fetched.charset, seconds=PARSE_SECONDS)
    if not feed.entries and source.last_new_at and needs_cookies(source):
        raise Unreadable("stale_cookies")
    done = ingest(source, incoming_of(feed), now=now)
    return Taken(entries=len(feed.entries), new=done.new, ttl_seconds=feed.ttl_seconds)


def incoming_of(feed: Feed) -> list[Incoming]:
    return [
        Incoming(
            external_id=entry.id,
            title=entry.title,
            text=entry.text,
            url=entry.link or "",
            author=entry.author,
            published_at=datetime.fromisoformat(entry.published) if entry.published else None,
            raw={"id": entry.id, "link": entry.link, "published": entry.published, "feed": feed.title},
        )
        for entry in feed.entries
    ]
