"""
How many mentions the next hours will bring. Pure: full hourly counts in, expectations with an interval out.

The logarithm of the counts is followed by exponential smoothing with a damped trend. The interval is empirical: the
middle four fifths of how far the same method was off on this event's own past, never narrower than chance alone; and
wider where the promises of the last weeks were not kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, expm1, floor, log1p, sqrt

AHEAD = 6
HOURS_NEEDED, MENTIONS_NEEDED = 12, 10  # of history; of the last day: below that there is too little to say
HISTORY = 168
LEVEL, TREND, DAMPED = 0.5, 0.2, 0.8
COVERED = 80  # percent of the hours that should lie within
TAIL = 1.2816  # of the normal distribution, for four fifths
MOST_ORIGINS = 72
FEW = 8  # residuals below which they alone say little
PAST_NEEDED = 48  # hours said and over, below which nobody knows whether the promise is kept
WIDEST = 4.0
THIN, ROUNDING = 0.05, 1e-9
WIDE = 1.0  # then: as if off by a factor of e


@dataclass(frozen=True)
class Expected:
    """`ahead`: 1 for the hour that begins now."""

    ahead: int
    expected: float
    low: int
    high: int


def forecast(counts: Sequence[int]) -> list[Expected]:
    """`counts`: full hours, oldest first, from the first mention on. Empty where there is too little to say."""
    history = list(counts[-HISTORY:])
    if len(history) < HOURS_NEEDED or sum(history[-24:]) < MENTIONS_NEEDED:
        return []
    logs = [log1p(count) for count in history]
    states = _states(logs)
    return [_expected(ahead, logs, states) for ahead in range(1, AHEAD + 1)]


def widening(past: Sequence[tuple[float, int, int, int, float]]) -> float:
    """
    By how much intervals must widen so that the promised share of these past hours would have lain within.

    `past`: expected, low, high, what came, and how far each had been widened already. 1 where the promise was kept.
    """
    if len(past) < PAST_NEEDED:
        return 1.0
    return min(max(_quantile(sorted(map(_needed, past)), COVERED / 100), 1.0), WIDEST)


def _needed(hour: tuple[float, int, int, int, float]) -> float:
    expected, low, high, came, by = hour
    middle, off = log1p(expected), log1p(came) - log1p(expected)
    half = log1p(high) - middle if off > 0 else middle - log1p(low)
    return by * abs(off) / max(half, THIN)


def widened(said: Expected, by: float) -> Expected:
    """The same with its interval so many times as wide."""
    middle = log1p(said.expected)
    low = expm1(max(middle - by * (middle - log1p(said.low)), 0.0))
    high = expm1(middle + by * (log1p(said.high) - middle))
    return replace(said, low=floor(low + ROUNDING), high=ceil(high - ROUNDING))


def _states(logs: Sequence[float]) -> list[tuple[float, float]]:
    """Level and trend after each hour."""
    level, trend = logs[0], 0.0
    states = [(level, trend)]
    for value in logs[1:]:
        before, guess = level, level + DAMPED * trend
        level = guess + LEVEL * (value - guess)
        trend = DAMPED * trend + TREND * (level - before - DAMPED * trend)
        states.append((level, trend))
    return states


def _at(state: tuple[float, float], ahead: int) -> float:
    level, trend = state
    return max(level + trend * sum(DAMPED**step for step in range(1, ahead + 1)), 0.0)


def _expected(ahead: int, logs: Sequence[float], states: Sequence[tuple[float, float]]) -> Expected:
    middle = _at(states[-1], ahead)
    origins = range(max(3, len(logs) - ahead - MOST_ORIGINS), len(logs) - ahead)
    off = sorted(logs[origin + ahead] - _at(states[origin], ahead) for origin in origins)
    lower, upper = (_quantile(off, 0.1), _quantile(off, 0.9)) if len(off) >= FEW else (-WIDE, WIDE)
    mean = expm1(middle)
    chance = TAIL * sqrt(max(mean, 1.0))
    low = min(expm1(max(middle + lower, 0.0)), mean - chance)
    high = max(expm1(max(middle + upper, 0.0)), mean + chance)
    return Expected(ahead, round(mean, 1), max(floor(low), 0), ceil(high))


def _quantile(ordered: Sequence[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    below = floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
