"""Two-character search: a text as the set of its character pairs.

PostgreSQL's trigrams need three characters, and in Chinese two make a word. The pairs of a text are
stored in an array with a GIN index; a query's pairs must all be among them, and a last look at the
folded text itself removes the few false finds.
"""

import re
from operator import add

from language.folding import fold_text

WORDS = re.compile(r"[^\W_]+")


def bigrams(text: str) -> list[str]:
    """Every pair of neighbouring letters, digits or Han characters of the folded text, once, sorted."""
    return sorted(pairs(fold_text(text)))


def pairs(folded: str) -> set[str]:
    """The same of a text that is folded already, in no order."""
    found: set[str] = set()
    for run in WORDS.findall(folded):
        found.update(map(add, run, run[1:]))
    return found


def query_bigrams(query: str) -> list[str]:
    """The pairs a text must have to contain every word of the query; empty for words of one character only."""
    return bigrams(query)


def contains(text: str, query: str) -> bool:
    """The last look: whether every word of the query, folded, occurs in the text."""
    folded = fold_text(text)
    return all(word in folded for word in fold_text(query).split())
