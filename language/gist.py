"""What many texts say in common, in a sentence or a few of their own: extractive, nothing is made up.

Each pair of neighbouring characters weighs by how many of the texts have it. A sentence is good when it holds much that
many texts have, and is not long. Further sentences are chosen for what the earlier ones do not hold.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log

from language.folding import fold_text
from language.similarity import LETTERS, NOISE

ENDS = re.compile(r"(?<=[。！？!?；;])|\n+")
SHORTEST, LONGEST = 6, 120  # letters of a sentence worth quoting
TITLE_MAX = 40
PLAIN = 14  # letters up to which length costs little
MOST_TEXTS = 200


@dataclass(frozen=True)
class Gist:
    title: str = ""
    summary: str = ""


def gist(texts: Sequence[str], *, titles: Sequence[str] = (), sentences: int = 3) -> Gist:
    """`titles`: headlines of the same texts, preferred for the title. Texts beyond the first 200 are not read."""
    told = [_pairs(text) for text in (*titles, *texts)[: 2 * MOST_TEXTS]]
    weights = Counter(pair for pairs in told for pair in pairs)
    found = {line: _pairs(line) for text in texts[:MOST_TEXTS] for line in _sentences(text)}
    short = [line for line in found if len(line) <= TITLE_MAX]
    heads = {line: _pairs(line) for line in titles if SHORTEST <= len(line) <= 2 * TITLE_MAX}
    title = _best(heads or {line: found[line] for line in short} or found, weights, ())
    return Gist(title.strip("。；;"), _summary(found, weights, sentences))


def _summary(found: dict[str, frozenset[str]], weights: Counter[str], sentences: int) -> str:
    chosen: list[str] = []
    covered: set[str] = set()
    while len(chosen) < sentences:
        rest = {
            line: pairs
            for line, pairs in found.items()
            if len(pairs - covered) * 2 > len(pairs) and (not chosen or _is_shared(pairs, weights))
        }
        if not rest:
            break
        best = _best(rest, weights, covered)
        chosen.append(best)
        covered |= found[best]
    order = list(found)
    return " ".join(sorted(chosen, key=order.index))


def _is_shared(pairs: Iterable[str], weights: Counter[str]) -> bool:
    """More than one text says most of it: what only one says is beside the point."""
    counts = [weights[pair] > 1 for pair in pairs]
    return 2 * sum(counts) > len(counts)


def _best(lines: dict[str, frozenset[str]], weights: Counter[str], covered: Iterable[str]) -> str:
    gone = set(covered)

    def worth(line: str) -> float:
        pairs = lines[line] - gone
        return sum(log(1 + weights[pair]) for pair in pairs if weights[pair] > 1) / (PLAIN + len(line))

    return max(lines, key=lambda line: (worth(line), -len(line), line), default="")


def _sentences(text: str) -> list[str]:
    lines = (" ".join(part.split()) for part in ENDS.split(text) if part)
    return [line for line in lines if SHORTEST <= len(LETTERS.sub("", fold_text(line))) <= LONGEST]


def _pairs(text: str) -> frozenset[str]:
    bare = LETTERS.sub("", NOISE.sub(" ", fold_text(text)))
    return frozenset(bare[at : at + 2] for at in range(len(bare) - 1))
