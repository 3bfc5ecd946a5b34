"""
Changed rules of stages tried on the past: which stage the events of the last 30 days would be in, and from when on.

The life of each event is told again hour by hour, from what was known at each hour, once by the rules in force and once
by the new ones. What only the present knows is taken from it: whether its case is closed, and where talk goes on.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from accounts.models import User
from cases.enums import CaseState
from monitoring.alerts.regrading import DAYS, SAMPLES
from monitoring.enums import SourceType, Stage
from monitoring.events.signs import HOUR, LOOKED_BACK, goes_on_of, is_night, three_hours
from monitoring.events.stages import Signs, judge_stage
from monitoring.models import Event, EventMention
from monitoring.queries import events_for

MOST = 500  # events looked at; more are sampled evenly
LONGEST = 60 * 24  # hours of a life that are told again
DAY_HOURS = 24


@dataclass(frozen=True)
class Said:
    """A mention as far as stages ask: `news` is the source where it is one."""

    at: datetime
    reach: int = 0
    news: int | None = None
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Turn:
    """From this moment on it was in this stage."""

    at: datetime
    stage: Stage


@dataclass
class _Hour:
    count: int = 0
    big_v: int = 0
    media: set[int] = field(default_factory=set)
    kinds: set[str] = field(default_factory=set)
    last: datetime | None = None


def life_of(
    said: Sequence[Said],
    rules: Mapping[str, Any],
    *,
    now: datetime,
    is_solved: bool = False,
    goes_on: tuple[int, datetime] | None = None,
) -> list[Turn]:
    """Its turns, oldest first. `goes_on`: the event that talk goes on in, and since when that one is there."""
    hours = _by_hour(said, rules, now=now)
    if not hours:
        return []
    first = min(each.at for each in said)
    turns = [Turn(first, Stage.BREWING)]
    known = _Hour()
    for ago in range(max(hours), -1, -1):
        if ago in hours:
            _add(known, hours[ago])
        moment = now - ago * HOUR
        if ago > LONGEST or _is_long_over(known, rules, moment):
            continue
        signs = _signs(hours, known, ago, first=first, moment=moment, is_solved=is_solved and ago == 0)
        if goes_on and goes_on[1] <= moment:
            signs = replace(signs, goes_on_in=goes_on[0])
        stage = judge_stage(signs, rules, was=turns[-1].stage).stage
        if stage != turns[-1].stage:
            turns.append(Turn(moment, stage))
    return turns


def _by_hour(said: Iterable[Said], rules: Mapping[str, Any], *, now: datetime) -> dict[int, _Hour]:
    """By full hours ago, as the sweep counts them."""
    hours: dict[int, _Hour] = defaultdict(_Hour)
    for each in said:
        if each.at > now:
            continue
        media = {each.news} if each.news is not None else set()
        _add(
            hours[int((now - each.at) / HOUR)],
            _Hour(1, int(each.reach >= rules["big_v"]), media, set(each.kinds), each.at),
        )
    return hours


def _add(known: _Hour, more: _Hour) -> None:
    known.count += more.count
    known.big_v += more.big_v
    known.media |= more.media
    known.kinds |= more.kinds
    known.last = max(filter(None, (known.last, more.last)), default=None)


def _is_long_over(known: _Hour, rules: Mapping[str, Any], moment: datetime) -> bool:
    """Nothing turns any more until somebody talks again."""
    quiet = max(rules["quiet_hours"], DAY_HOURS) + 1
    return known.last is not None and moment - known.last > quiet * HOUR


def _signs(
    hours: Mapping[int, _Hour], known: _Hour, ago: int, *, first: datetime, moment: datetime, is_solved: bool
) -> Signs:
    lately = [hours[each] for each in range(ago, ago + DAY_HOURS) if each in hours]
    back = int(LOOKED_BACK / HOUR)
    counts = {each - ago: hours[each].count for each in hours if ago <= each < ago + back}
    last_3h, peak_3h, usual_3h = three_hours(counts, first=first, now=moment)
    return Signs(
        total=known.count,
        last_3h=last_3h,
        peak_3h=peak_3h,
        usual_3h=usual_3h,
        last_24h=sum(hour.count for hour in lately),
        big_v=known.big_v,
        big_v_24h=sum(hour.big_v for hour in lately),
        media=len(known.media),
        media_24h=len(set().union(*(hour.media for hour in lately))),
        kinds=len(known.kinds),
        quiet_hours=max((moment - (known.last or moment)) / HOUR, 0.0),
        is_solved=is_solved,
        is_night=is_night(moment),
    )


# ---- the events of the desk ----------------------------------------------------------------------


@dataclass(frozen=True)
class Restaged:
    """An event that would be in another stage than by the rules in force; both with their beginning."""

    event: Event
    before: Turn
    after: Turn


@dataclass(frozen=True)
class StageTrial:
    """`rows`: a stage by the rules in force, and how many of it would be in each by the new ones."""

    events: int
    looked_at: int
    rows: list[tuple[Stage, list[int]]]
    moved: int
    otherwise: int  # that would have lived through other stages, whatever they are in now
    samples: list[Restaged]

    @property
    def is_sampled(self) -> bool:
        return self.looked_at < self.events


def try_stages(user: User, rules: Mapping[str, Any], current: Mapping[str, Any], *, now: datetime) -> StageTrial:
    """Both sets of rules over the same lives. Two queries besides the events."""
    rows = events_for(user).filter(merged_into=None, last_seen_at__gte=now - timedelta(days=DAYS)).order_by("-pk")
    total = rows.count()
    events = list(rows[:: max(1, -(-total // MOST))]) if total else []
    said = _said_in(events)
    goes_on = goes_on_of([event.pk for event in events])
    moved: list[Restaged] = []
    counted: Counter[tuple[Stage, Stage]] = Counter()
    otherwise = 0
    for event in events:
        given: dict[str, Any] = {"now": now, "is_solved": _is_solved(event), "goes_on": goes_on.get(event.pk)}
        before, after = (life_of(said[event.pk], each, **given) for each in (current, rules))
        if not before or not after:
            continue
        counted[before[-1].stage, after[-1].stage] += 1
        otherwise += [turn.stage for turn in before] != [turn.stage for turn in after]
        if before[-1].stage != after[-1].stage:
            moved.append(Restaged(event, before[-1], after[-1]))
    cells = [(was, [counted[was, becomes] for becomes in Stage]) for was in Stage]
    return StageTrial(total, sum(counted.values()), cells, len(moved), otherwise, moved[:SAMPLES])


def _said_in(events: Sequence[Event]) -> dict[int, list[Said]]:
    found: dict[int, list[Said]] = defaultdict(list)
    rows = EventMention.objects.filter(event__in=[event.pk for event in events]).order_by()
    columns = ("event_id", "said_at", "reach", "source_id", "source__source_type", "risk_kinds")
    for event_id, at, reach, source_id, source_type, kinds in rows.values_list(*columns).iterator():
        news = source_id if source_type == SourceType.NEWS else None
        found[event_id].append(Said(at, reach or 0, news, tuple(kinds)))
    return found


def _is_solved(event: Event) -> bool:
    return bool(event.case and event.case.state == CaseState.CLOSED)
