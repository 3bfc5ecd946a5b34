"""One inverted index for everything a mention is looked for by: words, tone, source, risk, watch, author.

Each property of a mention becomes a number; the numbers stand in one array column with one GIN index, so that any
combination of filters is one look-up. Numbers may collide (one in four thousand million): text is looked at once more
(`folded`), the rest is asked of the column itself where it matters.
"""

from array import array
from collections.abc import Iterable
from functools import lru_cache
from zlib import crc32

from language.bigrams import pairs
from language.folding import fold_text

REACH = (1_000, 10_000, 100_000, 1_000_000)  # followers of an author one can ask for
PAIRS_READ = 2_000  # characters of a text whose pairs are kept: what is said later in an essay is found by its opening


_WORD = crc32(b"word:")


@lru_cache(maxsize=10_000)
def mark(kind: str, value: object) -> int:
    """A signed 32-bit number, as PostgreSQL's integer holds it."""
    return _signed([crc32(f"{kind}:{value}".encode())])[0]


def _signed(numbers: Iterable[int]) -> list[int]:
    return memoryview(array("I", numbers)).cast("B").cast("i").tolist()


def _words(folded: str) -> set[int]:
    """`mark("word", pair)` of every pair, all at once: a text has dozens, and thousands of texts come."""
    return set(_signed(crc32(pair.encode(), _WORD) for pair in pairs(folded)))


def marks_of(
    whole: str,
    *,
    folded: str | None = None,
    source_id: int,
    source_type: str,
    author: str,
    reach: int | None,
    is_negative: bool,
    kinds: Iterable[str],
    watches: Iterable[int],
) -> list[int]:
    """All marks of one mention, once each, sorted. `folded`: the whole, where it is folded already."""
    found = _words(fold_text(whole[:PAIRS_READ]) if folded is None or len(whole) > PAIRS_READ else folded)
    found |= {mark("source", source_id), mark("type", source_type)}
    found |= {mark("tone", "negative" if is_negative else "other")}
    found |= {mark("kind", kind) for kind in kinds} | {mark("watch", pk) for pk in watches}
    found |= {mark("reach", tier) for tier in REACH if (reach or 0) >= tier}
    if author:
        found.add(mark("author", fold_text(author)))
    return sorted(found)


def marks_of_query(query: str) -> list[int]:
    """What a mention must have to contain every word of the query; words of one character have no pair."""
    return sorted(_words(fold_text(query)))
