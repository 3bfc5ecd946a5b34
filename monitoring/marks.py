"""One inverted index for everything a mention is looked for by: words, tone, source, risk, watch, author.

Each property of a mention becomes a number; the numbers stand in one array column with one GIN index, so that any
combination of filters is one look-up. Numbers may collide (one in four thousand million): text is looked at once more
(`folded`), the rest is asked of the column itself where it matters.
"""

from collections.abc import Iterable
from zlib import crc32

from language.bigrams import bigrams, query_bigrams
from language.folding import fold_text

REACH = (1_000, 10_000, 100_000, 1_000_000)  # followers of an author one can ask for
PAIRS_READ = 2_000  # characters of a text whose pairs are kept: what is said later in an essay is found by its opening


def mark(kind: str, value: object) -> int:
    """A signed 32-bit number, as PostgreSQL's integer holds it."""
    number = crc32(f"{kind}:{value}".encode())
    return number - (1 << 32) if number >= 1 << 31 else number


def marks_of(
    whole: str,
    *,
    source_id: int,
    source_type: str,
    author: str,
    reach: int | None,
    is_negative: bool,
    kinds: Iterable[str],
    watches: Iterable[int],
) -> list[int]:
    """All marks of one mention, once each, sorted."""
    found = {mark("word", pair) for pair in bigrams(whole[:PAIRS_READ])}
    found |= {mark("source", source_id), mark("type", source_type)}
    found |= {mark("tone", "negative" if is_negative else "other")}
    found |= {mark("kind", kind) for kind in kinds} | {mark("watch", pk) for pk in watches}
    found |= {mark("reach", tier) for tier in REACH if (reach or 0) >= tier}
    if author:
        found.add(mark("author", fold_text(author)))
    return sorted(found)


def marks_of_query(query: str) -> list[int]:
    """What a mention must have to contain every word of the query; words of one character have no pair."""
    return sorted({mark("word", pair) for pair in query_bigrams(query)})
