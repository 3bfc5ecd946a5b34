"""The rule as chips: what the editor shows of a rule's text, and the text after a chip was added or taken away."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from language.elements import EVERYWHERE, Element, in_words
from language.rule_text import NAMES, SCOPES, written, written_scope
from language.rules import Rule, RuleError, parse_rule

GROUPS = {"any": "any_of", "all": "all_of", "none": "none_of"}
GROUP_WORDS: dict[str, tuple[Promise, Promise]] = {
    "any": (_("Any of these"), _("One of them is enough.")),
    "all": (_("All of these"), _("Every one must occur as well.")),
    "none": (_("None of these"), _("None of them may occur.")),
}
KINDS: dict[str, Promise] = {
    "term": _("Word or phrase"),
    "near": _("Near each other"),
    "exact": _("Exactly as written"),
    "@": _("Account (@)"),
    "list": _("List"),
    "regex": _("Regular expression"),
}
SCOPE_KINDS: dict[str, Promise] = {
    "source": _("Source"),
    "type": _("Type of source"),
    "unit": _("Unit (code)"),
    "product": _("Product (list)"),
    "region": _("Region (list)"),
    "from": _("From"),
    "until": _("Until"),
}
BADGES: dict[str, Promise] = {
    "near": _("near"),
    "exact": _("exact"),
    "account": "@",  # type: ignore[dict-item]  # the same in all languages
    "list": _("list"),
    "regex": _("pattern"),
}


@dataclass(frozen=True)
class Chip:
    """One element as shown: `badge` says what it is, `without` are phrases in which it does not count."""

    place: int
    badge: str | Promise
    words: Sequence[str]
    within: int | None
    without: Sequence[str]


@dataclass(frozen=True)
class Group:
    code: str
    label: str | Promise
    hint: str | Promise
    chips: Sequence[Chip]


def groups_of(rule: Rule | None) -> list[Group]:
    """The three groups of a rule; empty ones of a rule that cannot be read."""
    rule = rule or Rule()
    return [
        Group(code, *GROUP_WORDS[code], [_chip(place, e) for place, e in enumerate(getattr(rule, part))])
        for code, part in GROUPS.items()
    ]


def _chip(place: int, element: Any) -> Chip:
    words = in_words(element)
    return Chip(
        place,
        BADGES.get(words["kind"], ""),
        words["words"],
        words.get("within"),
        getattr(element, "exclude", None) or (),
    )


def scope_of(rule: Rule | None) -> list[str]:
    """The scope, bracket by bracket."""
    return written_scope(rule.scope) if rule else []


def added(text: str, *, group: str, kind: str, value: str, within: str = "") -> str:
    """The text with one element more. Raises `RuleError` for what cannot be read."""
    rule = _read(text)
    head = f"near {within.strip() or 20}" if kind == "near" else kind
    piece = value.strip() if kind == "term" else f"[{head}: {value.strip()}]"
    if kind == "term" and not value.strip().startswith(('"', "“")):
        piece = _as_term(value.strip())
    if kind in {*SCOPES, "from", "until"}:
        return f"{text.rstrip()} {piece}".strip() if parse_rule(f"x {piece}") else text
    element = parse_rule(piece).any_of
    part = GROUPS[group]
    return _told(_with(rule, part, getattr(rule, part) + element))


def _with(rule: Rule, part: str, elements: tuple[Element, ...]) -> Rule:
    groups = {"any_of": rule.any_of, "all_of": rule.all_of, "none_of": rule.none_of} | {part: elements}
    return Rule(groups["any_of"], groups["all_of"], groups["none_of"], rule.scope)


def _as_term(value: str) -> str:
    """A phrase as it is typed into the box of chips; braces behind it stay what they are."""
    phrase, brace, rest = value.partition("{")
    phrase = phrase.strip()
    signs = any(sign in phrase for sign in '|｜+＋-－"“”[]｝}')
    quoted = '"' + phrase.replace('"', '""') + '"' if signs else phrase
    return f"{quoted} {brace}{rest}" if brace else quoted


def removed(text: str, *, group: str, place: int) -> str:
    """The text without this element, or without this bracket of the scope."""
    rule = _read(text)
    if group == "scope":
        brackets = [bracket for at, bracket in enumerate(written_scope(rule.scope)) if at != place]
        return " ".join([_told(replace(rule, scope=EVERYWHERE)), *brackets]).strip()
    part = GROUPS[group]
    kept = tuple(element for at, element in enumerate(getattr(rule, part)) if at != place)
    return _told(_with(rule, part, kept))


def _read(text: str) -> Rule:
    """The rule so far; nothing is a rule in the making."""
    try:
        return parse_rule(text)
    except RuleError as error:
        if error.code in {"empty", "only_none"}:
            return Rule() if error.code == "empty" else _only_none(text)
        raise


def _only_none(text: str) -> Rule:
    whole = parse_rule(f"x\n{text}")
    return replace(whole, any_of=whole.any_of[1:])


def _told(rule: Rule) -> str:
    """One line for what is looked for, one for each further condition."""
    lines = [" | ".join(written(e) for e in rule.any_of)] if rule.any_of else []
    lines += [f"+{written(e)}" for e in rule.all_of] + [f"-{written(e)}" for e in rule.none_of]
    scope = written_scope(rule.scope)
    return "\n".join(lines + ([" ".join(scope)] if scope else []))


def known_kinds() -> set[str]:
    """What a request may name."""
    return {*KINDS, *SCOPE_KINDS} & ({*NAMES.values()} | {"term"})
