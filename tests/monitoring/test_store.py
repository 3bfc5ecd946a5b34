"""The store of mentions: kept by month, found in two characters, with its evidence; forgotten only as a whole month."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from python_calamine import CalamineWorkbook

from accounts.enums import AccessAction
from accounts.models import AccessLog, User
from accounts.paging import page_of
from cases.models import Case
from language.rules import Rule
from monitoring.mentions.ingest import Incoming, ingest
from monitoring.mentions.marks import mark, marks_of, marks_of_query
from monitoring.mentions.searching import ORDER, Criteria, search
from monitoring.mentions.store import add_months, forget_old
from monitoring.models import Event, Mention, MentionKey, Source, Watch
from tests.conftest import Organisation
from tests.factories.cases import CaseFactory
from tests.factories.monitoring import SourceFactory
from timeline.models import Entry

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("runbooks")]
TABLE = "monitoring_mention"
SignIn = Callable[[User], Client]


@pytest.fixture
def source(org: Organisation) -> Source:
    made: Source = SourceFactory.create(unit=org.branch)
    return made


def heard(source: Source, *texts: str, now: datetime, **fields: Any) -> list[Mention]:
    done = ingest(source, [Incoming(external_id=text[:80], text=text, **fields) for text in texts], now=now)
    return list(Mention.objects.filter(pk__in=done.ids.values()).order_by("pk"))


def months_of_the_store() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'monitoring_mention'::regclass"
        )
        return {row[0].removeprefix("monitoring_mention_") for row in cursor.fetchall()}


def test_months_stand_ready_before_they_begin(now: datetime) -> None:
    assert add_months(now=now) == 4
    assert add_months(now=now) == 0
    assert months_of_the_store() == {"rest", "202610", "202611", "202612", "202701"}


def test_what_came_before_its_month_was_there_moves_into_it(source: Source, now: datetime) -> None:
    heard(source, "热水器漏水", now=now)
    add_months(now=now)

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM monitoring_mention_202611")
        assert cursor.fetchone() == (1,)
    assert Mention.objects.count() == 1


def test_the_same_external_id_is_one_mention_for_ever(source: Source, now: datetime) -> None:
    heard(source, "热水器漏水", now=now)
    add_months(now=now)
    ingest(source, [Incoming(external_id="热水器漏水", text="另一段文字")], now=now + timedelta(days=60))

    assert [mention.text for mention in Mention.objects.all()] == ["热水器漏水"]


def test_nothing_is_forgotten_unless_the_organisation_says_so(source: Source, now: datetime) -> None:
    heard(source, "热水器漏水", now=now)
    add_months(now=now)

    assert forget_old(now=now + timedelta(days=900)) == 0
    assert Mention.objects.count() == 1


def test_a_month_past_its_time_goes_and_the_evidence_of_a_case_stays(
    org: Organisation, source: Source, agent: User, now: datetime
) -> None:
    add_months(now=now)
    Watch.objects.create(name="云栖", unit=org.branch, rule=Rule.of("云栖").to_dict())
    heard(source, "云栖的热水器漏水，客服一直不理人，泡坏了地板", now=now)
    heard(source, "今天天气不错，去公园走走", now=now)
    Event.objects.update(case=CaseFactory.create(unit=org.branch, created_by=agent))

    assert forget_old(now=now + timedelta(days=120), months=2) == 1

    assert [mention.text[:2] for mention in Mention.objects.all()] == ["云栖"]
    assert MentionKey.objects.count() == 1
    assert "202611" not in months_of_the_store()
    assert Entry.objects.get(verb="mentions.forgotten").details == {"before": "2027-01-01", "mentions": 1}
    assert Case.objects.count() == 1


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("漏水", {"金桥店热水器漏水", "熱水器漏水還不修"}),
        ("热水器 不修", {"熱水器漏水還不修"}),
        ("ＶＩＰ", {"vip客户说床垫塌了"}),
        ("床垫塌", {"vip客户说床垫塌了"}),
        ("器热", set()),
    ],
)
def test_two_characters_find_whatever_way_they_are_written(
    source: Source, commander: User, now: datetime, words: str, found: set[str]
) -> None:
    heard(source, "金桥店热水器漏水", "熱水器漏水還不修", "vip客户说床垫塌了", now=now)

    assert {mention.text for mention in search(commander, Criteria(q=words))} == found


def test_every_filter_narrows_and_they_narrow_together(org: Organisation, commander: User, now: datetime) -> None:
    social, news = (SourceFactory.create(unit=org.branch, source_type=kind) for kind in ("social", "news"))
    watch = Watch.objects.create(name="床垫", unit=org.branch, rule=Rule.of("床垫").to_dict())
    (angry,) = heard(social, "床垫太差了，骗子，垃圾质量，气死我了，要求退货", now=now, author="小明", reach=20_000)
    (calm,) = heard(news, "今天去看了沙发，很舒服，服务很好", now=now + timedelta(days=2), author="晚报")

    def found(**criteria: Any) -> list[int]:
        return list(search(commander, Criteria(**criteria)).order_by("pk").values_list("pk", flat=True))

    assert found() == [angry.pk, calm.pk]
    assert found(tone="negative") == [angry.pk]
    assert found(source_type="news") == found(source=news.pk) == found(tone="other") == [calm.pk]
    assert found(watch=watch.pk) == found(author="小明") == found(reach=10_000) == [angry.pk]
    assert found(reach=100_000) == []
    assert found(since=now + timedelta(days=1)) == [calm.pk]
    assert found(until=now + timedelta(days=1)) == [angry.pk]
    assert found(kind="negative_review", tone="negative", q="退货", watch=watch.pk) == [angry.pk]
    assert found(event=Event.objects.get().pk) == [angry.pk]
    assert found(source_type="news", tone="negative") == []


def test_people_find_what_the_sources_of_their_units_brought(
    org: Organisation, source: Source, sign_in: SignIn, agent: User, outsider: User, now: datetime
) -> None:
    (mention,) = heard(source, "热水器漏水", now=now)

    assert sign_in(agent).get(reverse("monitoring:mentions"), {"q": "漏水"}).context["page"].rows == [mention]
    assert sign_in(outsider).get(reverse("monitoring:mentions"), {"q": "漏水"}).context["page"].rows == []
    assert sign_in(outsider).get(mention.get_absolute_url()).status_code == 404


def test_the_page_of_a_mention_holds_the_evidence(source: Source, sign_in: SignIn, agent: User, now: datetime) -> None:
    (mention,) = heard(
        source, "热水器<b>漏水</b>", now=now, raw={"id": 7, "text": "<script>"}, url="https://a.example/7"
    )

    page = sign_in(agent).get(mention.get_absolute_url()).content.decode()

    assert all(part in page for part in (mention.sha256, "https://a.example/7", "热水器&lt;b&gt;", "&lt;script&gt;"))


def test_figures_are_kept_as_history_and_only_when_they_change(source: Source, now: datetime) -> None:
    for day, reposts in enumerate([3, 3, 12]):
        item = Incoming(external_id="1", text="热水器漏水", figures={"reposts": reposts})
        ingest(source, [item], now=now + timedelta(days=day))

    rows = Mention.objects.get().figures.values_list("at", "figures")
    assert list(rows) == [(now, {"reposts": 3}), (now + timedelta(days=2), {"reposts": 12})]


@pytest.mark.parametrize("wrong", [{"q": "漏"}, {"since": "2026-11-20", "until": "2026-11-01"}, {"tone": "x"}])
def test_a_search_that_cannot_be_made_says_why(sign_in: SignIn, agent: User, wrong: dict[str, str]) -> None:
    response = sign_in(agent).get(reverse("monitoring:mentions"), wrong)

    assert (response.status_code, "errorlist" in response.content.decode()) == (422, True)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_what_is_found_leaves_as_a_table_without_formulas_and_is_logged(
    source: Source, sign_in: SignIn, agent: User, now: datetime, kind: str
) -> None:
    heard(source, "=HYPERLINK(漏水)", "床垫很好", now=now)

    response = sign_in(agent).get(reverse("monitoring:mentions_export", args=[kind]), {"q": "漏水"})
    content = b"".join(response.streaming_content)  # type: ignore[attr-defined]

    assert [row[7] for row in table(kind, content)] == ["Text", "'=HYPERLINK(漏水)"]
    assert list(AccessLog.objects.filter(action=AccessAction.EXPORT).values_list("user", "subject", "field")) == [
        (agent.pk, "mentions", kind)
    ]


def table(kind: str, content: bytes) -> list[list[str]]:
    if kind == "csv":
        assert content.startswith(b"\xef\xbb\xbf")
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()  # type: ignore[return-value]


@pytest.mark.parametrize("rows", [1, 3])
def test_a_page_of_finds_costs_three_queries_however_long_it_is(
    source: Source, agent: User, now: datetime, rows: int, django_assert_num_queries: Any
) -> None:
    heard(source, *[f"热水器漏水{number}" for number in range(rows)], now=now)
    assert agent.desk_unit is not None  # known from the session's first query on

    with django_assert_num_queries(3):  # the sources one sees, the count, the rows
        found = search(agent, Criteria(q="漏水")).select_related("source")
        page = page_of(found, QueryDict(), order=ORDER, words=lambda _n: "%(n)s")
        assert [str(mention.source) for mention in page.rows] == [str(source)] * rows


def test_a_page_turns_at_the_same_moment_seen(source: Source, sign_in: SignIn, agent: User, now: datetime) -> None:
    heard(source, *[f"热水器漏水第{number}次" for number in range(30)], now=datetime(2026, 11, 3, tzinfo=UTC))
    client, url = sign_in(agent), reverse("monitoring:mentions")

    first = client.get(url).context["page"]
    second = client.get(url + first.next_url).context["page"]

    assert (len(first.rows), len(second.rows), len({row.pk for row in [*first.rows, *second.rows]})) == (25, 5, 30)


def test_marks_of_words_are_those_a_search_asks_for() -> None:
    plain: dict[str, Any] = {"source_id": 1, "source_type": "social", "author": "", "reach": None, "is_negative": False}
    marks = marks_of("金桥店漏水", folded="金桥店漏水", kinds=(), watches=(), **plain)

    assert {mark("word", pair) for pair in ("金桥", "桥店", "店漏", "漏水")} <= set(marks)
    assert marks == marks_of("金桥店漏水", kinds=(), watches=(), **plain)
    assert set(marks_of_query("漏水 金桥")) == {mark("word", "漏水"), mark("word", "金桥")}
