"""The boolean part of rules: needles as numbers, and what has to be found for a rule to hold.

A rule that any needle fulfils by itself needs no judging; all others are judged for the texts in which one of
their needles was found, and rules with a pattern that has no fixed piece of text for every text.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

from language.elements import Account, Pattern, Term
from language.folding import fold_text
from language.named_lists import Choice, Condition, Lists, Nearby, opened
from language.patterns import SafePattern, safe_pattern
from language.resources import load_json
from language.rules import Rule

Span = tuple[int, int]
Found = dict[int, list[Span]]  # where each needle was found in the folded text
Verdict = tuple[str, list[Span], bool]  # rule, places, whether only suspected

NAME_GOES_ON = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_-")


@dataclass(frozen=True, slots=True)
class Needle:
    """A term as searched: folded, with (phrase, offset of the term in it) for every exclude phrase."""

    text: str
    exclude: tuple[tuple[str, int], ...] = ()
    is_hideable: bool = True
    is_account: bool = False

    @property
    def is_picky(self) -> bool:
        return bool(self.exclude) or self.is_account

    def excluded(self, view: str, start: int) -> bool:
        """Whether the find at this place does not count: part of an excluded phrase, or of a longer name."""
        if self.is_account:
            end = start + len(self.text)
            return end < len(view) and (view[end] in NAME_GOES_ON or "一" <= view[end] <= "鿿")
        return any(start >= offset and view.startswith(phrase, start - offset) for phrase, offset in self.exclude)


@dataclass(slots=True)
class Text:
    """One folded text while it is judged. Patterns are searched once; rules they held up go into `slow`."""

    folded: str
    sure: Found
    doubtful: Found
    slow: set[str]
    searched: dict[int, list[Span] | None] = field(default_factory=dict)

    @property
    def both(self) -> Found:
        if not self.doubtful:
            return self.sure
        return {n: [*self.sure.get(n, []), *self.doubtful.get(n, [])] for n in {*self.sure, *self.doubtful}}


@dataclass(frozen=True, slots=True)
class _Any:
    """One of these needles."""

    numbers: tuple[int, ...]

    def may_hold_by(self, number: int) -> bool:
        return number in self.numbers

    def spans(self, found: Found, text: Text, rule: str) -> list[Span]:  # noqa: ARG002 -- the conditions' signature
        return [span for number in self.numbers for span in found.get(number, ())]


@dataclass(frozen=True, slots=True)
class _Near:
    """One needle of each operand, with at most `within` characters between any two of them."""

    operands: tuple[_Any, ...]
    within: int

    def may_hold_by(self, number: int) -> bool:
        return all(number in operand.numbers for operand in self.operands)

    def spans(self, found: Found, text: Text, rule: str) -> list[Span]:
        places = sorted(
            (span, which) for which, operand in enumerate(self.operands) for span in operand.spans(found, text, rule)
        )
        last: list[Span | None] = [None] * len(self.operands)  # of each operand the find that reaches furthest
        together: set[Span] = set()
        for span, which in places:
            others = [seen for other, seen in enumerate(last) if other != which]
            near = [seen for seen in others if seen is not None and seen[1] >= span[0] - self.within]
            if len(near) == len(others):
                together |= {span, *near}
            reaches = last[which]
            if reaches is None or span[1] >= reaches[1]:
                last[which] = span
        return sorted(together)


@dataclass(frozen=True, slots=True)
class _Regex:
    """A pattern, asked only where its gate was found."""

    number: int
    pattern: SafePattern
    gate: int | None

    def may_hold_by(self, number: int) -> bool:
        return self.gate in (None, number)

    def spans(self, found: Found, text: Text, rule: str) -> list[Span]:  # noqa: ARG002 -- the conditions' signature
        if self.gate is not None and self.gate not in text.sure:
            return []
        if self.number not in text.searched:
            text.searched[self.number] = None if self.pattern.tripped else self.pattern.spans(text.folded)
        places = text.searched[self.number]
        if places is None:
            text.slow.add(rule)
        return places or []


_Condition = _Any | _Near | _Regex


@dataclass(frozen=True, slots=True)
class _Plan:
    """A rule in terms of needle numbers."""

    id: str
    any_of: tuple[_Condition, ...]
    all_of: tuple[_Condition, ...]
    none_of: tuple[_Condition, ...]

    @property
    def is_simple(self) -> bool:
        return not self.all_of and not self.none_of and all(isinstance(each, _Any) for each in self.any_of)

    def may_hold_by(self, number: int) -> bool:
        """Whether this needle, found alone, may be enough."""
        any_of = not self.any_of or any(each.may_hold_by(number) for each in self.any_of)
        return any_of and all(each.may_hold_by(number) for each in self.all_of)


class Conditions:
    """All rules, by the needles that make them worth judging. `always`: to be judged for every text."""

    def __init__(self) -> None:
        self.needles: list[Needle] = []
        self.always: list[_Plan] = []
        self._numbers: dict[Needle, int] = {}
        self._patterns: dict[str, _Regex] = {}
        self.alone: list[
            list[str] | None
        ] = []  # the rules a needle found alone fulfils; None where more is to be asked
        self._simple: list[list[str]] = []
        self._others: list[list[_Plan]] = []

    def add(self, id_: str, rule: Rule, lists: Lists) -> None:
        """Raises `NoSuchListError` where a list is missing; then nothing was added."""
        whole = opened(rule, lists)
        any_of, all_of, none_of = (tuple(map(self._compiled, g)) for g in (whole.any_of, whole.all_of, whole.none_of))
        plan = _Plan(id_, any_of, all_of, none_of)
        if plan.is_simple:
            for number in {number for each in any_of for number in _telling(each)}:
                self._simple[number].append(id_)
            return
        telling = _needed(plan)
        for number in telling:
            self._others[number].append(plan)
            if plan.may_hold_by(number):
                self.alone[number] = None
        if not telling:
            self.always.append(plan)

    def judge(self, text: Text) -> list[Verdict]:
        """The rules that hold: sure ones first, then those only suspected, then those that had to be judged."""
        verdicts, others = self._by_one_needle(text)
        for plan in self.always:
            others[plan.id] = plan
        if others:
            both = text.both
            verdicts += [v for plan in others.values() if (v := _judged(plan, text, both)) is not None]
        return verdicts

    def _by_one_needle(self, text: Text) -> tuple[list[Verdict], dict[str, _Plan]]:
        others: dict[str, _Plan] = {}
        spans = self._spans(text.sure, others)
        verdicts: list[Verdict] = [(id_, places, False) for id_, places in spans.items()]
        if text.doubtful:
            more = self._spans(text.doubtful, others)
            verdicts += [(id_, places, True) for id_, places in more.items() if id_ not in spans]
        return verdicts, others

    def _spans(self, found: Found, others: dict[str, _Plan]) -> dict[str, list[Span]]:
        spans: dict[str, list[Span]] = {}
        for number, places in found.items():
            for id_ in self._simple[number]:
                spans[id_] = spans[id_] + places if id_ in spans else places
            for plan in self._others[number]:
                others[plan.id] = plan
        return spans

    def _compiled(self, condition: Condition) -> _Condition:
        if isinstance(condition, Pattern):
            return self._regex(condition.regex)
        if isinstance(condition, Nearby):
            return _Near(tuple(self._any(operand) for operand in condition.operands), condition.within)
        return self._any(condition)

    def _any(self, choice: Choice) -> _Any:
        return _Any(tuple(dict.fromkeys(self._numbered(needle_of(entry)) for entry in _single(choice.entries))))

    def _regex(self, written: str) -> _Regex:
        if written not in self._patterns:
            pattern = safe_pattern(written)
            gate = self._numbered(Needle(pattern.gate, is_hideable=False)) if pattern.gate else None
            self._patterns[written] = _Regex(len(self._patterns), pattern, gate)
        return self._patterns[written]

    def _numbered(self, needle: Needle) -> int:
        if needle not in self._numbers:
            self._numbers[needle] = len(self.needles)
            self.needles.append(needle)
            self._simple.append([])
            self.alone.append(self._simple[-1])
            self._others.append([])
        return self._numbers[needle]


def _single(entries: Iterable[Term | Account]) -> Iterable[Term | Account]:
    for entry in entries:
        if isinstance(entry, Account):
            yield from (Account((name,)) for name in entry.names)
        else:
            yield entry


def needle_of(entry: Term | Account) -> Needle:
    """What is searched for a term or for the one name of an account."""
    if isinstance(entry, Account):
        return Needle("@" + fold_text(entry.names[0]).lstrip("@").strip(), is_hideable=False, is_account=True)
    text = fold_text(entry.text)
    phrases = _collisions().get(text, ()) if entry.exclude is None else map(fold_text, entry.exclude)
    exclude = tuple((p, at) for p in phrases for at in range(len(p)) if p.startswith(text, at))
    return Needle(text, exclude, is_hideable=not entry.exact)


def _telling(condition: _Condition) -> tuple[int, ...]:
    """The needles without which this condition cannot hold."""
    if isinstance(condition, _Near):
        return condition.operands[0].numbers
    if isinstance(condition, _Regex):
        return () if condition.gate is None else (condition.gate,)
    return condition.numbers


def _needed(plan: _Plan) -> set[int]:
    """The fewest needles one of which every text of this rule has; empty where only a look at the text tells."""
    ways = [set(_telling(each)) for each in plan.all_of]
    if plan.any_of and all(map(_telling, plan.any_of)):
        ways.append({number for each in plan.any_of for number in _telling(each)})
    return min(filter(None, ways), key=len, default=set())


def _judged(plan: _Plan, text: Text, both: Found) -> Verdict | None:
    """The rule's verdict, or None. Disguised terms count for `none` too, doubtful ones do not."""
    if any(each.spans(text.sure, text, plan.id) for each in plan.none_of):
        return None
    present = [spans for each in plan.any_of if (spans := each.spans(text.sure, text, plan.id))]
    suspected = bool(plan.any_of) and not present
    if suspected:
        present = [spans for each in plan.any_of if (spans := each.spans(both, text, plan.id))]
        if not present:
            return None
    places = [span for spans in present for span in spans]
    for each in plan.all_of:
        spans = each.spans(text.sure, text, plan.id)
        if not spans:
            spans, suspected = each.spans(both, text, plan.id), True
        if not spans:
            return None
        places += spans
    return plan.id, places, suspected


@cache
def _collisions() -> Mapping[str, tuple[str, ...]]:
    return {fold_text(term): tuple(map(fold_text, phrases)) for term, phrases in load_json("collisions.json").items()}
