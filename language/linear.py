"""Linear models over character n-grams: small enough to read, quick enough for plain Python.

A model is a table `n-gram → weight` and a second table `n-gram → squared inverse document frequency`;
the logit of a text is `sum(weights) / sqrt(sum(idf²)) + bias` over the n-grams it knows.
"""

import base64
import math
from array import array
from dataclasses import dataclass

from language.resources import load_json

IDF_STEP = 0.05


@dataclass(frozen=True, slots=True)
class LinearModel:
    """One binary model. `table` maps an n-gram to weight + squared idf as a complex number: one look-up, one sum."""

    table: dict[str, complex]
    bias: float

    def logit(self, grams: set[str]) -> float:
        """Above nought: rather yes."""
        total: complex = sum(filter(None, map(self.table.get, grams)), 0j)
        return total.real / math.sqrt(total.imag) + self.bias if total.imag else self.bias

    def strongest(self, grams: set[str], count: int) -> list[tuple[str, float]]:
        """The n-grams that speak most for yes, with their share of the logit; none inside another one."""
        look_up = self.table.get
        known = [(value, gram) for gram in grams if (value := look_up(gram)) is not None]
        norm = math.sqrt(sum(value.imag for value, _ in known) or 1.0)
        chosen: list[tuple[str, float]] = []
        for weight, gram in sorted(((v.real, g) for v, g in known if v.real > 0), reverse=True):
            if len(chosen) == count:
                break
            if not gram.isspace() and not any(gram in other or other in gram for other, _ in chosen):
                chosen.append((gram, weight / norm))
        return chosen


def load_linear(name: str) -> LinearModel:
    """Read a model written by `training/linear_file.py`."""
    data = load_json(name)
    grams: list[str] = data["grams"].split("\n")
    weights = array("b", base64.b64decode(data["weights"]))
    steps = base64.b64decode(data["idf"])
    scale = data["scale"]
    values = (complex(w * scale, (s * IDF_STEP) ** 2) for w, s in zip(weights, steps, strict=True))
    return LinearModel(dict(zip(grams, values, strict=True)), data["bias"])
