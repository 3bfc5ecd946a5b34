"""What a watch rule is made of, as plain values: terms, neighbours, patterns, accounts, named lists and the scope.

Every value checks nothing by itself; `checked` refuses what cannot be searched, with a `RuleError` that points at
the character. How rules are written is told in `rules`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from language.folding import fold_text
from language.patterns import PatternFault, inspect_pattern

MAX_TERM, MAX_TERMS, MAX_WITHIN, MAX_PATTERN = 100, 500, 200, 300
MAX_OPERANDS = 5
LINE_ENDS = "\n\r"
SOURCE_TYPES = ("news", "social", "review", "forum", "video", "consumer_platform", "other")


class RuleError(ValueError):
    """A rule that cannot be read: where (1-based line and column, 0-based position), what, and what to do.

    `params` are the pieces of the sentence, for whoever says it in another language.
    """

    def __init__(
        self,
        code: str,
        message: str,
        hint: str,
        *,
        text: str = "",
        position: int = 0,
        params: Mapping[str, object] | None = None,
    ) -> None:
        before = text[:position]
        self.code, self.message, self.hint, self.position = code, message, hint, position
        self.params = dict(params or {})
        self.line = before.count("\n") + 1
        self.column = position - (before.rfind("\n") + 1) + 1
        self.excerpt = text.split("\n")[self.line - 1]
        super().__init__(f"line {self.line}, column {self.column}: {message} {hint}")


@dataclass(frozen=True, slots=True)
class Term:
    """Something to look for. `exclude` None means the built-in exclusions, an empty tuple none at all.

    `exact`: disguised spellings (signs between, pinyin, homophones) do not count.
    """

    text: str
    exclude: tuple[str, ...] | None = None
    exact: bool = False


@dataclass(frozen=True, slots=True)
class ListRef:
    """Any entry of these named lists of the desk."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Near:
    """One of each operand, with at most `within` characters between any two of them."""

    operands: tuple[tuple["Term | ListRef", ...], ...]
    within: int


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression over the folded text."""

    regex: str


@dataclass(frozen=True, slots=True)
class Account:
    """One of these accounts is addressed: @name, and nothing longer."""

    names: tuple[str, ...]


Element = Term | Near | Pattern | Account | ListRef


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a rule looks at all. An empty part is no limit; the parts all have to hold.

    `products` and `regions` name lists: the text must hold an entry of one of them. `units` are codes; a unit
    counts with everything below it. Days are those of publication, both included.
    """

    sources: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None

    def __bool__(self) -> bool:
        return any(getattr(self, part.name) for part in fields(self))


EVERYWHERE = Scope()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a text stands, for rules with a scope. `units` are the codes of the source's unit and of those above."""

    source: str = ""
    source_type: str = ""
    units: tuple[str, ...] = ()
    day: date | None = None


def within_scope(scope: Scope, place: Place) -> bool:
    """Whether a text of this place is looked at; what is not known is outside."""
    day = place.day
    return not (
        (scope.sources and fold_text(place.source) not in map(fold_text, scope.sources))
        or (scope.types and place.source_type not in scope.types)
        or (scope.units and not set(scope.units) & set(place.units))
        or (scope.since and (day is None or day < scope.since))
        or (scope.until and (day is None or day > scope.until))
    )


def checked(element: Element, text: str = "", position: int = 0) -> Element:
    """The same element, or a `RuleError` at this position of the rule's text."""
    if isinstance(element, Term):
        _check_term(element, text, position)
    elif isinstance(element, Near):
        _check_near(element, text, position)
    elif isinstance(element, Pattern):
        _check_pattern(element, text, position)
    else:
        for name in element.names:
            _check_phrase(name, text, position)
    return element


def check_scope(scope: Scope, text: str = "", position: int = 0) -> Scope:
    """The same scope, or a `RuleError`."""
    for kind in scope.types:
        if kind not in SOURCE_TYPES:
            raise RuleError(
                "unknown_type",
                f"“{kind}” is no type of source.",
                f"Use {', '.join(SOURCE_TYPES)}.",
                text=text,
                position=position,
                params={"name": kind, "known": ", ".join(SOURCE_TYPES)},
            )
    if scope.since and scope.until and scope.since > scope.until:
        hint = "Exchange the two days."
        raise RuleError("period", "The period ends before it begins.", hint, text=text, position=position)
    for name in (*scope.sources, *scope.units, *scope.products, *scope.regions):
        _check_phrase(name, text, position)
    return scope


def _check_phrase(phrase: str, text: str, position: int) -> None:
    def refuse(code: str, message: str, hint: str, **params: object) -> RuleError:
        return RuleError(code, message, hint, text=text, position=position, params=params)

    if not fold_text(phrase).strip():
        raise refuse("empty_term", "A term is missing here.", "Write a term, or remove the sign.")
    if len(phrase) > MAX_TERM:
        raise refuse("too_long", f"Longer than {MAX_TERM} characters.", "Look for its telling part only.", n=MAX_TERM)
    if any(end in phrase for end in LINE_ENDS):
        raise refuse("line_end", "A term cannot span lines.", "Put each term on one line.")


def _check_term(term: Term, text: str, position: int) -> None:
    for phrase in (term.text, *(term.exclude or ())):
        _check_phrase(phrase, text, position)
    folded = fold_text(term.text).strip()
    for phrase in term.exclude or ():
        if folded not in fold_text(phrase):
            raise RuleError(
                "exclude_apart",
                f"“{phrase}” does not contain “{term.text}”.",
                f"Write the longer phrase around “{term.text}”, or use - for a term that must not occur.",
                text=text,
                position=position,
                params={"phrase": phrase, "term": term.text},
            )


def _check_near(near: Near, text: str, position: int) -> None:
    if not 2 <= len(near.operands) <= MAX_OPERANDS or not all(near.operands):
        raise RuleError(
            "near_operands",
            f"Near takes two to {MAX_OPERANDS} terms.",
            "Separate them by commas: [near 20: 退款, 客服].",
            text=text,
            position=position,
            params={"n": MAX_OPERANDS},
        )
    if not 0 <= near.within <= MAX_WITHIN:
        hint = f"Write a number from 0 to {MAX_WITHIN}: [near 20: …]."
        message = "The distance of near is missing or too large."
        raise RuleError("near_distance", message, hint, text=text, position=position, params={"n": MAX_WITHIN})
    for operand in near.operands:
        for alternative in operand:
            checked(alternative, text, position)


def _check_pattern(pattern: Pattern, text: str, position: int) -> None:
    if len(pattern.regex) > MAX_PATTERN:
        message, hint = f"Longer than {MAX_PATTERN} characters.", "Look for its telling part only."
        raise RuleError("too_long", message, hint, text=text, position=position, params={"n": MAX_PATTERN})
    if any(end in pattern.regex for end in LINE_ENDS):
        message, hint = "A term cannot span lines.", "Put each term on one line."
        raise RuleError("line_end", message, hint, text=text, position=position)
    try:
        inspect_pattern(pattern.regex)
    except PatternFault as fault:
        # What stands before the pattern itself (bracket, name, quote) is not known here: the fault counts from there.
        at = text.find(pattern.regex, position)
        place = position if at < 0 else at + fault.position
        raise RuleError(
            fault.code, fault.message, fault.hint, text=text, position=place, params={"why": fault.why}
        ) from None


def in_words(element: Element) -> dict[str, Any]:
    """What an element searches for, for showing: kind, words, number."""
    if isinstance(element, Term):
        return {"kind": "exact" if element.exact else "term", "words": [element.text]}
    if isinstance(element, Near):
        words = ["/".join(_said(a) for a in operand) for operand in element.operands]
        return {"kind": "near", "words": words, "within": element.within}
    if isinstance(element, Pattern):
        return {"kind": "regex", "words": [element.regex]}
    return {"kind": "account" if isinstance(element, Account) else "list", "words": list(element.names)}


def _said(alternative: Term | ListRef) -> str:
    return alternative.text if isinstance(alternative, Term) else "/".join(alternative.names)
