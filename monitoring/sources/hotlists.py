"""Hot lists as NewsNow serves them: `{"id", "updatedTime", "items": [{"id", "title", "url", …}]}`, rank = place.

A line has no author and no text, so it is a signal. Only a title that a watch wants becomes a mention.
The whole answer is dropped where one link leads elsewhere: a list that was tampered with is worth nothing.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from monitoring.alerts.alerting import raise_alerts
from monitoring.formats.parsing import TITLE_MAX, Unreadable, absolute, identity
from monitoring.formats.plaintext import one_line
from monitoring.mentions.ingest import Incoming, ingest
from monitoring.models import EventMention, HotRank, HotTopic, Source
from monitoring.sources.feeds import Taken
from monitoring.sources.fetching import Fetched
from monitoring.sources.routes import Platform, platforms
from monitoring.turns import lock_unit
from monitoring.watches.reading import watch_matcher

ITEMS_MAX = 100
HEAT_MAX = 100


@dataclass(frozen=True)
class HotLine:
    external_id: str
    title: str
    url: str
    heat: str
    rank: int


@dataclass(frozen=True)
class HotList:
    updated_at: datetime | None
    lines: tuple[HotLine, ...]


def read_hot_list(data: bytes, *, platform: Platform) -> HotList:
    """Raises `Unreadable`."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise Unreadable("web_page" if data.lstrip()[:1] == b"<" else "broken_json") from None
    items = document.get("items") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(items, list):
        raise Unreadable("not_a_hot_list")
    if document.get("id") not in {None, platform.code}:
        raise Unreadable("wrong_platform")
    lines: dict[str, HotLine] = {}
    for item in items[:ITEMS_MAX]:
        if isinstance(item, dict) and (line := _line(item, rank=len(lines) + 1, platform=platform)):
            lines.setdefault(line.external_id, line)
    return HotList(_moment(document.get("updatedTime")), tuple(lines.values()))


def _line(item: dict[str, Any], *, rank: int, platform: Platform) -> HotLine | None:
    url, mobile = (str(item.get(name) or "") for name in ("url", "mobileUrl"))
    for link in filter(None, (url, mobile)):
        if not platform.owns(link):
            raise Unreadable("foreign_links", host=_host(link))
    title = one_line(_text(item.get("title")), limit=TITLE_MAX)
    link = absolute(url or mobile, base="") or ""
    extra = item.get("extra")
    heat = _text(extra.get("info")) if isinstance(extra, dict) else ""
    if not title:
        return None
    known_as = identity(_text(item.get("id")), link=link, content=(title,))
    return HotLine(known_as, title, link, one_line(heat, limit=HEAT_MAX), rank)


def _text(value: Any) -> str:
    """Ids come as numbers or as texts."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).replace("\x00", "").encode("utf-8", errors="ignore").decode().strip()


def _host(link: str) -> str:
    try:
        return (urlsplit(link).hostname or link)[:100]
    except ValueError:
        return link[:100]


def _moment(value: Any) -> datetime | None:
    """Milliseconds since 1970 as a number or a text, or a date."""
    try:
        if isinstance(value, str) and not value.strip().isdigit():
            moment = datetime.fromisoformat(value)
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return datetime.fromtimestamp(int(value) / 1000, tz=UTC)
    except (ValueError, TypeError, OverflowError, OSError):
        return None


# ---- into the desk ----------------------------------------------------------------------------


def take_hot_list(source: Source, fetched: Fetched, *, now: datetime) -> Taken:
    """Ranks noted, topics that a watch wants taken in as mentions."""
    found = read_hot_list(fetched.body, platform=platforms()[source.route])
    moved = _noted(source, found, now=now)
    matcher = watch_matcher()
    wanted = [line for line in found.lines if any(matcher.match(line.title))]
    if not wanted:
        return Taken(entries=len(found.lines), new=0)
    done = ingest(source, [_incoming(line, found, source) for line in wanted], now=now)
    _grade_anew([done.ids[name] for name in done.ids.keys() & moved - done.new_ids], now=now)
    return Taken(entries=len(found.lines), new=done.new)


def _grade_anew(mentions: Sequence[int], *, now: datetime) -> None:
    """The events of topics that were known and stand elsewhere on the list now."""
    rows = EventMention.objects.filter(mention__in=mentions).values_list("event__unit", "event").order_by()
    events = sorted(set(rows))
    for unit_id in sorted({unit_id for unit_id, _event in events}):
        lock_unit(unit_id)
    raise_alerts({event_id for _unit, event_id in events}, now=now)


def _incoming(line: HotLine, found: HotList, source: Source) -> Incoming:
    raw = {"hot_list": source.route, "rank": line.rank, "heat": line.heat}
    return Incoming(
        external_id=line.external_id, title=line.title, url=line.url, published_at=found.updated_at, raw=raw
    )


def _noted(source: Source, found: HotList, *, now: datetime) -> set[str]:
    """Which topics of this answer moved; a row of history where a rank changed, and where a topic left the list."""
    ids = [line.external_id for line in found.lines]
    before = {topic.external_id: topic for topic in HotTopic.objects.filter(source=source, external_id__in=ids)}
    moved = [
        line for line in found.lines if line.external_id not in before or before[line.external_id].rank != line.rank
    ]
    HotTopic.objects.bulk_create(
        [_topic(source, line, before.get(line.external_id), now=now) for line in found.lines],
        update_conflicts=True,
        unique_fields=["source", "external_id"],
        update_fields=["title", "url", "heat", "rank", "best_rank", "last_seen_at"],
    )
    topics = {topic.external_id: topic for topic in HotTopic.objects.filter(source=source, external_id__in=ids)}
    left = list(HotTopic.objects.filter(source=source, rank__isnull=False).exclude(external_id__in=ids))
    HotTopic.objects.filter(pk__in=[topic.pk for topic in left]).update(rank=None)
    HotRank.objects.bulk_create(
        [HotRank(topic=topics[line.external_id], at=now, rank=line.rank) for line in moved]
        + [HotRank(topic=topic, at=now, rank=None) for topic in left]
    )
    return {line.external_id for line in moved}


def _topic(source: Source, line: HotLine, before: HotTopic | None, *, now: datetime) -> HotTopic:
    return HotTopic(
        source=source,
        external_id=line.external_id,
        title=line.title,
        url=line.url,
        heat=line.heat,
        rank=line.rank,
        best_rank=min(line.rank, before.best_rank if before else line.rank),
        first_seen_at=now,
        last_seen_at=now,
    )
