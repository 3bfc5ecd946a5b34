"""Shutting out noise: phrases around a find that noise has and good finds have not, and the rule without them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from language.conditions import needle_of
from language.elements import Element, Term
from language.folding import fold_text
from language.matching import Span
from language.rules import Rule

WIDEST = 6  # characters that a phrase takes from the left or the right of the find
PROPOSED = 3
ENDS = frozenset("，。！？；：、,.!?;:()（）[]【】《》“”\"'…—#@/|{}\n\r\t ")


@dataclass(frozen=True)
class Sample:
    """The text of a hit, where the watch found something, and what people said of it (None: nothing yet)."""

    text: str
    spans: Sequence[Span]
    is_noise: bool | None


@dataclass(frozen=True)
class Proposal:
    """A phrase to exclude around a term, and what it would drop among the hits looked at."""

    term: str
    phrase: str
    noise: int
    good: int
    unjudged: int

    @property
    def dropped(self) -> int:
        return self.noise + self.good + self.unjudged


def propose(rule: Rule, noise: Sample, others: Iterable[Sample]) -> list[Proposal]:
    """The best phrases first: most noise, no good finds, and the shortest that does it; none that drops no noise."""
    samples = [replace(noise, is_noise=True), *others]
    found: dict[tuple[str, str], Counter[bool | None]] = {}
    for term, phrase in _around(rule, noise):
        found[term, phrase] = Counter(sample.is_noise for sample in samples if _all_inside(sample, term, phrase))
    proposals = [Proposal(term, phrase, d[True], d[False], d[None]) for (term, phrase), d in found.items() if d[True]]
    proposals.sort(key=lambda p: (p.good, -p.noise, len(p.phrase), p.unjudged))
    return proposals[:PROPOSED]


def _around(rule: Rule, sample: Sample) -> Iterable[tuple[str, str]]:
    """(term, phrase) for every stretch around a find that says more than the term itself."""
    terms = {fold_text(e.text): e.text for e in (*rule.any_of, *rule.all_of) if isinstance(e, Term)}
    for start, end in sample.spans:
        term = terms.get(fold_text(sample.text[start:end]))
        if term is None:
            continue
        left, right = _reach(sample.text, start, -1), _reach(sample.text, end - 1, 1)
        for before in range(left + 1):
            for after in range(right + 1):
                if before or after:
                    yield term, sample.text[start - before : end + after]


def _reach(text: str, at: int, step: int) -> int:
    """How many characters of the same phrase follow in this direction."""
    count = 0
    while count < WIDEST and 0 <= at + step * (count + 1) < len(text) and text[at + step * (count + 1)] not in ENDS:
        count += 1
    return count


def _all_inside(sample: Sample, term: str, phrase: str) -> bool:
    """Whether this hit would fall: every find of it is the term inside the phrase."""
    folded, inner = fold_text(phrase), fold_text(term)
    text, offset = fold_text(sample.text), folded.find(inner)
    if len(text) != len(sample.text):
        return folded in text and text.count(inner) == text.count(folded) * folded.count(inner)
    return all(text[s:e] == inner and start_of(text, folded, s - offset) for s, e in sample.spans)


def start_of(text: str, phrase: str, at: int) -> bool:
    return at >= 0 and text.startswith(phrase, at)


def with_exclusion(rule: Rule, *, term: str, phrase: str) -> Rule | None:
    """The rule with one more phrase that the term is not looked for in; None where it does not look for the term."""
    changed = [tuple(_excluding(e, term, phrase) for e in group) for group in (rule.any_of, rule.all_of)]
    if changed == [rule.any_of, rule.all_of]:
        return None
    return replace(rule, any_of=changed[0], all_of=changed[1])


def _excluding(element: Element, term: str, phrase: str) -> Element:
    if not isinstance(element, Term) or fold_text(element.text) != fold_text(term):
        return element
    known = element.exclude
    if known is None:  # the built-in phrases would be lost with braces of one's own
        known = tuple(dict.fromkeys(built_in for built_in, _ in needle_of(element).exclude))
    return replace(element, exclude=tuple(dict.fromkeys((*known, phrase.strip()))))
