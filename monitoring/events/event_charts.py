"""The curves of an event as drawings that scale with the page; the figures stand in tables behind them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from monitoring.events.heat import HOUR, Curve, Point

STEP, HEIGHT = 10, 96  # units of the drawing
TICKS = 5


@dataclass(frozen=True)
class Column:
    x: int
    y: float
    height: float
    dark_y: float
    dark_height: float
    point: Point


@dataclass(frozen=True)
class Drawing:
    """Columns are mentions, their dark part the negative ones; the line is the heat."""

    columns: list[Column]
    line: str
    width: int
    most: int
    hottest: float
    ticks: list[datetime]
    hours: int  # of one column

    @property
    def by_day(self) -> bool:
        return self.hours >= 24


@dataclass(frozen=True)
class ToneBar:
    x: int
    y: float
    height: float
    point: Point


def drawing_of(curve: Curve) -> Drawing:
    most = max((point.mentions for point in curve.points), default=0) or 1
    hottest = max((point.heat for point in curve.points), default=0.0) or 1.0
    columns = [_column(place, point, most) for place, point in enumerate(curve.points)]
    line = " ".join(
        f"{place * STEP + STEP // 2},{round(HEIGHT - point.heat / hottest * (HEIGHT - 4), 1)}"
        for place, point in enumerate(curve.points)
    )
    return Drawing(
        columns=columns,
        line=line,
        width=len(columns) * STEP,
        most=most,
        hottest=hottest,
        ticks=ticks_of([point.at for point in curve.points]),
        hours=round(curve.step / HOUR),
    )


def ticks_of(moments: Sequence[datetime]) -> list[datetime]:
    """The first, the last and three between: what a time axis is labelled with."""
    last = len(moments) - 1
    return [moments[round(number * last / (TICKS - 1))] for number in range(TICKS)]


def tone_of(curve: Curve) -> list[ToneBar]:
    """The share of negative talk, where anything was said."""
    bars = []
    for place, point in enumerate(curve.points):
        if (percent := point.negative_percent) is not None:
            height = round(percent * HEIGHT / 100, 1)
            bars.append(ToneBar(x=place * STEP, y=HEIGHT - height, height=height, point=point))
    return bars


def _column(place: int, point: Point, most: int) -> Column:
    height = round(point.mentions / most * HEIGHT, 1)
    dark = round(point.negatives / most * HEIGHT, 1)
    return Column(x=place * STEP, y=HEIGHT - height, height=height, dark_y=HEIGHT - dark, dark_height=dark, point=point)
