"""The folded text search reads. Simplified and Traditional, full and half width, upper and lower case are the same.

Two characters are a word in Chinese and trigram indexes do not know them, so the database indexes pairs of
characters (`cases_bigrams`, migration 0002). The Python below must cut exactly as that function does."""

from itertools import pairwise

from language.folding import fold_text

MOST = 2000  # characters of a description that search looks at


def folded(text: str) -> str:
    """Folded, with every run of white space as one blank."""
    return " ".join(fold_text(text).split())


def search_text_of(number: str, order_number: str, title: str, description: str) -> str:
    return folded("\n".join((number, order_number, title, description[:MOST])))


def bigrams(text: str) -> set[str]:
    """Every pair of neighbours without a blank in it."""
    return {first + second for first, second in pairwise(text) if " " not in (first, second)}
