"""Rules as plain data, the form of the database and the API.

An element is a string (a term) or an object: {"term", "exclude", "exact"}, {"near": [[…], …], "within": n},
{"regex"}, {"account": […]}, {"list": […]}. A scope is an object of lists, with "from" and "until" as days.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from language.elements import Account, Element, ListRef, Near, Pattern, RuleError, Scope, Term

PARTS = ("sources", "types", "units", "products", "regions")
DAYS = {"from": "since", "until": "until"}
KEYS = {
    "term": {"term", "exclude", "exact"},
    "near": {"near", "within"},
    "regex": {"regex"},
    "account": {"account"},
    "list": {"list"},
}


def element_from(item: object) -> Element:
    """Raises `RuleError` for what is no element; the element itself is not checked yet."""
    if isinstance(item, str):
        return Term(item.strip())
    if isinstance(item, Mapping):
        kind = next((name for name in KEYS if name in item), "")
        if kind and not set(item) - KEYS[kind]:
            return _element(kind, item)
    raise _bad()


def _element(kind: str, item: Mapping[str, Any]) -> Element:
    if kind == "term":
        return _term(item)
    if kind == "near":
        within = item.get("within")
        if not isinstance(within, int) or isinstance(within, bool):
            raise _bad()
        return Near(tuple(_operand(given) for given in _list(item["near"])), within)
    if kind == "regex":
        if not isinstance(item["regex"], str):
            raise _bad()
        return Pattern(item["regex"].strip())
    return (Account if kind == "account" else ListRef)(_names(item[kind]))


def _term(item: Mapping[str, Any]) -> Term:
    exclude, exact = item.get("exclude"), item.get("exact", False)
    if not isinstance(item["term"], str) or not isinstance(exact, bool):
        raise _bad()
    return Term(item["term"].strip(), None if exclude is None else _texts(exclude), exact)


def _operand(given: object) -> tuple[Term | ListRef, ...]:
    alternatives = tuple(element_from(each) for each in ([given] if isinstance(given, str) else _list(given)))
    if not all(isinstance(each, ListRef) or each == Term(getattr(each, "text", "")) for each in alternatives):
        raise _bad()
    return alternatives  # type: ignore[return-value]  # plain terms and lists, as was just seen


def _list(given: object) -> Sequence[object]:
    if not isinstance(given, Sequence) or isinstance(given, str | bytes):
        raise _bad()
    return given


def _texts(given: object) -> tuple[str, ...]:
    if not all(isinstance(each, str) and each.strip() for each in _list(given)):
        raise _bad()
    return tuple(str(each).strip() for each in _list(given))


def _names(given: object) -> tuple[str, ...]:
    names = _texts([given] if isinstance(given, str) else given)
    if not names:
        raise _bad()
    return names


def element_to(element: Element) -> str | dict[str, Any]:
    if isinstance(element, Term):
        extra: dict[str, Any] = {} if element.exclude is None else {"exclude": list(element.exclude)}
        extra |= {"exact": True} if element.exact else {}
        return {"term": element.text, **extra} if extra else element.text
    if isinstance(element, Near):
        return {"near": [[element_to(each) for each in operand] for operand in element.operands], **_within(element)}
    if isinstance(element, Pattern):
        return {"regex": element.regex}
    return {"account" if isinstance(element, Account) else "list": list(element.names)}


def _within(near: Near) -> dict[str, int]:
    return {"within": near.within}


def scope_from(data: object) -> Scope:
    if not isinstance(data, Mapping):
        raise _bad()
    unknown = set(data) - {*PARTS, *DAYS}
    if unknown:
        name = str(min(unknown))
        hint = f"Use {', '.join((*PARTS, *DAYS))}."
        raise RuleError("unknown_key", f"“{name}” is no part of a scope.", hint, params={"name": name})
    parts = {part: _texts(data.get(part) or ()) for part in PARTS}
    days = {DAYS[name]: _day(data[name]) for name in DAYS if data.get(name)}
    return Scope(**parts, **days)  # type: ignore[arg-type]  # the parts of a scope by name


def _day(given: object) -> date:
    try:
        return date.fromisoformat(given if isinstance(given, str) else "")
    except ValueError:
        raise RuleError("day", "This is no day.", "Write it as 2026-11-30.") from None


def scope_to(scope: Scope) -> dict[str, Any]:
    data: dict[str, Any] = {part: list(values) for part in PARTS if (values := getattr(scope, part))}
    return data | {name: day.isoformat() for name, part in DAYS.items() if (day := getattr(scope, part))}


def _bad() -> RuleError:
    return RuleError(
        "bad_term", "A term is a text, or a term with a list of exclude phrases.", "Correct the rule's data."
    )
