"""Linear models over character n-grams: small enough to read, quick enough for plain Python.

A model knows for each n-gram a weight and an inverse document frequency (idf); the logit of a text is
`sum(weights) / sqrt(sum(idf²)) + bias` over the n-grams it knows.
"""

import base64
import math
import re
from array import array
from dataclasses import dataclass

from language.resources import load_json

IDF_STEP = 0.05
TELLING = 20  # of 127
# A reason is something a person can read: no signs, no lone particle.
READABLE = re.compile("(?![的了是我有在就都也很还这那你他她它们个一上到说去会着人和与啊吧呢吗呀哦0]$)[一-鿿a-z0-9]+")


@dataclass(frozen=True, slots=True)
class LinearModel:
    """One binary model. `table` maps an n-gram to weight + squared idf as a complex number: one look-up, one sum.

    `telling` holds the n-grams heavy enough to be given as a reason.
    """

    table: dict[str, complex]
    telling: dict[str, float]
    bias: float

    def logit(self, grams: set[str]) -> float:
        """Above nought: rather yes."""
        total: complex = sum(filter(None, map(self.table.get, grams)), 0j)
        return total.real / math.sqrt(total.imag) + self.bias if total.imag else self.bias

    def strongest(self, grams: set[str], count: int) -> list[tuple[str, float]]:
        """The n-grams that speak most for yes, with their weights; none inside another one."""
        telling = self.telling
        found = sorted([(telling[gram], gram) for gram in telling.keys() & grams], reverse=True)
        chosen: list[tuple[str, float]] = []
        for weight, gram in found:
            if len(chosen) == count:
                break
            if not any(gram in other or other in gram for other, _ in chosen):
                chosen.append((gram, weight))
        return chosen


def load_linear(name: str) -> LinearModel:
    """Read a model written by `training/linear_file.py`."""
    data = load_json(name)
    grams: list[str] = data["grams"].split("\n")
    weights = array("b", base64.b64decode(data["weights"]))
    steps = base64.b64decode(data["idf"])
    scale = data["scale"]
    shared: dict[complex, complex] = {}  # equal values are one object: far fewer of them to fetch from memory
    values = (complex(w * scale, (s * IDF_STEP) ** 2) for w, s in zip(weights, steps, strict=True))
    telling = {g: w * scale for g, w in zip(grams, weights, strict=True) if w >= TELLING and READABLE.fullmatch(g)}
    table = {gram: shared.setdefault(value, value) for gram, value in zip(grams, values, strict=True)}
    return LinearModel(table, telling, data["bias"])
