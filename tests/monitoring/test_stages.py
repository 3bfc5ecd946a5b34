"""Covers: the rules of stages, and forecasts; both pure."""

from dataclasses import replace
from math import log1p

import pytest

from monitoring.enums import Stage
from monitoring.events.forecasting import AHEAD, Expected, forecast, widened, widening
from monitoring.events.heat_rules import default_heat, wrong_figures
from monitoring.events.stages import Signs, judge_stage, stage_words

QUIET_TALK = Signs(total=3, last_3h=1, peak_3h=1, usual_3h=0.5, last_24h=3)
FAST = Signs(total=12, last_3h=10, peak_3h=10, usual_3h=1.0, last_24h=12)
FULL = Signs(total=60, last_3h=20, peak_3h=25, usual_3h=9.0, last_24h=60, media=3, kinds=4)
CALM = replace(FULL, last_3h=2)
OVER = replace(CALM, last_3h=0, last_24h=0, quiet_hours=50)


@pytest.mark.parametrize(
    ("signs", "was", "stage"),
    [
        (QUIET_TALK, Stage.BREWING, Stage.BREWING),
        (FAST, Stage.BREWING, Stage.OUTBREAK),
        (replace(FAST, usual_3h=5.0), Stage.BREWING, Stage.BREWING),
        (replace(FAST, usual_3h=5.0), Stage.OUTBREAK, Stage.OUTBREAK),
        (replace(FAST, usual_3h=5.0, big_v=1, big_v_24h=1), Stage.BREWING, Stage.OUTBREAK),
        (FULL, Stage.OUTBREAK, Stage.CLIMAX),
        (replace(FULL, kinds=1), Stage.CLIMAX, Stage.CLIMAX),
        (replace(FULL, kinds=1, media=0), Stage.BREWING, Stage.BREWING),
        (CALM, Stage.CLIMAX, Stage.SUBSIDING),
        (replace(CALM, goes_on_in=7), Stage.CLIMAX, Stage.MIGRATED),
        (OVER, Stage.SUBSIDING, Stage.SUBSIDED),
        (replace(OVER, goes_on_in=7), Stage.SUBSIDING, Stage.MIGRATED),
        (replace(OVER, quiet_hours=30, is_solved=True), Stage.SUBSIDING, Stage.SUBSIDED),
        (replace(OVER, quiet_hours=30), Stage.SUBSIDING, Stage.SUBSIDING),
        (FAST, Stage.SUBSIDED, Stage.OUTBREAK),
    ],
)
def test_the_stage_follows_the_signs(signs: Signs, was: Stage, stage: Stage) -> None:
    assert judge_stage(signs, default_heat()["stages"], was=was).stage == stage


def test_every_stage_says_why() -> None:
    judged = judge_stage(FULL, default_heat()["stages"], was=Stage.BREWING)

    assert [stage_words(why.as_json()) for why in judged.reasons] == [
        "60 mentions within a day (climax from 30)",
        "3 news sources took it up (from 2)",
        "topics diverge: 4 kinds of risk (from 3)",
    ]


def test_rules_name_every_wrong_figure() -> None:
    body = default_heat()

    assert wrong_figures(body) == []
    assert wrong_figures({**body, "half_life_hours": 0, "weights": {}}) == [
        "half_life_hours",
        "mention",
        "negative",
        "reach",
        "media",
        "interaction",
    ]


def test_too_little_says_nothing() -> None:
    assert forecast([5] * 11) == []
    assert forecast([0] * 40 + [9]) == []


def test_a_steady_event_is_expected_to_stay_steady() -> None:
    said = forecast([10, 12, 9, 11, 10, 8, 11, 12, 10, 9] * 5)

    assert [each.ahead for each in said] == list(range(1, AHEAD + 1))
    assert all(8 <= each.expected <= 12 and each.low <= 9 and 11 <= each.high <= 20 for each in said)


def test_a_dying_event_is_expected_to_die() -> None:
    said = forecast([round(60 * 0.8**hour) for hour in range(20)])

    assert said[-1].expected < said[0].expected < 5


def test_intervals_widen_by_what_the_promise_fell_short() -> None:
    """Ten mentions expected, eight to twelve promised: what came tells how wide it should have been."""
    kept = [(10.0, 8, 12, 11, 1.0)] * 50
    missed = [(10.0, 8, 12, 20, 1.0)] * 50
    needed = (log1p(20) - log1p(10)) / (log1p(12) - log1p(10))

    assert (widening(kept[:40]), widening(kept), widening(missed[:40])) == (1.0, 1.0, 1.0)
    assert widening([*kept, *missed]) == pytest.approx(needed)
    said = widened(Expected(1, 10.0, 8, 12), widening(missed))
    assert (said.low, said.high) == (4, 20)
    held = [(10.0, said.low, said.high, 20, needed)] * 50
    assert widening(held) == pytest.approx(needed)  # what helped is kept, not taken back


def test_four_fifths_of_noisy_hours_lie_within() -> None:
    """Counted on hours the method has not seen: a known series of waves with noise."""
    counts = [max(0, round(20 + 12 * ((hour % 24) / 12 - 1) + (hour * 7919 % 13) - 6)) for hour in range(200)]
    inside = total = 0
    for now in range(60, 190):
        for each in forecast(counts[:now]):
            total += 1
            inside += each.low <= counts[now + each.ahead - 1] <= each.high
    assert 0.7 <= inside / total <= 0.95
