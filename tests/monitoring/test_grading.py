from datetime import datetime

import pytest

from monitoring.alerts.grading import Facts, check_rules, grade, reason_words
from monitoring.alerts.grading_rules import current_rules, default_rules, store_rules
from monitoring.models import GradingRules

CALM = Facts(source_types=frozenset({"review"}))


def points(facts: Facts) -> dict[str, int]:
    return {f"{reason.signal}:{reason.value}": reason.points for reason in grade(facts, default_rules()).reasons}


def test_a_single_calm_mention_is_grade_four() -> None:
    assert (grade(CALM, default_rules()).grade, points(CALM)) == (4, {"source_type:review": 4})


def test_points_add_up_and_every_one_is_listed() -> None:
    facts = Facts(
        mentions=12,
        negatives=12,
        worst=0.93,
        kinds=frozenset({"emergency", "negative_review"}),
        source_types=frozenset({"forum", "news"}),
        sources=3,
        last_hour=6,
        reach=150_000,
        watch_points={"key_product": 1, "weight": 5},
    )

    graded = grade(facts, default_rules())

    assert (graded.grade, graded.score) == (1, sum(reason.points for reason in graded.reasons))
    assert points(facts) == {
        "kind:emergency": 30,
        "negative:0.93": 24,
        "volume:12": 20,
        "source_type:news": 16,
        "reach:150000": 16,
        "negative_share:1.0": 8,
        "spread:3": 8,
        "kind:negative_review": 6,
        "speed:6": 6,
        "watch_key_product:1": 6,
        "watch_weight:5": 5,
    }


@pytest.mark.parametrize(
    ("worst", "kinds", "expected"),
    [(0.3, set(), 4), (0.95, {"negative_review"}, 3), (0.95, {"emergency"}, 2), (0.95, {"emergency", "leak"}, 2)],
)
def test_graver_talk_is_graver(worst: float, kinds: set[str], expected: int) -> None:
    facts = Facts(worst=worst, negatives=1, kinds=frozenset(kinds), source_types=frozenset({"social"}))

    assert grade(facts, default_rules()).grade == expected


def test_reasons_read_as_words() -> None:
    assert reason_words({"signal": "negative", "value": 0.93, "points": 24}) == "Negative talk (93 of 100)"
    assert reason_words({"signal": "kind", "value": "leak", "points": 26}) == "Leak of secrets or privacy"
    assert reason_words({"signal": "volume", "value": 1, "points": 4}) == "1 mention"


def test_the_default_rules_are_whole() -> None:
    assert check_rules(default_rules()) == []
    assert check_rules({"terms": {"boredom": ["x"]}})[-1] == "“boredom” is no kind of risk."


@pytest.mark.django_db
def test_loading_twice_changes_nothing_and_a_change_is_a_version(now: datetime) -> None:
    assert current_rules()[0] == 0
    body = default_rules()
    store_rules(body, now=now)
    store_rules(body, now=now)
    assert GradingRules.objects.count() == 1

    store_rules({**body, "grades": {"1": 1}}, now=now)
    assert (current_rules()[0], GradingRules.objects.filter(is_current=True).count()) == (2, 1)
