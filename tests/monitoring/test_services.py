import json
from datetime import datetime

import pytest
from django.http import Http404

from accounts.errors import Conflict, Invalid, NotAllowed
from accounts.models import User
from cases.enums import CaseKind
from cases.models import Case
from cases.panels import panels_of
from cases.queries import case_from
from escalation.queries import running_clocks_of
from monitoring.enums import AlertState, SourceKind
from monitoring.models import Alert, Event, Mention, Source, Watch
from monitoring.services import (
    acknowledge_alert,
    dismiss_alert,
    open_case_from_alert,
    push_mentions,
    save_source,
    save_watch,
)
from tests.conftest import Organisation
from tests.factories.monitoring import PushSourceFactory, SourceFactory, bring, make_alert, said
from timeline.queries import entries_of
from timeline.refs import ref

pytestmark = pytest.mark.usefixtures("runbooks")


@pytest.fixture
def alert(org: Organisation, now: datetime) -> Alert:
    return make_alert(org.group, now=now, url="https://a.example/1", published_at=now)


def test_acknowledging_stops_the_clock(alert: Alert, monitor: User, now: datetime) -> None:
    acknowledged = acknowledge_alert(alert, actor=monitor, now=now)

    assert (acknowledged.state, acknowledged.acknowledged_by) == (AlertState.ACKNOWLEDGED, monitor)
    assert running_clocks_of(ref(alert.event)).count() == 0
    verbs = [entry.verb for entry in entries_of(ref(alert.event))]
    assert verbs == ["step.done", "alert.acknowledged", "run.started", "alert.raised"]


def test_only_one_acknowledges(alert: Alert, monitor: User, now: datetime) -> None:
    acknowledge_alert(alert, actor=monitor, now=now)

    with pytest.raises(Conflict):
        acknowledge_alert(alert, actor=monitor, now=now)


def test_dismissing_needs_a_reason_and_keeps_it(alert: Alert, monitor: User, now: datetime) -> None:
    with pytest.raises(Invalid) as refused:
        dismiss_alert(alert, reason="  ", actor=monitor, now=now)
    assert list(refused.value.fields) == ["reason"]

    dismissed = dismiss_alert(alert, reason="同名的另一家店", actor=monitor, now=now)

    assert (dismissed.state, dismissed.reason, dismissed.settled_by) == (
        AlertState.DISMISSED,
        "同名的另一家店",
        monitor,
    )
    assert running_clocks_of(ref(alert.event)).count() == 0
    assert entries_of(ref(alert.event)).get(verb="alert.dismissed").reason == "同名的另一家店"


def test_a_case_opened_from_an_alert_carries_the_evidence(alert: Alert, monitor: User, now: datetime) -> None:
    case = open_case_from_alert(alert, actor=monitor, now=now)

    assert (case.kind, case.grade, case.unit, case.source_url) == (
        CaseKind.OPINION,
        alert.grade,
        alert.unit,
        "https://a.example/1",
    )
    assert case_from(ref(alert)) == case
    with case.attachments.get().file.open() as file:
        evidence = json.loads(file.read())
    mention = Mention.objects.get()
    assert [(each["sha256"], each["text"]) for each in evidence["mentions"]] == [(mention.sha256, mention.text)]
    assert Event.objects.get().case == case
    assert "case.from_alert" in entries_of(ref(case)).values_list("verb", flat=True)
    assert entries_of(ref(alert.event)).filter(verb="alert.case_opened").count() == 1


def test_an_alert_makes_one_case_only(alert: Alert, monitor: User, now: datetime) -> None:
    open_case_from_alert(alert, actor=monitor, now=now)

    with pytest.raises(Conflict):
        open_case_from_alert(alert, actor=monitor, now=now)
    assert Case.objects.count() == 1


def test_the_case_page_shows_the_talk_behind_it(alert: Alert, monitor: User, now: datetime) -> None:
    case = open_case_from_alert(alert, actor=monitor, now=now)
    bring(SourceFactory(unit=alert.unit), said("9", title="<script>alert(1)</script>"), now=now)

    (html,) = [html for html in panels_of(case, monitor, slot="right", now=now) if "On the net" in html]
    assert "2 mentions" in html
    assert "<script>" not in html


@pytest.mark.parametrize("act", ["acknowledge", "dismiss", "open_case"])
def test_who_sees_an_alert_but_has_another_trade_may_not_act(
    act: str, alert: Alert, pr_officer: User, now: datetime
) -> None:
    with pytest.raises(NotAllowed):
        _act(act, alert, pr_officer, now)


@pytest.mark.parametrize("act", ["acknowledge", "dismiss", "open_case"])
def test_an_alert_of_the_group_is_not_there_for_a_branch(
    act: str, alert: Alert, supervisor: User, now: datetime
) -> None:
    with pytest.raises(Http404):
        _act(act, alert, supervisor, now)


def test_a_supervisor_acts_on_the_alerts_of_the_branch(org: Organisation, supervisor: User, now: datetime) -> None:
    alert = make_alert(org.branch, now=now)

    assert acknowledge_alert(alert, actor=supervisor, now=now).acknowledged_by == supervisor


def _act(name: str, alert: Alert, actor: User, now: datetime) -> object:
    if name == "dismiss":
        return dismiss_alert(alert, reason="It is nothing", actor=actor, now=now)
    if name == "acknowledge":
        return acknowledge_alert(alert, actor=actor, now=now)
    return open_case_from_alert(alert, actor=actor, now=now)


# ---- sources and watches -------------------------------------------------------------------------


def test_a_new_feed_is_read_at_once(org: Organisation, monitor: User, now: datetime) -> None:
    source = save_source(Source(name="论坛", url="https://a.example/rss", unit=org.group), actor=monitor, now=now)

    assert source.next_poll_at == now
    assert [entry.verb for entry in entries_of(ref(source))] == ["source.created"]


@pytest.mark.parametrize("url", ["", "ftp://a.example/", "https://u:p@a.example/"])
def test_a_feed_needs_a_real_address(url: str, org: Organisation, monitor: User, now: datetime) -> None:
    with pytest.raises(Invalid) as refused:
        save_source(Source(name="论坛", url=url, unit=org.group), actor=monitor, now=now)
    assert list(refused.value.fields) == ["url"]


def test_only_an_administrator_opens_the_private_network(
    org: Organisation, monitor: User, administrator: User, now: datetime
) -> None:
    source = Source(name="论坛", url="http://127.0.0.1/rss", unit=org.group, allow_private=True)
    with pytest.raises(NotAllowed):
        save_source(source, actor=monitor, now=now)

    save_source(source, actor=administrator, now=now)
    source.name = "论坛 2"
    save_source(source, actor=monitor, now=now)  # what was allowed stays allowed
    source.url = "http://127.0.0.1/other"
    with pytest.raises(NotAllowed):
        save_source(source, actor=monitor, now=now)


def test_nobody_makes_sources_for_units_out_of_sight(org: Organisation, supervisor: User, now: datetime) -> None:
    with pytest.raises(Invalid) as refused:
        save_source(Source(name="x", url="https://a.example/", unit=org.group), actor=supervisor, now=now)
    assert list(refused.value.fields) == ["unit"]


def test_a_watch_is_checked_and_counted_in_versions(org: Organisation, monitor: User, now: datetime) -> None:
    with pytest.raises(Invalid):
        save_watch(Watch(name="x", rule={"none": ["招聘"]}, unit=org.group), actor=monitor, now=now)

    watch = save_watch(Watch(name="x", rule={"any": ["金桥店"], "all": []}, unit=org.group), actor=monitor, now=now)
    assert (watch.rule, watch.version) == ({"any": ["金桥店"]}, 1)
    assert save_watch(watch, actor=monitor, now=now).version == 2


def test_agents_change_neither_sources_nor_watches(org: Organisation, agent: User, now: datetime) -> None:
    with pytest.raises(NotAllowed):
        save_watch(Watch(name="x", rule={"any": ["a"]}, unit=org.branch), actor=agent, now=now)
    with pytest.raises(NotAllowed):
        save_source(Source(name="x", kind=SourceKind.PUSH, unit=org.branch), actor=agent, now=now)


def test_pushing_goes_into_push_sources_only(org: Organisation, now: datetime) -> None:
    with pytest.raises(Conflict):
        push_mentions(SourceFactory(unit=org.group), [said("1")], now=now)

    source = PushSourceFactory(unit=org.group)
    assert push_mentions(source, [said("1")], now=now).new == 1
    source.refresh_from_db()
    assert source.last_new_at == now
