"""Watches as people work with them: the editor, the look back, versions, lists, verdicts, noise."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.errors import Conflict, Invalid, NotAllowed, Stale
from accounts.health import Issue
from accounts.models import User
from language.matching import Matcher
from language.rules import Rule, parse_rule
from monitoring.alerts.grading import Facts
from monitoring.enums import ListKind
from monitoring.health import issues
from monitoring.mentions.ingest import Incoming
from monitoring.models import Alert, Event, HitVerdict, ListFind, Mention, NamedList, Watch, WatchHit
from monitoring.queries import verdicts_of
from monitoring.watches.noise import Sample, propose, with_exclusion
from monitoring.watches.precision import precision_of
from monitoring.watches.rule_editing import added, removed
from monitoring.watches.rule_help import examples
from monitoring.watches.trying import literals_of, try_rule
from monitoring.watches.watching import judge_hit, save_list, save_watch, shut_out
from notifications.models import InboxItem
from tests.conftest import Organisation
from tests.factories.monitoring import SourceFactory, WatchFactory, bring, said
from timeline.models import Entry

pytestmark = pytest.mark.usefixtures("runbooks")


@pytest.fixture
def desk(sign_in: Callable[[User], Client], monitor: User) -> Client:
    return sign_in(monitor)


def text(response: Any) -> str:
    return str(response.content.decode())


def form(org: Organisation, **given: Any) -> dict[str, Any]:
    return {"name": "门店", "unit": org.group.pk, "is_active": "on", "weight": 0, **given}


def make_list(
    monitor: User, now: datetime, name: str = "品牌", entries: str = "云栖\n云溪", **fields: Any
) -> NamedList:
    return save_list(NamedList(name=name, entries=entries, **fields), actor=monitor, now=now)


# ---- the editor ---------------------------------------------------------------------------------


def test_a_watch_is_written_as_text(desk: Client, org: Organisation) -> None:
    rule = "云栖 {云栖大会} | 金桥店\r\n+漏水\r\n-招聘 [type: social]"

    desk.post(reverse("monitoring:watch_new"), form(org, rule_text=rule))

    watch = Watch.objects.get()
    assert watch.rule == {
        "any": [{"term": "云栖", "exclude": ["云栖大会"]}, "金桥店"],
        "all": ["漏水"],
        "none": ["招聘"],
        "scope": {"types": ["social"]},
    }
    page = text(desk.get(reverse("monitoring:watch", args=[watch.pk])))
    assert "云栖 {云栖大会} | 金桥店 +漏水 -招聘 [type: social]</textarea>" in page
    assert "not in 云栖大会" in page


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("-招聘", "only says what must not occur"),
        ("", "The rule is empty"),
        ("金桥店\n+ 漏水", "Line 2, character 1: A sign without a term"),
        ("云栖 | [near: a, b]", "Line 1, character 6: Say how near"),
        ("[list: 没有]", "There is no list called “没有”"),
        ("[regex: (a+)+]", "may take forever"),
    ],
)
def test_a_rule_that_cannot_be_saved_says_where_and_why(rule: str, words: str, desk: Client, org: Organisation) -> None:
    response = desk.post(reverse("monitoring:watch_new"), form(org, rule_text=rule))

    assert response.status_code == 422
    assert words in text(response)
    assert not Watch.objects.exists()


def test_chips_follow_the_text_and_point_at_its_mistake(desk: Client) -> None:
    good = text(desk.post(reverse("monitoring:watch_rule"), {"rule_text": "云栖 +[near 5: 退款, 客服]"}))
    bad = text(desk.post(reverse("monitoring:watch_rule"), {"rule_text": "云栖 +"}))

    assert "云栖" in good
    assert "退款 · 客服" in good
    assert "<textarea" not in good  # the text stays under the hands of whoever writes it
    assert 'data-go-to="3"' in bad
    assert "A sign without a term" in bad


def test_a_chip_more_or_less_rewrites_the_text(desk: Client) -> None:
    url = reverse("monitoring:watch_rule")
    more = desk.post(url, {"rule_text": "云栖", "act": "add:all", "kind-all": "near", "value-all": "a, b"})
    less = desk.post(url, {"rule_text": "云栖 +漏水 -招聘", "act": "remove:all:0"})

    assert "云栖\n+[near 20: a, b]</textarea>" in text(more)
    assert "云栖\n-招聘</textarea>" in text(less)
    assert desk.post(url, {"rule_text": "a", "act": "add:all", "kind-all": "radio"}).status_code == 404


@pytest.mark.parametrize(
    ("before", "chip", "after"),
    [
        ("", {"group": "any", "kind": "term", "value": "C++ | Rust"}, '"C++ | Rust"'),
        ("云栖", {"group": "any", "kind": "term", "value": "滴滴 {点点滴滴}"}, "云栖 | 滴滴 {点点滴滴}"),
        ("云栖", {"group": "none", "kind": "regex", "value": "招[聘募]"}, '云栖\n-[regex: "招[聘募]"]'),
        ("-招聘", {"group": "any", "kind": "@", "value": "云栖家居"}, "[@: 云栖家居]\n-招聘"),
        ("云栖", {"group": "scope", "kind": "from", "value": "2026-11-01"}, "云栖 [from: 2026-11-01]"),
    ],
)
def test_a_chip_is_added(before: str, chip: dict[str, str], after: str) -> None:
    assert added(before, **chip) == after


def test_the_last_term_can_be_taken_away() -> None:
    assert removed("云栖 [type: news]", group="scope", place=0) == "云栖"
    assert removed("云栖 -招聘", group="any", place=0) == "-招聘"


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.rule)
def test_every_example_of_the_help_holds(example: Any) -> None:
    matcher = Matcher({"it": parse_rule(example.rule)})

    assert matcher.match(example.finds)
    assert not matcher.match(example.leaves)


def test_the_help_shows_them(desk: Client) -> None:
    page = text(desk.get(reverse("monitoring:watch_help")))

    assert "[near 10: 退款 | 退货, 客服]" in page


# ---- what it would have found --------------------------------------------------------------------


def test_a_rule_is_tried_on_the_last_30_days(org: Organisation, monitor: User, now: datetime) -> None:
    source = SourceFactory(unit=org.group)
    for days, name in ((40, "old"), (3, "near"), (0, "new")):
        bring(
            source,
            said(name, f"云栖{days}漏水", title="", published_at=now - timedelta(days=days)),
            now=now - timedelta(days=days),
        )
    bring(source, said("other", "天气很好", title=""), said("hidden", "云·栖漏水", title=""), now=now)

    tried = try_rule(Rule.of("云栖"), user=monitor, now=now)

    assert (tried.count, tried.share, len(tried.days)) == (3, 1.0, 30)
    assert [count for _, count in tried.bars if count] == [1, 2]
    assert {find.mention.external_id for find in tried.finds} == {"near", "new", "hidden"}


def test_numbers_far_apart_are_all_looked_at(org: Organisation, monitor: User, now: datetime) -> None:
    source = SourceFactory(unit=org.group)
    bring(source, said("first", "云栖漏水", title=""), said("between", "天气很好", title=""), now=now)
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval('monitoring_mention_number', currval('monitoring_mention_number') + 700000)")
    bring(source, said("last", "云栖又漏水", title=""), now=now)

    tried = try_rule(Rule.of("云栖"), user=monitor, now=now, limit=60)

    assert (tried.count, tried.is_sampled) == (2, False)


def test_where_time_runs_out_it_says_so_and_reckons_up(org: Organisation, monitor: User, now: datetime) -> None:
    source = SourceFactory(unit=org.group)
    bring(source, *[said(str(n), f"云栖第{n}天漏水", title="") for n in range(128)], now=now)

    tried = try_rule(Rule.of("云栖"), user=monitor, now=now, limit=-1)

    assert tried.is_sampled
    assert tried.found == 2
    assert tried.count == 128


def test_others_mentions_stay_unseen_in_the_look_back(org: Organisation, outsider: User, now: datetime) -> None:
    bring(SourceFactory(unit=org.branch), said("1", "云栖漏水"), now=now)

    assert try_rule(Rule.of("云栖"), user=outsider, now=now).count == 0


def test_the_preview_shows_marks_bars_and_an_estimate(desk: Client, org: Organisation) -> None:
    from timeline.now import now as current

    source = SourceFactory(unit=org.group)
    bring(source, said("1"), said("2", "天气", title=""), said("3", "金桥店 <b>漏水", title=""), now=current())

    page = text(desk.post(reverse("monitoring:watch_try"), {"rule_text": "金桥店"}))

    assert "<b>2</b> mentions within 30 days" in page
    assert "<mark>金桥店</mark>热水器漏水" in page
    assert "<b>漏水" not in page
    assert page.count("<rect") == 30
    assert not Watch.objects.exists()


@pytest.mark.parametrize(
    ("rule", "literals"),
    [
        ("云栖 | 云溪", ["云栖", "云溪"]),
        ("云栖 | [regex: \\d+]", None),
        ("[regex: 退款\\d+]", ["退款"]),
        ("+漏水 +[near 5: a | b, c]", ["漏水"]),
        ("[@: 云栖]", ["@云栖"]),
    ],
)
def test_the_database_is_asked_for_what_every_find_holds(rule: str, literals: list[str] | None) -> None:
    assert literals_of(parse_rule(rule), {}) == literals


# ---- versions -------------------------------------------------------------------------------------


def test_versions_say_who_when_why_and_what(desk: Client, org: Organisation, monitor: User, now: datetime) -> None:
    watch = save_watch(Watch(name="x", rule={"any": ["金桥店"]}, unit=org.group), actor=monitor, now=now)
    watch.rule = {"any": ["金桥店", "徐汇店"]}
    save_watch(watch, actor=monitor, now=now, why="新店开业", seen_version=1)

    page = text(desk.get(watch.get_absolute_url()))

    assert [v.number for v in watch.versions.all()] == [2, 1]
    assert "新店开业" in page
    assert "金桥店<ins> | 徐汇店</ins>" in page


def test_who_was_slower_is_told(org: Organisation, desk: Client, monitor: User, now: datetime) -> None:
    watch = save_watch(Watch(name="x", rule={"any": ["a"]}, unit=org.group), actor=monitor, now=now)
    save_watch(watch, actor=monitor, now=now, seen_version=1)

    with pytest.raises(Stale):
        save_watch(watch, actor=monitor, now=now, seen_version=1)
    response = desk.post(watch.get_absolute_url(), form(org, rule_text="b", seen_version=1))
    assert response.status_code == 412
    assert "Somebody else saved this watch meanwhile" in text(response)


# ---- lists ----------------------------------------------------------------------------------------


def test_a_changed_list_changes_what_its_watches_find(org: Organisation, monitor: User, now: datetime) -> None:
    row = make_list(monitor, now)
    WatchFactory(unit=org.group, rule={"any": [{"list": ["品牌"]}]})
    source = SourceFactory(unit=org.group)

    assert bring(source, said("1", "远山漏水", title=""), now=now).alert_ids == ()
    row.entries += "\n远山"
    save_list(row, actor=monitor, now=now, seen_version=1)
    assert len(bring(source, said("2", "远山又漏水了", title=""), now=now).alert_ids) == 1


def test_lists_in_a_circle_and_twice_the_same_name_are_refused(org: Organisation, monitor: User, now: datetime) -> None:
    make_list(monitor, now, "A", "[list: B]\n甲")
    with pytest.raises(Invalid) as circle:
        make_list(monitor, now, "B", "[list: Ａ]")
    with pytest.raises(Invalid) as twice:
        make_list(monitor, now, "ａ", "乙")
    with pytest.raises(Invalid) as broken:
        make_list(monitor, now, "C", "甲\n乙 {")

    assert "b → a → b" in str(circle.value)
    assert "name" in twice.value.fields
    assert "Line 2" in str(broken.value)


def test_agents_keep_no_lists(org: Organisation, agent: User, now: datetime) -> None:
    with pytest.raises(NotAllowed):
        make_list(agent, now)


def test_a_key_list_marks_mentions_and_weighs_in_the_grade(org: Organisation, monitor: User, now: datetime) -> None:
    make_list(monitor, now, "重点产品", "热水器", kind=ListKind.PRODUCT, weight=15)
    WatchFactory(unit=org.group)
    bring(SourceFactory(unit=org.group), said("1"), now=now)

    signals = {reason["signal"]: reason["value"] for reason in Alert.objects.get().reasons}

    assert ListFind.objects.get().named_list.name == "重点产品"
    assert signals.items() >= {"watch_key_product": 1, "watch_weight": 15}.items()
    assert Facts().watch_points == {}


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_of_lists_costs_the_same(
    count: int, desk: Client, monitor: User, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        make_list(monitor, now, f"名单{number}")
    from opinion_desk import navigation, waiting

    desk.get(reverse("monitoring:lists"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(navigation, "waiting_for", lambda *_a, **_k: waiting.Waiting())
        with django_assert_num_queries(4):
            desk.get(reverse("monitoring:lists"))


def test_a_list_is_made_and_changed_in_the_browser(desk: Client) -> None:
    desk.post(reverse("monitoring:list_new"), {"name": "品牌", "kind": "words", "weight": 0, "entries": "云栖"})
    row = NamedList.objects.get()
    again = {"name": "品牌", "kind": "words", "weight": 0, "entries": "云栖\n云溪"}

    assert desk.post(row.get_absolute_url(), {**again, "seen_version": 7}).status_code == 412
    assert desk.post(row.get_absolute_url(), {**again, "seen_version": 1}).status_code == 302
    assert NamedList.objects.get().version == 2


# ---- scope and slow patterns -----------------------------------------------------------------------


def test_a_scope_is_looked_at_when_mentions_come_in(org: Organisation, now: datetime) -> None:
    here = WatchFactory(unit=org.group, rule=parse_rule("漏水 [unit: east] [from: 2026-01-01]").to_dict())
    WatchFactory(unit=org.group, rule=parse_rule("漏水 [source: 别处]").to_dict())

    bring(SourceFactory(unit=org.branch), said("1", "漏水", published_at=now), now=now)
    bring(SourceFactory(unit=org.other_branch), said("1", "漏水", published_at=now), now=now)

    assert list(WatchHit.objects.values_list("watch", "mention__source__unit")) == [(here.pk, org.branch.pk)]


def test_a_pattern_too_slow_is_an_incident_and_stops_nothing(org: Organisation, monitor: User, now: datetime) -> None:
    part = "(?:a|b|ab){1,19}"
    slow = WatchFactory(unit=org.group, rule={"any": [{"regex": part * 4 + "c"}]})
    good = WatchFactory(unit=org.group, rule={"any": ["漏水"]})
    source = SourceFactory(unit=org.group)

    bring(source, *[Incoming(external_id=str(n), text="ab" * 200 + f"c漏水{n}") for n in range(2)], now=now)

    slow.refresh_from_db()
    assert set(WatchHit.objects.values_list("watch", flat=True)) == {good.pk}
    assert slow.trouble == "slow_pattern"
    assert InboxItem.objects.filter(user=monitor, kind="watch.troubled").count() == 1
    assert Issue("watches", "degraded", "1 watch does not do its work.") in issues(now)
    assert save_watch(slow, actor=monitor, now=now).trouble == ""


# ---- verdicts and noise ----------------------------------------------------------------------------


@pytest.fixture
def hit(org: Organisation, now: datetime) -> WatchHit:
    WatchFactory(unit=org.group, rule={"any": ["云栖"]})
    source = SourceFactory(unit=org.group)
    texts = ("云栖大会今天开幕", "云栖大会的门票", "云栖的床塌了", "买了云栖沙发")
    bring(source, *[said(str(n), text, title="") for n, text in enumerate(texts)], now=now)
    return WatchHit.objects.get(mention__external_id="0")


def test_noise_is_noted_and_its_phrase_shut_out(desk: Client, hit: WatchHit, monitor: User) -> None:
    answer = desk.post(reverse("monitoring:hit_judge", args=[hit.pk]), {"verdict": "noise"})
    page = text(desk.get(answer["Location"]))
    assert "<b>云栖大</b>" in page

    given = {"term": "云栖", "phrase": "云栖大会", "seen_version": 1}
    desk.post(reverse("monitoring:hit_shut_out", args=[hit.pk]), given)

    watch = Watch.objects.get()
    assert watch.rule == {"any": [{"term": "云栖", "exclude": ["云栖大会"]}]}
    assert (watch.version, watch.versions.get().why) == (2, "Noise: “云栖大会”")
    assert HitVerdict.objects.get().user == monitor
    assert Entry.objects.filter(verb="watch.noise").count() == 1
    assert desk.post(reverse("monitoring:hit_shut_out", args=[hit.pk]), given).status_code == 412


def test_precision_counts_the_newest_verdict_of_a_hit(
    desk: Client, hit: WatchHit, monitor: User, supervisor: User, now: datetime
) -> None:
    judge_hit(hit, is_noise=False, actor=monitor, now=now)
    judge_hit(hit, is_noise=True, actor=monitor, now=now)
    other = WatchHit.objects.exclude(pk=hit.pk).order_by("pk").last()
    assert other is not None
    judge_hit(other, is_noise=False, actor=monitor, now=now)

    assert verdicts_of([hit.watch_id]) == {hit.watch_id: (2, 1)}
    assert "of 2 judged finds were good (likely 9 to 91 %)." in text(desk.get(hit.watch.get_absolute_url()))


def test_a_find_is_judged_where_it_is_read(desk: Client, hit: WatchHit) -> None:
    url = Event.objects.get(members__mention=hit.mention).get_absolute_url()

    assert "This is noise" in text(desk.get(url))
    answer = desk.post(
        reverse("monitoring:hit_judge", args=[hit.pk]), {"verdict": "relevant"}, headers={"HX-Request": "true"}
    )
    assert "good find" in text(answer)
    assert "good find" in text(desk.get(url))


def test_no_phrase_is_proposed_that_would_not_drop_the_noise() -> None:
    twice = Sample("云栖家居，云栖沙发", [(0, 2), (5, 7)], is_noise=True)

    assert propose(Rule.of("云栖"), twice, []) == []


def test_strangers_judge_nothing(hit: WatchHit, sign_in: Callable[[User], Client], outsider: User, agent: User) -> None:
    assert sign_in(outsider).post(reverse("monitoring:hit_judge", args=[hit.pk])).status_code == 404
    with pytest.raises(NotAllowed):
        judge_hit(hit, is_noise=True, actor=agent, now=Mention.objects.all()[0].first_seen_at)


def test_a_term_that_is_gone_cannot_be_narrowed(hit: WatchHit, monitor: User, now: datetime) -> None:
    with pytest.raises(Conflict):
        shut_out(hit.watch, term="别的", phrase="别的东西", seen_version=1, actor=monitor, now=now)


def test_the_phrase_proposed_is_the_shortest_that_spares_good_finds() -> None:
    rule = Rule.of("云栖")
    noise = Sample("在云栖大会上", [(1, 3)], is_noise=True)
    others = [
        Sample("云栖大会门票", [(0, 2)], is_noise=True),
        Sample("云栖大卖场漏水", [(0, 2)], is_noise=False),
        Sample("我在云栖大会和云栖店", [(2, 4), (7, 9)], is_noise=None),
    ]

    best = propose(rule, noise, others)[0]

    assert (best.phrase, best.noise, best.good, best.unjudged) == ("云栖大会", 2, 0, 0)


def test_an_exclusion_keeps_the_built_in_ones() -> None:
    rule = with_exclusion(Rule.of("滴滴"), term="滴滴", phrase="滴滴筛查")
    assert rule is not None

    matcher = Matcher({"it": rule})
    assert not matcher.match("点点滴滴")
    assert not matcher.match("滴滴筛查")
    assert matcher.match("滴滴司机绕路")


@pytest.mark.parametrize(
    ("judged", "good", "low", "high"), [(10, 10, 72, 100), (10, 0, 0, 28), (100, 50, 40, 60), (0, 0, 0, 100)]
)
def test_a_share_of_few_is_said_to_be_unsure(judged: int, good: int, low: int, high: int) -> None:
    precision = precision_of(judged, good)

    assert (precision.low_percent, precision.high_percent) == (low, high)
