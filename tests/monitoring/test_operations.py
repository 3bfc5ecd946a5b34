"""Covers: merging, splitting, moving by hand, and undoing each of them."""

from datetime import datetime, timedelta

import pytest
from django.http import Http404

from accounts.errors import Conflict, Invalid, NotAllowed, Stale
from accounts.models import User
from escalation.queries import running_clocks_of
from monitoring.enums import AlertState, Decision, EventAct
from monitoring.events.operations import decide_suggestion, merge_events, move_mentions, set_title, split_event, undo
from monitoring.models import Alert, Event, EventMention, EventOperation, EventSuggestion, Source
from monitoring.services import acknowledge_alert, open_case_from_alert
from tests.conftest import Organisation
from tests.factories.monitoring import LEAK, OTHER_TALK, bring, make_events, said
from timeline.queries import entries_of
from timeline.refs import ref

pytestmark = pytest.mark.usefixtures("runbooks")


@pytest.fixture
def two(org: Organisation, now: datetime) -> list[Event]:
    return make_events(org.group, 2, now=now, posts=3)


def counts(*events: Event) -> list[int]:
    return [Event.objects.get(pk=event.pk).mentions_count for event in events]


def members(event: Event) -> list[int]:
    return list(EventMention.objects.filter(event=event).order_by("mention_id").values_list("mention_id", flat=True))


def alert_of(event: Event) -> Alert:
    return Alert.objects.get(event=event)


def source_of(event: Event) -> Source:
    return event.first_mention.source


def test_a_merged_event_gives_everything_and_its_alert_is_settled(
    two: list[Event], monitor: User, now: datetime
) -> None:
    leak, sofa = two

    done = merge_events(sofa, into=leak, actor=monitor, now=now, reason="同一批热水器")

    sofa.refresh_from_db()
    assert (sofa.merged_into, counts(leak, sofa), len(done.mentions)) == (leak, [6, 0], 3)
    assert alert_of(sofa).state == AlertState.MERGED
    assert running_clocks_of(ref(sofa)).count() == 0
    assert running_clocks_of(ref(leak)).count() == 1
    assert entries_of(ref(leak)).get(verb="event.took_in").details["other"] == sofa.pk
    assert entries_of(ref(sofa)).get(verb="event.merged").reason == "同一批热水器"


def test_later_talk_follows_the_merge_and_goes_back_when_it_is_undone(
    two: list[Event], monitor: User, now: datetime
) -> None:
    leak, sofa = two
    done = merge_events(sofa, into=leak, actor=monitor, now=now)
    later = now + timedelta(hours=1)

    bring(source_of(sofa), said("later", OTHER_TALK[0], title=""), now=later)
    assert counts(leak, sofa) == [7, 0]

    undo(done, actor=monitor, now=later)

    sofa.refresh_from_db()
    assert (sofa.merged_into, counts(leak, sofa)) == (None, [3, 4])
    assert alert_of(sofa).state == AlertState.OPEN
    assert running_clocks_of(ref(sofa)).count() == 1
    assert entries_of(ref(sofa)).filter(verb="event.undone").count() == 1


def test_talk_follows_through_two_merges(org: Organisation, monitor: User, now: datetime) -> None:
    leak, sofa, wardrobe = make_events(org.group, 3, now=now)
    first = merge_events(sofa, into=wardrobe, actor=monitor, now=now)
    second = merge_events(wardrobe, into=leak, actor=monitor, now=now)

    bring(source_of(sofa), said("later", OTHER_TALK[0], title=""), now=now)

    assert counts(leak, sofa, wardrobe) == [4, 0, 0]
    with pytest.raises(Conflict):
        undo(first, actor=monitor, now=now)
    undo(second, actor=monitor, now=now)
    assert counts(leak, sofa, wardrobe) == [1, 0, 3]
    undo(first, actor=monitor, now=now)
    assert counts(leak, sofa, wardrobe) == [1, 2, 1]


def test_the_case_of_a_merged_event_goes_along(two: list[Event], monitor: User, now: datetime) -> None:
    leak, sofa = two
    case = open_case_from_alert(alert_of(sofa), actor=monitor, now=now)

    done = merge_events(Event.objects.get(pk=sofa.pk), into=leak, actor=monitor, now=now)
    assert Event.objects.get(pk=leak.pk).case == case

    undo(done, actor=monitor, now=now)
    assert Event.objects.get(pk=leak.pk).case is None
    assert alert_of(sofa).state == AlertState.CASE_OPENED


def test_split_mentions_are_an_event_with_an_alert_of_their_own(two: list[Event], monitor: User, now: datetime) -> None:
    leak, _sofa = two
    first, *rest = members(leak)

    done = split_event(leak, [first], actor=monitor, now=now)

    leak.refresh_from_db()
    assert (members(done.other), members(leak)) == ([first], rest)
    assert leak.first_mention_id == rest[0]
    assert alert_of(done.other).state == AlertState.OPEN
    assert running_clocks_of(ref(done.other)).count() == 1

    undo(done, actor=monitor, now=now)

    leak.refresh_from_db()
    assert (leak.first_mention_id, members(leak), members(done.other)) == (first, [first, *rest], [])
    assert Event.objects.get(pk=done.other_id).merged_into == leak
    assert alert_of(done.other).state == AlertState.MERGED


def test_moved_mentions_come_back(two: list[Event], monitor: User, now: datetime) -> None:
    leak, sofa = two
    chosen = members(leak)[:2]

    done = move_mentions(leak, chosen, to=sofa, actor=monitor, now=now)
    assert (done.act, counts(leak, sofa)) == (EventAct.MOVE, [1, 5])

    undo(done, actor=monitor, now=now)
    assert counts(leak, sofa) == [3, 3]
    with pytest.raises(Conflict):
        undo(done, actor=monitor, now=now)


def test_what_is_chosen_must_make_sense(two: list[Event], monitor: User, now: datetime) -> None:
    leak, sofa = two

    with pytest.raises(Invalid):
        split_event(leak, [], actor=monitor, now=now)
    with pytest.raises(Invalid):
        split_event(leak, members(leak), actor=monitor, now=now)
    with pytest.raises(Conflict):
        split_event(leak, members(sofa)[:1], actor=monitor, now=now)
    with pytest.raises(Invalid):
        merge_events(leak, into=leak, actor=monitor, now=now)
    with pytest.raises(Stale):
        merge_events(leak, into=sofa, actor=monitor, now=now, seen=leak.version + 1)
    assert EventOperation.objects.count() == 0


def test_strangers_and_onlookers_rearrange_nothing(
    two: list[Event], outsider: User, pr_officer: User, now: datetime
) -> None:
    leak, sofa = two

    with pytest.raises(NotAllowed):
        merge_events(leak, into=sofa, actor=pr_officer, now=now)
    outsider.roles = ["monitor"]
    outsider.save()
    with pytest.raises(Http404):
        merge_events(leak, into=sofa, actor=outsider, now=now)


def test_events_of_two_units_stay_apart(org: Organisation, monitor: User, now: datetime) -> None:
    (ours,) = make_events(org.group, 1, now=now)
    (theirs,) = make_events(org.branch, 1, now=now)

    with pytest.raises(Invalid):
        merge_events(ours, into=theirs, actor=monitor, now=now)


def test_an_acknowledged_alert_is_acknowledged_again_after_undoing(
    two: list[Event], monitor: User, now: datetime
) -> None:
    leak, sofa = two
    acknowledge_alert(alert_of(sofa), actor=monitor, now=now)
    undo(merge_events(sofa, into=leak, actor=monitor, now=now), actor=monitor, now=now)

    assert alert_of(sofa).state == AlertState.ACKNOWLEDGED
    assert running_clocks_of(ref(sofa)).count() == 0


# ---- suggestions --------------------------------------------------------------------------------

A_LITTLE_LIKE = (
    LEAK[:28] + "，可是人家第二天就上门换了新的接口，还送了一台净水器，邻居都说今年换了店长以后变化真的很大。"
)


@pytest.fixture
def suggestion(org: Organisation, now: datetime) -> EventSuggestion:
    (leak,) = make_events(org.group, 1, now=now)
    bring(source_of(leak), said("near", A_LITTLE_LIKE, title=""), now=now)
    return EventSuggestion.objects.get(other=leak)


def test_a_little_likeness_is_asked_about(suggestion: EventSuggestion) -> None:
    assert (suggestion.state, suggestion.event.mentions_count) == (Decision.OPEN, 1)
    assert 0.2 <= suggestion.likeness < 0.45


def test_after_two_weeks_nobody_is_asked(org: Organisation, now: datetime) -> None:
    (leak,) = make_events(org.group, 1, now=now)
    later = now + timedelta(days=15)
    bring(source_of(leak), said("near", A_LITTLE_LIKE, title="", published_at=later), now=later)

    assert EventSuggestion.objects.count() == 0


def test_yes_merges_and_no_is_remembered(suggestion: EventSuggestion, monitor: User, now: datetime) -> None:
    decide_suggestion(suggestion, accept=True, actor=monitor, now=now)

    assert Event.objects.get(pk=suggestion.event_id).merged_into == suggestion.other
    with pytest.raises(Conflict):
        decide_suggestion(suggestion, accept=False, actor=monitor, now=now)


def test_no_leaves_them_apart(suggestion: EventSuggestion, monitor: User, now: datetime) -> None:
    assert decide_suggestion(suggestion, accept=False, actor=monitor, now=now) is None

    suggestion.refresh_from_db()
    assert (suggestion.state, suggestion.decided_by) == (Decision.DECLINED, monitor)
    assert Event.objects.filter(merged_into__isnull=False).count() == 0


def test_a_title_of_a_person_is_kept_and_masked(two: list[Event], monitor: User, now: datetime) -> None:
    leak = set_title(two[0], "漏水 电话13812345678", actor=monitor, now=now, seen=two[0].version)

    assert (leak.is_titled, "13812345678" in leak.title) == (True, False)
    with pytest.raises(Stale):
        set_title(leak, "另一个", actor=monitor, now=now, seen=leak.version - 1)
