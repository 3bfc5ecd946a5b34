"""Named lists of a desk (brands, customers, products, regions, accounts) and rules that ask for them.

A list holds terms and may name other lists. Lists that lead back to themselves are refused when saved, and
harmless should they exist: each list is entered once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from language.elements import Account, Element, ListRef, Near, Pattern, RuleError, Term
from language.folding import fold_text
from language.rules import Rule, parse_rule

Entry = Term | Account | ListRef
Lists = Mapping[str, tuple[Entry, ...]]  # by folded name


class NoSuchListError(LookupError):
    """A rule asks for a list that is not there."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a list or a bracket with several values comes down to: any of these."""

    entries: tuple[Term | Account, ...]


@dataclass(frozen=True, slots=True)
class Nearby:
    """`Near` with its lists opened."""

    operands: tuple[Choice, ...]
    within: int


Condition = Choice | Nearby | Pattern


@dataclass(frozen=True, slots=True)
class Opened:
    """A rule with all its lists opened; products and regions of the scope have become conditions."""

    any_of: tuple[Condition, ...]
    all_of: tuple[Condition, ...]
    none_of: tuple[Condition, ...]


def read_entries(text: str) -> tuple[Entry, ...]:
    """A list as people write it: one entry a line (or between bars), with exclude phrases where needed."""
    if not text.strip():
        return ()
    rule = parse_rule(text)
    for element in rule.elements:
        if isinstance(element, Near | Pattern) or rule.all_of or rule.none_of or rule.scope:
            hint = "Write one term a line; a list may also name accounts and other lists."
            raise RuleError("list_entry", "A list holds terms only.", hint, text=text)
    return rule.any_of  # type: ignore[return-value]  # what is left are entries


def list_key(name: str) -> str:
    """What a list is found by: case, width and Traditional or Simplified make no difference."""
    return fold_text(name).strip()


def circle_of(name: str, lists: Lists) -> list[str]:
    """The way from a list back to itself; empty where there is none."""
    start = list_key(name)
    ways: list[list[str]] = [[start]]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        for following in _named_in(lists.get(way[-1], ())):
            if following == start:
                return [*way, start]
            if following not in seen:
                seen.add(following)
                ways.append([*way, following])
    return []


def _named_in(entries: Iterable[Entry]) -> list[str]:
    return [list_key(name) for entry in entries if isinstance(entry, ListRef) for name in entry.names]


def opened(rule: Rule, lists: Lists) -> Opened:
    """Raises `NoSuchListError` (with the name) for a list that is not there."""
    named = [ListRef(names) for names in (rule.scope.products, rule.scope.regions) if names]
    return Opened(
        tuple(_condition(e, lists) for e in rule.any_of),
        tuple(_condition(e, lists) for e in (*rule.all_of, *named)),
        tuple(_condition(e, lists) for e in rule.none_of),
    )


def _condition(element: Element, lists: Lists) -> Condition:
    if isinstance(element, Near):
        return Nearby(
            tuple(Choice(tuple(_entries(operand, lists, set()))) for operand in element.operands), element.within
        )
    if isinstance(element, Pattern):
        return element
    return Choice(tuple(dict.fromkeys(_entries((element,), lists, set()))))


def _entries(entries: Iterable[Entry], lists: Lists, entered: set[str]) -> Iterable[Term | Account]:
    for entry in entries:
        if not isinstance(entry, ListRef):
            yield entry
            continue
        for name in entry.names:
            key = list_key(name)
            if key not in lists:
                raise NoSuchListError(name)
            if key not in entered:
                entered.add(key)
                yield from _entries(lists[key], lists, entered)
