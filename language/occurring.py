"""Which of very many words or n-grams occur in each of many texts, in one pass that leaves Python out of it."""

from collections.abc import Iterable, Iterator, Sequence

from ahocorasick_rs import AhoCorasick, Implementation

LINE_END = "\n"


class Occurring:
    """Built once of the pieces to look for; neither they nor the texts hold a line end."""

    def __init__(self, pieces: Iterable[str]) -> None:
        # With its patterns stored the automaton answers with the very same strings, and makes none.
        searched = [*pieces, LINE_END]
        self._automaton = AhoCorasick(searched, store_patterns=True, implementation=Implementation.ContiguousNFA)

    def in_each(self, texts: Sequence[str]) -> Iterator[set[str]]:
        """The pieces that occur in the first text, in the second, and so on."""
        found = self._automaton.find_matches_as_strings("".join(text + LINE_END for text in texts), overlapping=True)
        begin = 0
        for _ in texts:
            end = found.index(LINE_END, begin)
            yield set(found[begin:end])
            begin = end + 1
