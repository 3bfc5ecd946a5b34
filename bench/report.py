"""What a benchmark says: figures with a unit and a sentence on how each was measured."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    name: str
    value: float
    unit: str
    how: str


class Report:
    def __init__(self) -> None:
        self.figures: list[Figure] = []

    def add(self, name: str, value: float, unit: str, *, how: str) -> None:
        figure = Figure(name, round(float(value), 4), unit, how)
        self.figures.append(figure)
        sys.stderr.write(f"  {figure.name}  {figure.value:,.10g} {figure.unit}  {figure.how}\n")

    @contextmanager
    def timed(self, name: str, *, how: str) -> Iterator[None]:
        """The block's duration in milliseconds."""
        begun = time.perf_counter()
        yield
        self.add(name, (time.perf_counter() - begun) * 1000, "ms", how=how)

    def table(self) -> str:
        rows = [
            ("figure", "value", "unit", "how"),
            *((f.name, f"{f.value:,.10g}", f.unit, f.how) for f in self.figures),
        ]
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        return "\n".join(
            f"{name:<{widths[0]}}  {value:>{widths[1]}}  {unit:<{widths[2]}}  {how}" for name, value, unit, how in rows
        )

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        content = {"figures": [asdict(figure) for figure in self.figures]}
        path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
