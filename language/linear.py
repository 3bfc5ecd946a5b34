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
    """One binary model. Both tables have the same keys."""

    weights: dict[str, float]
    squares: dict[str, float]
    bias: float

    def logit(self, grams: set[str]) -> float:
        """Above nought: rather yes."""
        total = sum(filter(None, map(self.weights.get, grams)))
        norm = sum(filter(None, map(self.squares.get, grams)))
        return total / math.sqrt(norm) + self.bias if norm else self.bias

    def strongest(self, grams: set[str], count: int) -> list[tuple[str, float]]:
        """The n-grams that speak most for yes, with their share of the logit; none inside another one."""
        weights = self.weights
        norm = math.sqrt(sum(filter(None, map(self.squares.get, grams))) or 1.0)
        found = sorted(((w, g) for g in grams if (w := weights.get(g, 0.0)) > 0), reverse=True)
        chosen: list[tuple[str, float]] = []
        for weight, gram in found:
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
    return LinearModel(
        weights={g: w * scale for g, w in zip(grams, weights, strict=True)},
        squares={g: (s * IDF_STEP) ** 2 for g, s in zip(grams, steps, strict=True)},
        bias=data["bias"],
    )
