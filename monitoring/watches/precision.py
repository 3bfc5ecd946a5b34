"""How much of what a watch finds is worth it, by what people said; with how sure that is."""

import math
from dataclasses import dataclass

Z = 1.96  # 95 of 100


@dataclass(frozen=True)
class Precision:
    """Of `judged` hits `good` were worth it; the true share lies between low and high (Wilson, 95 %)."""

    judged: int
    good: int
    low: float = 0.0
    high: float = 1.0

    @property
    def percent(self) -> int:
        return round(100 * self.good / self.judged) if self.judged else 0

    @property
    def low_percent(self) -> int:
        return math.floor(100 * self.low + 1e-9)

    @property
    def high_percent(self) -> int:
        return math.ceil(100 * self.high - 1e-9)


def precision_of(judged: int, good: int) -> Precision:
    if not judged:
        return Precision(0, 0)
    share, square = good / judged, Z * Z / judged
    middle = (share + square / 2) / (1 + square)
    reach = Z * math.sqrt(share * (1 - share) / judged + square / judged / 4) / (1 + square)
    return Precision(judged, good, max(middle - reach, 0.0), min(middle + reach, 1.0))
