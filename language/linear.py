"""The two linear models over character n-grams, read together: quick enough for plain Python.

A model knows for each n-gram an 8-bit weight and an inverse document frequency (idf) in steps; its logit
is `scale * sum(weights) / sqrt(sum(idf²)) + bias` over the n-grams it knows. Looking n-grams up is what
costs, so both models share one table: its values are integers of lanes, and adding up such integers
adds up all lanes of both models at once. The sentiment model has two logits, one for reviews and
headlines and one for posts: the same n-grams, weighed by different teachers.
"""

import base64
import math
import re
import struct
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from language.occurring import Occurring
from language.resources import load_json

IDF_STEP = 0.05
LANE = 32  # bits: room for the squared idf of every n-gram there is, and the width that unpacks in one go
ZERO = 128  # weights are stored from 1 to 255
TELLING = 40  # of 127: heavy enough to be given as a reason
# A reason is something a person can read: no signs, no lone particle.
READABLE = re.compile("(?![的了是我有在就都也很还这那你他她它们个一上到说去会着人和与啊吧呢吗呀哦0]$)[一-鿿a-z0-9]+")


@dataclass(frozen=True, slots=True)
class _Lanes:
    """Where a model's sums are: its weights from `first` on, then the squared idf steps, then the count."""

    first: int
    scale: float
    biases: tuple[float, ...]

    def logits(self, sums: Sequence[int]) -> list[float]:
        last = self.first + len(self.biases)
        square, known = sums[last], sums[last + 1]
        if not known:
            return list(self.biases)
        factor, zero = self.scale / (math.sqrt(square) * IDF_STEP), ZERO * known
        return [(lane - zero) * factor + bias for lane, bias in zip(sums[self.first : last], self.biases, strict=True)]


@dataclass(frozen=True, slots=True)
class Models:
    """Both models and the n-grams that may be given as reasons."""

    table: dict[str, int]
    category: _Lanes
    sentiment: _Lanes
    telling: dict[str, float]
    lanes: struct.Struct
    occurring: Occurring

    def known(self, prepared: Sequence[str]) -> Iterator[set[str]]:
        """The n-grams of each text that a model knows."""
        return self.occurring.in_each(prepared)

    def sums(self, known: Iterable[str]) -> Sequence[int]:
        """Of all lanes, over known n-grams: ask `category.logits` and `sentiment.logits` what they mean."""
        total = sum(map(self.table.__getitem__, known))
        return self.lanes.unpack(total.to_bytes(self.lanes.size, "little"))

    def strongest(self, known: set[str], count: int) -> list[tuple[str, float]]:
        """The n-grams that speak most for negative, with their weights; none inside another one."""
        telling = self.telling
        chosen: list[tuple[str, float]] = []
        for weight, gram in sorted([(telling[gram], gram) for gram in telling.keys() & known], reverse=True):
            if len(chosen) == count:
                break
            if not any(gram in other or other in gram for other, _ in chosen):
                chosen.append((gram, weight))
        return chosen


@cache
def models() -> Models:
    """Both models, read from the files that training writes (`training/linear_file.py`)."""
    table: dict[str, int] = {}
    category, _ = _add("categories_model.json.gz", table, 0)
    sentiment, weights = _add("sentiment.json.gz", table, len(category.biases) + 2)
    telling = {gram: w * sentiment.scale for gram, w in weights.items() if w >= TELLING and READABLE.fullmatch(gram)}
    lanes = sentiment.first + len(sentiment.biases) + 2
    return Models(table, category, sentiment, telling, struct.Struct(f"<{lanes}I"), Occurring(table))


def _add(name: str, table: dict[str, int], first: int) -> tuple[_Lanes, dict[str, int]]:
    data = load_json(name)
    names: list[str] = data["grams"].split("\n")
    steps, idf = array("b", base64.b64decode(data["weights"])), base64.b64decode(data["idf"])
    size = len(data["biases"])
    for at, gram in enumerate(names):
        row = [weight + ZERO for weight in steps[at * size : (at + 1) * size]] + [idf[at] ** 2, 1]
        table[gram] = table.get(gram, 0) + sum(value << LANE * (first + place) for place, value in enumerate(row))
    return _Lanes(first, data["scale"], tuple(data["biases"])), dict(zip(names, steps[::size], strict=True))
