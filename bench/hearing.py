"""What the desk hears, end to end into PostgreSQL: feed bytes → parsed → folded → 1,000 watches → sentiment → prints →
event → grade → alert; and how fast the store is searched. As many processes as LISTENERS read a source each.
`MENTIONS=200000 STORED=2000000` for the long run."""

import hashlib
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache, partial
from itertools import accumulate
from operator import sub

import psutil
from django.core.management import call_command
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.http import QueryDict

from accounts.models import Unit, User
from accounts.paging import page_of
from bench.report import Report
from language.folding import fold_text
from language.rules import Pattern, Rule, Term
from language.similarity import core, fingerprints_of_core
from monitoring.formats.parsing import read
from monitoring.mentions.ingest import ingest
from monitoring.mentions.marks import REACH
from monitoring.mentions.searching import ORDER, Criteria, search
from monitoring.mentions.store import add_months
from monitoring.models import Alert, Event, Source, Watch
from monitoring.sources.feeds import incoming_of
from monitoring.watches.trying import Tried, try_rule
from timeline.now import now as current_time

WATCHES = 1_000
BATCH = 500
WATCHED = 0.05  # of all posts; of these most repeat a story that is known
NEW_STORY = 0.05
SYLLABLES = "云栖金桥徐汇天河滨江城北木棉青禾远山海棠清风朗月白露星河长安江南北辰东篱南山西岭松涛竹影"
THINGS = ("床垫", "沙发", "衣柜", "热水器", "餐桌", "灯具", "窗帘", "橱柜", "地板", "门锁", "浴霸", "书桌")
TALK = (
    "做工不错，送货也准时，下次还来",
    "用了一周就坏，客服电话一直打不通",
    "安装师傅很专业，讲解得很清楚",
    "等了半个月还没到货，催了三次没人理",
    "颜色和图片不一样，退货还要自己出运费",
    "味道太大不敢住，检测报告一直不给",
    "周末带孩子去逛，人很多但体验还行",
)
CHARACTERS = "".join(c for c in map(chr, range(0x4E00, 0x4E00 + 3000)) if fold_text(c) == c)
MORE = ("周末去看的", "朋友推荐来的", "双十一下的单", "第二次买了", "装修群里有人问", "记录一下", "想问问大家")


def run(report: Report) -> None:
    count, stored = int(os.environ.get("MENTIONS", "20000")), int(os.environ.get("STORED", "200000"))
    rng = random.Random(7)  # noqa: S311 -- synthetic
    call_command("load_demo_people", verbosity=0)
    sources, brands = prepare(rng)
    first = _heard(report, sources, count=count, name="empty", start=0)
    with report.timed("hearing.filled_ms", how=f"{stored:,} mentions with keys, hits, events and members"):
        _fill(sources[0], stored, brands)
    again = _heard(report, sources, count=count, name="stored", start=count)
    _searched(report, brands, stored=stored)
    _previewed(report, brands, stored=stored)
    report.add("hearing.kept_up", round(again / first, 2), "×", how=f"rate with {stored:,} stored over the rate before")


def prepare(rng: random.Random) -> tuple[list[Source], list[str]]:
    now = current_time()
    add_months(now=now)
    unit = Unit.objects.get(parent=None)
    sources = [
        Source.objects.create(name=f"bench {number}", kind="push", source_type="social", unit=unit)
        for number in range(int(os.environ.get("LISTENERS", "2")))
    ]
    brands = sorted({"".join(rng.sample(SYLLABLES, 3)) for _ in range(WATCHES * 2)})[:WATCHES]
    Watch.objects.bulk_create(Watch(name=brand, unit=unit, rule=Rule.of(brand).to_dict()) for brand in brands)
    return sources, brands


def _heard(report: Report, sources: Sequence[Source], *, count: int, name: str, start: int) -> float:
    """All listeners at once, each with its part; the sum of their rates."""
    part = count // len(sources)
    orders = [{"source": source.pk, "count": part, "start": start, "seed": source.pk + start} for source in sources]
    begun, used = time.perf_counter(), _all_server_seconds()
    running = [
        subprocess.Popen([sys.executable, "-m", "bench.listener", json.dumps(order)], stdout=subprocess.PIPE)
        for order in orders
    ]
    answers = [json.loads(process.communicate()[0]) for process in running]
    spent, used = time.perf_counter() - begun, _all_server_seconds() - used
    heard = sum(answer["heard"] for answer in answers)
    rate = float(sum(answer["heard"] / answer["seconds"] for answer in answers))
    own, theirs = (sum(answer[key] * answer["heard"] for answer in answers) / heard for key in ("own_us", "server_us"))
    found = f"{Event.objects.count():,} events, {Alert.objects.count():,} alerts so far"
    how = (
        f"{heard:,} posts in feeds of {BATCH} heard in {spent:.0f} s, {len(sources)} processes with a source each,"
        f" {WATCHES:,} watches, {WATCHED:.0%} of the posts watched; CPU of each {own:.0f} µs ours, {theirs:.0f} µs"
        f" PostgreSQL's for us, {used / heard * 1e6:.0f} µs with all it does besides; {found}"
    )
    report.add(f"hearing.{name}_per_second", round(rate), "mentions/s", how=how)
    first, last = (sum(answer[key] for answer in answers) for key in ("first_rate", "last_rate"))
    cost, costs = (statistics.mean(answer[key] for answer in answers) for key in ("first_us", "last_us"))
    how = (
        f"the last quarter at {last:.0f} a second, the first one at {first:.0f};"
        f" CPU, ours and PostgreSQL's for us, {costs:.0f} µs and {cost:.0f} µs"
    )
    report.add(f"hearing.{name}_sustained", round(last / first, 2), "×", how=how)
    peak = max(answer["peak_mb"] for answer in answers)
    report.add(f"hearing.{name}_memory_mb", round(peak), "MB", how="peak of the greatest of these processes")
    return rate


def listen(source: int, *, count: int, start: int, seed: int) -> dict[str, float]:
    """One process reads one source: what a worker does, without the fetching."""
    heard_of, brands = Source.objects.get(pk=source), sorted(Watch.objects.values_list("name", flat=True))
    server, heard = _server_process(), 0
    rounds: list[tuple[float, float, float]] = []  # seconds by the clock, of our CPU, of PostgreSQL's for us
    for body in _feeds(brands, random.Random(seed), count=count, start=start):  # noqa: S311 -- synthetic
        before = _clocks(server)
        heard += ingest(heard_of, incoming_of(read(body, base_url="https://feed.example/")), now=current_time()).new
        rounds.append(tuple(map(sub, _clocks(server), before)))
    quarter = max(1, len(rounds) // 4)
    whole, first, last = (
        [sum(column) for column in zip(*part, strict=True)] for part in (rounds, rounds[:quarter], rounds[-quarter:])
    )
    return {
        "heard": heard,
        "seconds": whole[0],
        "own_us": whole[1] / heard * 1e6,
        "server_us": whole[2] / heard * 1e6,
        "first_rate": quarter * BATCH / first[0],
        "last_rate": quarter * BATCH / last[0],
        "first_us": (first[1] + first[2]) / quarter / BATCH * 1e6,
        "last_us": (last[1] + last[2]) / quarter / BATCH * 1e6,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _clocks(server: psutil.Process | None) -> tuple[float, float, float]:
    return time.perf_counter(), time.process_time(), _seconds(server) if server else 0.0


def _all_server_seconds() -> float:
    """The same of all PostgreSQL's processes, those that write back and tidy up included."""
    found = _server_process()
    server = found.parent() if found else None
    if server is None:
        return 0.0
    gone = server.cpu_times()
    return gone.children_user + gone.children_system + sum(_seconds(child) for child in server.children())


def _server_process() -> psutil.Process | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        try:
            return psutil.Process(cursor.fetchone()[0])
        except psutil.NoSuchProcess:
            return None


def _seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


def _feeds(brands: list[str], rng: random.Random, *, count: int, start: int) -> Iterator[bytes]:
    stories: list[str] = []
    for first in range(start, start + count, BATCH):
        items = "".join(_item(number, _text(brands, stories, rng)) for number in range(first, first + BATCH))
        yield f'<rss version="2.0"><channel><title>bench</title><link>https://feed.example/</link><description>posts</description>{items}</channel></rss>'.encode()


def _item(number: int, text: str) -> str:
    return (
        f"<item><title>{text[:20]}</title><guid>{number}</guid><link>https://feed.example/{number}</link>"
        f"<description>{text}</description><pubDate>Sat, 21 Nov 2026 08:00:00 GMT</pubDate></item>"
    )


def _text(brands: list[str], stories: list[str], rng: random.Random) -> str:
    if rng.random() >= WATCHED:
        said = "".join(rng.choices(_vocabulary(), cum_weights=_weights(), k=8))
        return f"{rng.choice(MORE)}，买的{rng.choice(THINGS)}，{rng.choice(TALK)}。{said}"
    if not stories or rng.random() < NEW_STORY:
        stories.append(_story(brands, rng))
    recent = min(int(rng.expovariate(0.3)), len(stories) - 1)
    return f"{rng.choice(('转发微博 ', '', '太离谱了 '))}{stories[-1 - recent]}"


def _story(brands: list[str], rng: random.Random) -> str:
    words = "".join(rng.sample(SYLLABLES, 12))
    return f"{rng.choice(brands)}的{rng.choice(THINGS)}{words}，{rng.choice(TALK)}，{rng.choice(MORE)}"


@cache
def _vocabulary() -> list[str]:
    """Words as they come in a language: 30,000 of two characters, a few often and most hardly ever."""
    rng = random.Random(11)  # noqa: S311 -- synthetic
    return ["".join(rng.choices(CHARACTERS, k=2)) for _ in range(30_000)]


@cache
def _weights() -> list[float]:
    return list(accumulate(1 / rank for rank in range(1, 30_001)))


# What was heard, again and again over the last ten months, with its keys and its hits.
_COPY = """
WITH copied AS (
    INSERT INTO monitoring_mention (source_id, external_id, title, text, url, author, published_at, first_seen_at,
        sha256, raw, folded, negative, is_negative, sentiment_reasons, risk_kinds, prints, marks)
    SELECT source_id, 'copy-' || lap || '-' || id, title, text, url, author, published_at,
        %(now)s - (random() * interval '300 days'), sha256, raw, folded, negative, is_negative, sentiment_reasons,
        risk_kinds, prints, marks
    FROM generate_series(1, %(laps)s) AS lap, monitoring_mention WHERE id <= %(heard)s LIMIT %(limit)s
    RETURNING id, source_id, external_id, first_seen_at
), keyed AS (
    INSERT INTO monitoring_mentionkey (source_id, digest, mention_id, first_seen_at)
    SELECT source_id, md5(external_id)::uuid, id, first_seen_at FROM copied
)
INSERT INTO monitoring_watchhit (mention_id, watch_id, spans, is_suspected)
SELECT copied.id, hit.watch_id, hit.spans, hit.is_suspected
FROM copied JOIN monitoring_watchhit AS hit ON hit.mention_id = split_part(external_id, '-', 3)::bigint
"""
_MEMBERS = """
INSERT INTO monitoring_eventmention (event_id, mention_id, likeness, joined_at, said_at, first_seen_at, source_id,
    negative, is_negative, risk_kinds, severity)
SELECT event.id, %(heard)s + row_number() OVER (), 1, event.last_seen_at, event.last_seen_at, event.last_seen_at,
    %(source)s, 0.5, false, '{}', 1
FROM monitoring_event AS event, generate_series(1, 20) WHERE event.title = %(title)s
"""
OLD = "heard before"


def _fill(source: Source, stored: int, brands: list[str]) -> None:
    """The rest of the store: what was heard again and again over ten months, and the events of that time."""
    now = current_time()
    with connection.cursor() as cursor, _without_marks_index(cursor):
        for back in range(11):
            cursor.execute("SELECT monitoring_add_month(%s)", [(now - timedelta(days=30 * back)).date()])
        cursor.execute("SELECT max(id), count(*) FROM monitoring_mention")
        newest, heard = cursor.fetchone()
        cursor.execute(_COPY, {"now": now, "laps": stored // heard + 1, "heard": newest, "limit": stored})
        count = round(stored * WATCHED * NEW_STORY)
        Event.objects.bulk_create(_old_events(source, brands, count, newest, now=now), batch_size=1_000)
        cursor.execute(_MEMBERS, {"heard": newest, "source": source.pk, "title": OLD})
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _old_events(source: Source, brands: list[str], count: int, newest: int, *, now: datetime) -> Iterator[Event]:
    rng = random.Random(newest)  # noqa: S311 -- synthetic
    for _ in range(count):
        told = core(_story(brands, rng))
        seen = now - timedelta(days=300) * rng.random()
        yield Event(
            unit_id=source.unit_id,
            title=OLD,
            first_mention_id=newest,
            prints=sorted(fingerprints_of_core(told)),
            seed_hash=hashlib.sha256(told.encode()).hexdigest(),
            first_seen_at=seen,
            last_seen_at=seen,
        )


@contextmanager
def _without_marks_index(cursor: CursorWrapper) -> Iterator[None]:
    """An index of everything at once is made several times faster than row by row."""
    cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'mention_by_marks'")
    made = cursor.fetchone()[0].replace(" ON ONLY ", " ON ")
    cursor.execute("DROP INDEX mention_by_marks")
    yield
    cursor.execute("SET maintenance_work_mem = '512MB'")
    cursor.execute(made)
    cursor.execute("RESET maintenance_work_mem")


def _searched(report: Report, brands: list[str], *, stored: int) -> None:
    """A page of the list with its count, for a person who sees everything."""
    user, now = User.objects.get(username="commander"), current_time()
    since, until = now - timedelta(days=200), now - timedelta(days=190)
    watch = Watch.objects.order_by("pk")[5].pk
    asked = {
        "words": [Criteria(q=words) for words in ("退货", "床垫", "漏水", brands[0], "沙发 床垫", "床垫 退货")],
        "filters": [
            Criteria(tone="negative", source_type="social", q="退货"),
            Criteria(tone="negative", kind="negative_review", q="窗帘"),
            Criteria(q="床垫 讲解", tone="negative"),
            Criteria(reach=REACH[0]),
            Criteria(q="退货", since=since, until=until),
            Criteria(q=brands[1], since=since, until=until),
            Criteria(watch=watch),
        ],
    }
    how = f"a page of the list with its count, {stored:,} stored"
    for name, several in asked.items():
        spent = [_ms(partial(_page, user, criteria)) for criteria in several for _round in range(5)]
        report.add(f"hearing.search_{name}_median_ms", statistics.median(spent), "ms", how=how)
        report.add(f"hearing.search_{name}_worst_ms", max(spent), "ms", how=f"{len(several)} searches 5 times; {how}")


def _previewed(report: Report, brands: list[str], *, stored: int) -> None:
    """What a rule would have found in 30 days, as the editor of a watch shows it before it is saved."""
    user, now = User.objects.get(username="commander"), current_time()
    rules = {
        "usual": Rule(any_of=(Term(brands[0]), Term(brands[1])), none_of=(Term("招聘"),)),
        "common": Rule(all_of=(Term("床垫"), Term("退货"))),
        "pattern": Rule(any_of=(Pattern(r"第[一二三四五]次"),)),
    }
    for name, rule in rules.items():
        tried: list[Tried] = []
        spent = [_ms(lambda: tried.append(try_rule(rule, user=user, now=now))) for _round in range(3)]  # noqa: B023 -- called at once
        how = f"{tried[-1].count:,} finds in 30 days, {tried[-1].share:.0%} of them looked at; {stored:,} stored"
        report.add(f"hearing.preview_{name}_worst_ms", max(spent), "ms", how=how)


def _page(user: User, criteria: Criteria) -> object:
    return page_of(search(user, criteria), QueryDict(), order=ORDER, words=lambda _n: "%(n)s")


def _ms(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000
