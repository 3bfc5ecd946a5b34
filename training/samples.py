"""The training texts, read and split the same way every time."""

import csv
import json
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

from language.grams import prepare

LETTERS = re.compile("[^一-鿿a-zA-Z]")
EMOTICON_TIMES = 4
HELD, TUNE = range(8), range(8, 16)  # of a hundred; texts with the same letters always fall on the same side


@dataclass(frozen=True, slots=True)
class Sample:
    """A labelled text; `part` is train, tune (thresholds first, then training) or held (figures only)."""

    source: str
    text: str
    prepared: str
    label: str
    emotion: str
    part: str


def part_of(text: str) -> str:
    """Where a text belongs, decided by its letters alone, so that it stays there whatever folding becomes."""
    place = zlib.crc32(LETTERS.sub("", text).encode()) % 100
    return "held" if place in HELD else "tune" if place in TUNE else "train"


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def emoticon_samples() -> list[Sample]:
    """Emoticons of weibo and emoji as texts of their own (`emoticons.json`): many posts are judged by nothing else.

    Each comes several times, so that none is too rare to be counted.
    """
    signs = json.loads((Path(__file__).parent / "emoticons.json").read_text(encoding="utf-8"))
    return EMOTICON_TIMES * [
        Sample("emoticons", sign, prepare(sign), label, "", "train")
        for label, side in (("0", "negative"), ("1", "positive"))
        for sign in signs[side]
    ]


def sentiment_samples(folder: Path) -> list[Sample]:
    """All sentiment sets, repeated texts once."""
    samples: dict[tuple[str, str], Sample] = {}
    for source in ("shop", "nlpcc2014", "weibo_usual", "weibo_virus"):
        for row in read_rows(folder / f"sentiment_{source}.csv"):
            prepared = prepare(row["text"])
            sample = Sample(source, row["text"], prepared, row["label"], row.get("emotion") or "", part_of(row["text"]))
            samples.setdefault((prepared, row["label"]), sample)
    return list(samples.values())
