"""Rules as text: reading with a place for every mistake, and writing so that reading gives the same again."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import TypeVar

from language.elements import (
    LINE_ENDS,
    Account,
    Element,
    ListRef,
    Near,
    Pattern,
    RuleError,
    Scope,
    Term,
    check_scope,
    checked,
)

T = TypeVar("T")
BARS, OPENING, CLOSING, COMMAS = "|｜", "{｛", "}｝", ",，、"
PLUS, MINUS = "+＋", "-－"
QUOTES = {'"': '"', "“": "”"}
SPECIAL = BARS + OPENING + CLOSING + "".join(QUOTES) + "".join(QUOTES.values())
BRACKET = re.compile(r"\[[^\S\n\r]*([^\W\d_]{1,20}|@)[^\S\n\r]*([0-9]{1,6})?[^\S\n\r]*[:：]")
# Every name a bracket may have, and the one it is written with.
NAMES = {
    **{name: name for name in ("near", "exact", "regex", "list", "source", "type", "unit", "product", "region")},
    "@": "@",
    "account": "@",
    "from": "from",
    "until": "until",
    "邻近": "near",
    "原样": "exact",
    "正则": "regex",
    "账号": "@",
    "名单": "list",
    "来源": "source",
    "类型": "type",
    "单位": "unit",
    "产品": "product",
    "地区": "region",
    "开始": "from",
    "结束": "until",
    "鄰近": "near",
    "正則": "regex",
    "帳號": "@",
    "名單": "list",
    "來源": "source",
    "類型": "type",
    "單位": "unit",
    "產品": "product",
    "地區": "region",
    "開始": "from",
    "結束": "until",
}
SCOPES = {"source": "sources", "type": "types", "unit": "units", "product": "products", "region": "regions"}
DAYS = {"from": "since", "until": "until"}


# ---- writing ------------------------------------------------------------------------------------


def written(element: Element) -> str:
    """The text form of one element, without its sign."""
    if isinstance(element, Term):
        return _written_term(element)
    if isinstance(element, Near):
        operands = (" | ".join(_alternative(a) for a in operand) for operand in element.operands)
        return f"[near {element.within}: {', '.join(operands)}]"
    if isinstance(element, Pattern):
        return '[regex: "' + element.regex.replace('"', '""') + '"]'
    name = "@" if isinstance(element, Account) else "list"
    return f"[{name}: {_values(element.names)}]"


def written_scope(scope: Scope) -> list[str]:
    parts = [f"[{name}: {_values(values)}]" for name, part in SCOPES.items() if (values := getattr(scope, part))]
    return parts + [f"[{name}: {day.isoformat()}]" for name, part in DAYS.items() if (day := getattr(scope, part))]


def _written_term(term: Term) -> str:
    text = f"[exact: {_quoted(term.text, inside=True)}]" if term.exact else _quoted(term.text)
    if term.exclude is None:
        return text
    return f"{text} {{{', '.join(_quoted(p, inside=True) for p in term.exclude)}}}"


def _alternative(alternative: Term | ListRef) -> str:
    return _quoted(alternative.text, inside=True) if isinstance(alternative, Term) else written(alternative)


def _values(values: tuple[str, ...]) -> str:
    return ", ".join(_quoted(value, inside=True) for value in values)


def _quoted(phrase: str, *, inside: bool = False) -> str:
    signs = PLUS + MINUS
    risky = any(c in SPECIAL + (COMMAS + "[]" if inside else "") for c in phrase) or phrase[0] in signs
    risky = risky or any(a.isspace() and b in signs for a, b in pairwise(phrase)) or BRACKET.search(phrase) is not None
    return '"' + phrase.replace('"', '""') + '"' if risky else phrase


# ---- reading ------------------------------------------------------------------------------------


def read_groups(text: str) -> tuple[tuple[list[Element], list[Element], list[Element]], Scope]:
    """The three groups and the scope of a rule's text."""
    reader = _Reader(text)
    reader.read()
    return (reader.any_of, reader.all_of, reader.none_of), reader.scope


class _Reader:
    """Reads one rule from left to right."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.any_of: list[Element] = []
        self.all_of: list[Element] = []
        self.none_of: list[Element] = []
        self.scope = Scope()

    def read(self) -> None:
        joined = True  # a bare term may stand here: at the beginning, after a bar, on a new line
        while True:
            joined = self._skip_blanks() or joined
            if self.at >= len(self.text):
                return
            sign = self.text[self.at]
            if self._scoped():
                continue
            if sign in PLUS + MINUS:
                (self.all_of if sign in PLUS else self.none_of).append(self._signed())
                joined = False
            elif sign in BARS:
                self._bar()
                joined = True
            elif joined:
                self.any_of.append(self._element())
                joined = False
            else:
                raise self._error("no_bar", "Two terms without a sign between them.", "Put | between them.")

    def _skip_blanks(self) -> bool:
        """Skip white space; True where a line ended."""
        start = self.at
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        return any(end in self.text[start : self.at] for end in LINE_ENDS)

    def _signed(self) -> Element:
        self.at += 1
        if self.at >= len(self.text) or self.text[self.at].isspace():
            self.at -= 1
            hint = "Write it directly before its term, or put a term that contains it in quotes."
            raise self._error("lone_sign", "A sign without a term.", hint)
        if (bracket := self._bracket()) and bracket[0] in {*SCOPES, *DAYS}:
            hint = "Write it without a sign; it says where the rule looks at all."
            raise self._error("signed_scope", "A scope takes no sign.", hint)
        return self._element()

    def _bar(self) -> None:
        if not self.any_of or self.all_of or self.none_of:
            hint = "It joins the terms at the beginning of the rule; other terms take + or -."
            raise self._error("stray_bar", "A bar out of place.", hint)
        bar, self.at = self.at, self.at + 1
        self._skip_blanks()
        if self.at >= len(self.text) or self.text[self.at] in BARS + PLUS + MINUS:
            self.at = bar
            raise self._error("empty_term", "A bar without a term behind it.", "Write a term, or remove the bar.")

    # ---- brackets -------------------------------------------------------------------------------

    def _bracket(self) -> tuple[str, str, int] | None:
        """Name, number and end of the head of a bracket that begins here."""
        match = BRACKET.match(self.text, self.at)
        if match is None:
            return None
        name = NAMES.get(match[1].lower())
        if name is None:
            hint = "Put it in quotes if you look for it, or use near, exact, regex, @, list, source, type, unit."
            raise self._error("unknown_name", f"“{match[1]}” is no name of a bracket.", hint, name=match[1])
        return name, match[2] or "", match.end()

    def _element(self) -> Element:
        start = self.at
        bracket = self._bracket()
        if bracket is None:
            phrase = self._phrase(BARS + OPENING + LINE_ENDS, signs=True)
            return checked(Term(phrase, self._exclusions()), self.text, start)
        name, number, self.at = bracket
        element = self._inside(name, number, start)
        if isinstance(element, Term):
            element = replace(element, exclude=self._exclusions())
        return checked(element, self.text, start)

    def _inside(self, name: str, number: str, opening: int) -> Element:
        if name == "near":
            operands = self._separated(self._operand, opening)
            return Near(tuple(operands), int(number) if number else -1)
        if name == "regex":
            return Pattern(self._regex(opening))
        values = tuple(self._separated(self._value, opening))
        if name == "exact" and len(values) != 1:
            self.at = opening
            raise self._error("one_value", "One term belongs here.", "Write a bracket of its own for each term.")
        return Term(values[0], exact=True) if name == "exact" else (Account if name == "@" else ListRef)(values)

    def _scoped(self) -> bool:
        """Read a bracket of the scope, if one begins here."""
        start = self.at
        bracket = self._bracket()
        if bracket is None or bracket[0] not in {*SCOPES, *DAYS}:
            return False
        name, _, self.at = bracket
        values = tuple(self._separated(self._value, start))
        if name in SCOPES:
            part = SCOPES[name]
            changed = replace(self.scope, **{part: getattr(self.scope, part) + values})
        else:
            # DAYS names the fields that hold a day.
            changed = replace(self.scope, **{DAYS[name]: self._day(values, start)})  # type: ignore[arg-type]
        self.scope = check_scope(changed, self.text, start)
        return True

    def _day(self, values: tuple[str, ...], start: int) -> date:
        try:
            return date.fromisoformat(values[0] if len(values) == 1 else "")
        except ValueError:
            self.at = start
            raise self._error("day", "This is no day.", "Write it as 2026-11-30.") from None

    def _separated(self, read: Callable[[], T], opening: int) -> list[T]:
        """What stands between commas up to the closing bracket."""
        found: list[T] = []
        while True:
            self._skip_inner_blanks()
            if self.at >= len(self.text) or self.text[self.at] in LINE_ENDS:
                self.at = opening
                raise self._error("open_bracket", "The bracket is never closed.", "Close it with ].")
            if self.text[self.at] == "]":
                if not found:
                    raise self._error("empty_term", "Nothing stands in the bracket.", "Write a term, or remove it.")
                self.at += 1
                return found
            if self.text[self.at] in COMMAS:
                self.at += 1
                continue
            found.append(read())

    def _value(self) -> str:
        start = self.at
        value = self._phrase(COMMAS + "]" + LINE_ENDS, signs=False)
        checked(Term(value), self.text, start)
        return value

    def _operand(self) -> tuple[Term | ListRef, ...]:
        alternatives: list[Term | ListRef] = []
        while True:
            self._skip_inner_blanks()
            alternatives.append(self._one_of_operand())
            self._skip_inner_blanks()
            if self.at >= len(self.text) or self.text[self.at] not in BARS:
                return tuple(alternatives)
            self.at += 1

    def _one_of_operand(self) -> Term | ListRef:
        start = self.at
        bracket = self._bracket()
        if bracket is None:
            phrase = self._phrase(COMMAS + BARS + "]" + LINE_ENDS, signs=False)
            checked(Term(phrase), self.text, start)
            return Term(phrase)
        name, _, self.at = bracket
        if name != "list":
            self.at = start
            hint = "Terms and lists stand in it: [near 20: [list: 品牌], 漏水]."
            raise self._error("nested", "This bracket cannot stand inside near.", hint)
        return ListRef(tuple(self._separated(self._value, start)))

    def _regex(self, opening: int) -> str:
        """In quotes, or up to the bracket that closes, brackets of the pattern itself and \\] not counted."""
        self._skip_inner_blanks()
        if self.text[self.at : self.at + 1] == '"':
            pattern = self._quoted_phrase()
            self._skip_inner_blanks()
        else:
            start, depth = self.at, 0
            while self.at < len(self.text) and self.text[self.at] not in LINE_ENDS:
                character = self.text[self.at]
                if character == "]" and not depth:
                    break
                depth += {"[": 1, "]": -1}.get(character, 0)
                self.at += 2 if character == "\\" else 1
            pattern = self.text[start : self.at].strip()
        if self.text[self.at : self.at + 1] != "]":
            self.at = opening
            raise self._error("open_bracket", "The bracket is never closed.", "Close it with ].")
        self.at += 1
        return pattern

    # ---- terms ----------------------------------------------------------------------------------

    def _exclusions(self) -> tuple[str, ...] | None:
        self._skip_inner_blanks()
        return self._braces() if self.at < len(self.text) and self.text[self.at] in OPENING else None

    def _skip_inner_blanks(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace() and self.text[self.at] not in LINE_ENDS:
            self.at += 1

    def _braces(self) -> tuple[str, ...]:
        opening, phrases = self.at, list[str]()
        self.at += 1
        while True:
            self._skip_inner_blanks()
            if self.at >= len(self.text) or self.text[self.at] in LINE_ENDS:
                self.at = opening
                raise self._error("open_brace", "The brace is never closed.", "Close it with }.")
            if self.text[self.at] in CLOSING:
                self.at += 1
                return tuple(phrases)
            if self.text[self.at] in COMMAS:
                self.at += 1
                continue
            phrases.append(self._phrase(CLOSING + COMMAS + LINE_ENDS, signs=False))

    def _phrase(self, stops: str, *, signs: bool) -> str:
        if self.at < len(self.text) and self.text[self.at] in QUOTES:
            return self._quoted_phrase()
        start = self.at
        while self.at < len(self.text) and self.text[self.at] not in stops:
            character = self.text[self.at]
            if character in SPECIAL:
                hint = "Put a term that contains it in quotes."
                raise self._error("stray_sign", f"“{character}” out of place.", hint, sign=character)
            if signs and self.at > start and self.text[self.at - 1].isspace() and self._begins_something():
                break
            self.at += 1
        return self.text[start : self.at].strip()

    def _begins_something(self) -> bool:
        """A sign or a bracket behind a blank ends the phrase before it."""
        return self.text[self.at] in PLUS + MINUS or BRACKET.match(self.text, self.at) is not None

    def _quoted_phrase(self) -> str:
        opening, closing = self.at, QUOTES[self.text[self.at]]
        parts: list[str] = []
        while True:
            end = self.text.find(closing, self.at + 1)
            if end < 0:
                self.at = opening
                raise self._error("open_quote", "The quote is never closed.", f"Close it with {closing}.", sign=closing)
            parts.append(self.text[self.at + 1 : end])
            self.at = end + 1
            if closing != '"' or self.text[self.at : self.at + 1] != closing:
                return closing.join(parts).strip()

    def _error(self, code: str, message: str, hint: str, **params: object) -> RuleError:
        return RuleError(code, message, hint, text=self.text, position=min(self.at, len(self.text)), params=params)
