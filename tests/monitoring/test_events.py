"""Covers: the sweep over events (heat, stage, words, forecasts), links to complaints, and the screens of events."""

from datetime import datetime, timedelta

import pytest
from django.http import Http404
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.errors import NotAllowed, Stale
from accounts.models import User
from cases.enums import Confidentiality
from cases.models import Case
from cases.panels import panels_of
from monitoring.enums import Decision, SourceType, Stage
from monitoring.events.event_charts import drawing_of
from monitoring.events.expecting import hold_against_what_came, outlook_of
from monitoring.events.heat import curve_of, heat_at
from monitoring.events.heat_rules import change_heat, current_heat, default_heat
from monitoring.events.linking import decide_link, links_of_case, links_of_event
from monitoring.events.operations import split_event
from monitoring.events.spreading import spread_of
from monitoring.events.tending import tend_all
from monitoring.models import CaseLink, Event, EventForecast, EventSuggestion
from monitoring.queries import MEMBERS_SHOWN
from tests.conftest import Organisation
from tests.factories.cases import CaseFactory
from tests.factories.monitoring import LEAK, SourceFactory, WatchFactory, bring, make_events, said
from timeline.now import shifted
from timeline.queries import entries_of
from timeline.refs import ref

pytestmark = pytest.mark.usefixtures("runbooks")
HOUR = timedelta(hours=1)


@pytest.fixture
def desk(client: Client, monitor: User) -> Client:
    client.force_login(monitor)
    return client


@pytest.fixture
def leak(org: Organisation, now: datetime) -> Event:
    """Two posts an hour for ten hours, then a big author, a paper, and eight posts more in the last hour."""
    WatchFactory(unit=org.group)
    forum = SourceFactory(unit=org.group)
    paper = SourceFactory(unit=org.group, source_type=SourceType.NEWS)
    slow = [said(f"s{n}", published_at=now - 12 * HOUR + n * HOUR / 2) for n in range(20)]
    fast = [said(f"f{n}", published_at=now - 5 * timedelta(minutes=n + 1), figures={"likes": n}) for n in range(8)]
    big = said("big", author="大V", reach=900_000, published_at=now - 70 * timedelta(minutes=1))
    bring(forum, *slow, big, *fast, now=now)
    bring(paper, said("paper", published_at=now - 50 * timedelta(minutes=1)), now=now)
    return Event.objects.get()


def test_the_sweep_judges_heat_stage_words_and_what_is_expected(leak: Event, now: datetime) -> None:
    assert tend_all(now=now) == 1

    leak.refresh_from_db()
    assert (leak.stage, leak.stage_since) == (Stage.OUTBREAK, now)
    assert {reason["signal"] for reason in leak.stage_reasons} == {"big_v", "media"}
    assert leak.title == "金桥店热水器漏水"
    assert "热水器" in leak.summary
    assert EventForecast.objects.filter(event=leak).count() == 6
    assert entries_of(ref(leak)).get(verb="event.stage").to_state == Stage.OUTBREAK
    assert leak.care_at is not None
    assert leak.care_at > now


def test_nothing_new_changes_nothing(leak: Event, now: datetime) -> None:
    tend_all(now=now)
    rows = entries_of(ref(leak)).count()

    assert tend_all(now=now) == 0
    assert tend_all(now=now + HOUR) == 1
    assert entries_of(ref(leak)).count() == rows


def test_talk_that_ends_subsides_and_is_left_alone(leak: Event, now: datetime) -> None:
    tend_all(now=now)
    tend_all(now=now + 6 * HOUR)
    assert Event.objects.get().stage == Stage.SUBSIDING

    tend_all(now=now + 60 * HOUR)

    leak.refresh_from_db()
    assert (leak.stage, leak.care_at) == (Stage.SUBSIDED, None)
    assert tend_all(now=now + 100 * HOUR) == 0


def test_heat_halves_in_a_half_life_and_the_curve_says_the_same(leak: Event, now: datetime) -> None:
    tend_all(now=now)
    leak.refresh_from_db()
    rules = default_heat()

    hot = heat_at(leak, rules, now=now)

    assert heat_at(leak, rules, now=now + 12 * HOUR) == pytest.approx(hot / 2)
    curve = curve_of(leak, rules, now=now)
    assert sum(point.mentions for point in curve.points) == 30
    assert curve.points[-1].heat == pytest.approx(hot, rel=0.1)


def test_what_was_heard_during_one_hour_stands_on_a_day(org: Organisation, now: datetime) -> None:
    (fresh,) = make_events(org.group, 1, now=now, posts=3)

    young, old = (curve_of(fresh, default_heat(), now=when) for when in (now, now + 72 * HOUR))

    assert [(len(curve.points), curve.step) for curve in (young, old)] == [(24, HOUR), (25, HOUR)]
    assert (young.points[-1].mentions, old.points[0].mentions) == (3, 3)
    assert old.points[-1].heat < old.points[0].heat
    assert drawing_of(old).ticks == [old.points[place].at for place in (0, 6, 12, 18, 24)]


def test_other_weights_make_another_heat(leak: Event, monitor: User, pr_officer: User, now: datetime) -> None:
    tend_all(now=now)
    before = Event.objects.get().heat_rank
    body = {**default_heat(), "weights": {**default_heat()["weights"], "mention": 50}}

    with pytest.raises(NotAllowed):
        change_heat(body, actor=pr_officer, note="试", seen=0, now=now)
    change_heat(body, actor=monitor, note="更看重声量", seen=0, now=now)
    with pytest.raises(Stale):
        change_heat(body, actor=monitor, note="又一次", seen=0, now=now)
    tend_all(now=now)

    assert current_heat()[0] == 1
    assert Event.objects.get().heat_rank > before + 2


def test_the_way_it_spread(leak: Event, now: datetime) -> None:
    spread = spread_of(leak, default_heat()["stages"])

    by_name = {step.member.mention.external_id: set(step.kinds) for step in spread.steps}
    assert by_name["s0"] == {"first"}
    assert by_name["paper"] == {"media"}
    assert by_name["big"] >= {"big_v", "reach"}
    assert spread.jump is not None
    assert [source.mentions for source in spread.sources] == [29, 1]


def test_forecasts_are_held_against_what_came(leak: Event, now: datetime) -> None:
    tend_all(now=now)
    bring(leak.first_mention.source, said("later", published_at=now + HOUR / 2), now=now + HOUR)

    hold_against_what_came(now=now + 2 * HOUR)

    rows = list(EventForecast.objects.exclude(came=None).values_list("hour", "came"))
    assert rows == [(now, 1)]
    assert outlook_of(leak, now=now + 2 * HOUR).rate.hours == 1


def test_where_forecasts_fell_short_lately_the_next_are_wider_and_the_page_says_so(
    desk: Client, leak: Event, now: datetime
) -> None:
    past = [
        EventForecast(
            event=leak,
            made_at=now - n * HOUR,
            hour=now - n * HOUR,
            ahead=1,
            expected=10,
            low=8,
            high=12,
            came=20 if n % 2 else 11,
        )
        for n in range(2, 62)
    ]
    EventForecast.objects.bulk_create(past)

    tend_all(now=now)

    (by,) = set(EventForecast.objects.filter(came=None).values_list("widened", flat=True))
    assert by == pytest.approx(3.87, abs=0.01)
    outlook = outlook_of(leak, now=now)
    assert (outlook.rate_lately.percent, outlook.falls_short, outlook.widened) == (50, True, by)
    html = page(desk, leak.get_absolute_url(), now)
    assert "Over the last two weeks only 50 % of 60 forecasts held instead of 80 %." in html
    assert "3.9 times as wide here" in html


def test_a_title_of_the_desk_yields_to_a_persons(leak: Event, now: datetime) -> None:
    Event.objects.update(title="人写的", is_titled=True)
    tend_all(now=now)

    assert Event.objects.get().title == "人写的"


def test_a_quiet_event_that_goes_on_elsewhere_has_migrated(
    org: Organisation, leak: Event, monitor: User, now: datetime
) -> None:
    tend_all(now=now)
    first = leak.members.order_by("said_at")[0].mention_id
    split = split_event(leak, [first], actor=monitor, now=now).other
    Event.objects.filter(pk=split.pk).update(stage=Stage.OUTBREAK, last_seen_at=now + 40 * HOUR, care_at=None)

    tend_all(now=now + 60 * HOUR)

    leak.refresh_from_db()
    assert leak.stage == Stage.MIGRATED
    assert leak.stage_reasons[-1] == {"signal": "goes_on_in", "value": split.pk, "least": None}


# ---- posts and complaints -----------------------------------------------------------------------


@pytest.fixture
def complaint(org: Organisation, now: datetime) -> Case:
    return CaseFactory(
        unit=org.group, product="热水器", place="金桥店", received_at=now - 5 * HOUR, order_number="YX2026112100017"
    )


@pytest.fixture
def link(complaint: Case, org: Organisation, now: datetime) -> CaseLink:
    make_events(org.group, 1, now=now, posts=2)
    tend_all(now=now)
    return CaseLink.objects.order_by("mention_id")[0]


def test_posts_that_tell_of_a_complaint_are_linked_with_reasons(link: CaseLink, complaint: Case) -> None:
    assert CaseLink.objects.filter(case=complaint, state=Decision.OPEN).count() == 2
    assert link.reasons == ["product", "place", "time"]


def test_an_order_number_finds_an_old_complaint(org: Organisation, complaint: Case, now: datetime) -> None:
    Case.objects.update(received_at=now - timedelta(days=300), product="", place="")
    (event,) = make_events(org.group, 1, now=now)
    text = LEAK + "订单号YX2026112100017，发帖为证"
    bring(event.first_mention.source, said("order", text, title=""), now=now)
    tend_all(now=now)

    assert [link.reasons for link in CaseLink.objects.all()] == [["order"]]


def test_a_new_complaint_finds_older_posts(org: Organisation, now: datetime) -> None:
    make_events(org.group, 1, now=now)
    tend_all(now=now)
    assert CaseLink.objects.count() == 0

    CaseFactory(unit=org.group, product="热水器", place="金桥店", received_at=now + HOUR)
    tend_all(now=now + 2 * HOUR)

    assert CaseLink.objects.count() == 1


def test_people_decide_and_both_files_know(link: CaseLink, complaint: Case, monitor: User, now: datetime) -> None:
    event = Event.objects.get()
    decide_link(link, accept=True, actor=monitor, now=now)

    assert links_of_event(event, monitor).filter(state=Decision.ACCEPTED).count() == 1
    assert entries_of(ref(complaint)).get(verb="case.post_linked").details["mention"] == link.mention_id
    assert complaint.number not in str(entries_of(ref(event)).get(verb="event.post_linked").details)


def test_who_may_not_see_the_case_sees_nothing(
    link: CaseLink, complaint: Case, monitor: User, outsider: User, now: datetime
) -> None:
    Case.objects.update(confidentiality=Confidentiality.SECRET)
    event = Event.objects.get()

    assert links_of_event(event, monitor).count() == 0
    assert links_of_case(complaint, outsider).count() == 0
    with pytest.raises(Http404):
        decide_link(link, accept=True, actor=monitor, now=now)


def test_the_page_of_the_case_shows_the_posts(link: CaseLink, complaint: Case, monitor: User, now: datetime) -> None:
    shown = "".join(panels_of(complaint, monitor, slot="right", now=now))

    assert reverse("monitoring:event_link", args=[link.pk]) in shown


# ---- screens ------------------------------------------------------------------------------------


def page(desk: Client, path: str, now: datetime) -> str:
    with shifted(start=now, speed=0):
        return desk.get(path).content.decode()


def test_the_page_of_an_event_shows_all_of_it(desk: Client, leak: Event, now: datetime) -> None:
    tend_all(now=now)
    shown = page(desk, leak.get_absolute_url(), now)

    for words in ("Outbreak", "How it spread", "The next six hours", "Tone over time", 'class="curve g', "大V"):
        assert words in shown


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_costs_the_same_however_many_posts(
    count: int, desk: Client, org: Organisation, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    (event,) = make_events(org.group, 1, now=now, posts=count)
    tend_all(now=now)
    desk.get(event.get_absolute_url())

    with django_assert_num_queries(32):
        desk.get(event.get_absolute_url())
    with django_assert_num_queries(21):
        desk.get(event.alert.get_absolute_url())


def test_the_talk_of_an_event_comes_in_pages(desk: Client, org: Organisation, now: datetime) -> None:
    (event,) = make_events(org.group, 1, now=now, posts=MEMBERS_SHOWN + 1)

    first = desk.get(event.get_absolute_url()).context["page"]
    last = desk.get(event.alert.get_absolute_url() + first.next_url).context["page"]

    assert [len(page.rows) for page in (first, last)] == [MEMBERS_SHOWN, 1]


def test_the_list_filters_and_sorts(desk: Client, org: Organisation, now: datetime) -> None:
    cold, hot = make_events(org.group, 2, now=now)
    Event.objects.filter(pk=hot.pk).update(heat_rank=5000, stage=Stage.CLIMAX)
    url = reverse("monitoring:events")

    shown = page(desk, f"{url}?order=heat", now)
    assert shown.index(f'id="event-{hot.pk}"') < shown.index(f'id="event-{cold.pk}"')
    only = page(desk, f"{url}?stage=climax&case=no&unit={org.group.pk}", now)
    assert (f'id="event-{hot.pk}"' in only, f'id="event-{cold.pk}"' in only) == (True, False)
    assert f'id="event-{hot.pk}"' not in page(desk, f"{url}?case=yes", now)
    titled = page(desk, f"{url}?q=徐汇店", now)
    assert (f'id="event-{hot.pk}"' in titled, f'id="event-{cold.pk}"' in titled) == (True, False)


def test_one_merges_splits_and_undoes_on_the_screens(desk: Client, org: Organisation, now: datetime) -> None:
    leak, sofa = make_events(org.group, 2, now=now, posts=2)
    url = reverse("monitoring:event_rearrange", args=[leak.pk])
    assert str(sofa) in page(desk, url, now)

    merged = desk.post(url, {"target": sofa.pk, "seen": leak.version}, follow=True)
    assert merged.redirect_chain == [(sofa.get_absolute_url(), 302)]
    assert "This event was merged" in page(desk, leak.get_absolute_url(), now)

    operation = sofa.operations_here.get()
    desk.post(reverse("monitoring:event_undo", args=[operation.pk]))
    first = leak.members.order_by("mention_id")[0].mention_id
    split = desk.post(url, {"mention": first, "split": "1"})
    fresh = Event.objects.order_by("-pk")[0]
    assert (split.status_code, fresh.mentions_count, split["Location"]) == (302, 1, fresh.get_absolute_url())
    assert desk.post(url, {"target": "x"}).status_code == 404


def test_a_suggestion_is_answered_with_one_click(desk: Client, org: Organisation, now: datetime) -> None:
    one, two = make_events(org.group, 2, now=now)
    suggestion = EventSuggestion.objects.create(event=two, other=one, likeness=0.3, at=now)
    assert "Keep them apart" in page(desk, two.get_absolute_url(), now)

    desk.post(reverse("monitoring:event_suggestion", args=[suggestion.pk]), {"accept": "1"})

    assert Event.objects.get(pk=two.pk).merged_into == one


def test_the_rules_of_heat_are_edited_on_a_page(desk: Client, now: datetime) -> None:
    url = reverse("monitoring:heat")
    body = default_heat()
    given = {"half_life_hours": 24, **body["weights"], **body["stages"], "note": "周末慢", "seen": 0}

    assert desk.post(url, {**given, "quiet_hours": 0}).status_code == 422
    assert desk.post(url, given).status_code == 302
    assert current_heat()[1]["half_life_hours"] == 24
    assert "周末慢" in page(desk, url, now)


def test_strangers_find_no_event(client: Client, leak: Event, outsider: User) -> None:
    client.force_login(outsider)

    assert client.get(leak.get_absolute_url()).status_code == 404
    assert client.get(reverse("monitoring:event_rearrange", args=[leak.pk])).status_code == 404
