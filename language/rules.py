"""Watch rules: what to look for, as a small language, as plain data, and as objects.

    云栖家居                        the term occurs; a bare term is a whole rule
    云栖家居 | 云栖                 one of these occurs (a new line does the same as the bar)
    云栖 {云栖大会, 云栖小镇}       hits inside these phrases do not count
    云栖 +质量 +甲醛                质量 and 甲醛 must occur as well
    云栖 -招聘                      招聘 must not occur
    "C++ | Rust" +"-5 度"           quotes for terms with signs of this language; "" is a quote inside quotes

A sign (+ or -) stands directly before its term and after a blank or at the beginning of a line: 7-11
and C++ are ordinary terms. Full-width signs, Chinese quotes and commas mean the same. Case, width and
Traditional or Simplified make no difference (see `folding`).

Some well-known terms collide with everyday words (滴滴 with 点点滴滴). They carry a built-in list of
exclude phrases (`data/collisions.json`); braces of one's own replace it, empty braces switch it off.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from language.folding import fold_text

MAX_TERM, MAX_TERMS = 100, 500
BARS, OPENING, CLOSING, COMMAS = "|｜", "{｛", "}｝", ",，、"
PLUS, MINUS = "+＋", "-－"
QUOTES = {'"': '"', "“": "”"}
LINE_ENDS = "\n\r"
SPECIAL = BARS + OPENING + CLOSING + "".join(QUOTES) + "".join(QUOTES.values())


class RuleError(ValueError):
    """A rule that cannot be read: where (1-based line and column, 0-based position), what, and what to do."""

    def __init__(self, code: str, message: str, hint: str, *, text: str = "", position: int = 0) -> None:
        before = text[:position]
        self.code, self.message, self.hint, self.position = code, message, hint, position
        self.line = before.count("\n") + 1
        self.column = position - (before.rfind("\n") + 1) + 1
        super().__init__(f"line {self.line}, column {self.column}: {message} {hint}")


@dataclass(frozen=True, slots=True)
class Term:
    """Something to look for. `exclude` None means the built-in exclusions, an empty tuple none at all."""

    text: str
    exclude: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One of `any_of` (if there are any), every one of `all_of`, and none of `none_of`."""

    any_of: tuple[Term, ...] = ()
    all_of: tuple[Term, ...] = ()
    none_of: tuple[Term, ...] = ()

    @classmethod
    def of(cls, *terms: str) -> "Rule":
        """The rule that looks for any of these terms."""
        return cls(any_of=tuple(Term(t) for t in terms))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Rule":
        """The database form: keys any, all, none; a term is a string or {"term", "exclude"}."""
        unknown = set(data) - {"any", "all", "none"}
        if unknown:
            raise RuleError("unknown_key", f"“{min(unknown)}” is no part of a rule.", "Use any, all and none.")
        groups = {key: tuple(_term_from(item) for item in data.get(key) or ()) for key in ("any", "all", "none")}
        return _checked(cls(groups["any"], groups["all"], groups["none"]))

    def to_dict(self) -> dict[str, list[Any]]:
        """The database form; empty groups are left out."""
        groups = {"any": self.any_of, "all": self.all_of, "none": self.none_of}
        return {key: [_term_to(t) for t in terms] for key, terms in groups.items() if terms}

    def to_text(self) -> str:
        """The text form; `parse_rule` reads it back to an equal rule."""
        parts = [" | ".join(_written(t) for t in self.any_of)] if self.any_of else []
        parts += [f"+{_written(t)}" for t in self.all_of] + [f"-{_written(t)}" for t in self.none_of]
        return " ".join(parts)


def parse_rule(text: str) -> Rule:
    """Read the text form. Raises `RuleError`, which points at the character and says what to do."""
    return _checked(_Reader(text).rule(), text)


def _checked(rule: Rule, text: str = "") -> Rule:
    if not rule.any_of and not rule.all_of:
        if rule.none_of:
            raise RuleError(
                "only_none", "The rule only says what must not occur.", "Add a term to look for.", text=text
            )
        raise RuleError("empty", "The rule is empty.", "Write a term to look for.", text=text)
    if len(rule.any_of) + len(rule.all_of) + len(rule.none_of) > MAX_TERMS:
        raise RuleError("too_many", f"More than {MAX_TERMS} terms.", "Split the rule into several watches.", text=text)
    return rule


def _checked_term(term: Term, text: str = "", position: int = 0) -> Term:
    def refuse(code: str, message: str, hint: str) -> RuleError:
        return RuleError(code, message, hint, text=text, position=position)

    folded = fold_text(term.text).strip()
    if not folded:
        raise refuse("empty_term", "A term is missing here.", "Write a term, or remove the sign.")
    for phrase in (term.text, *(term.exclude or ())):
        if len(phrase) > MAX_TERM:
            raise refuse("too_long", f"Longer than {MAX_TERM} characters.", "Look for its telling part only.")
        if any(end in phrase for end in LINE_ENDS):
            raise refuse("line_end", "A term cannot span lines.", "Put each term on one line.")
    for phrase in term.exclude or ():
        if folded not in fold_text(phrase):
            hint = f"Write the longer phrase around “{term.text}”, or use - for a term that must not occur."
            raise refuse("exclude_apart", f"“{phrase}” does not contain “{term.text}”.", hint)
    return term


def _term_from(item: object) -> Term:
    if isinstance(item, str):
        return _checked_term(Term(item.strip()))
    if isinstance(item, Mapping) and isinstance(item.get("term"), str) and not set(item) - {"term", "exclude"}:
        exclude = item.get("exclude")
        if exclude is None:
            return _checked_term(Term(item["term"].strip()))
        if isinstance(exclude, Iterable) and all(isinstance(p, str) and p.strip() for p in exclude):
            return _checked_term(Term(item["term"].strip(), tuple(p.strip() for p in exclude)))
    raise RuleError(
        "bad_term", "A term is a text, or a term with a list of exclude phrases.", "Correct the rule's data."
    )


def _term_to(term: Term) -> str | dict[str, Any]:
    return term.text if term.exclude is None else {"term": term.text, "exclude": list(term.exclude)}


def _written(term: Term) -> str:
    if term.exclude is None:
        return _quoted(term.text)
    return f"{_quoted(term.text)} {{{', '.join(_quoted(p, COMMAS) for p in term.exclude)}}}"


def _quoted(phrase: str, also: str = "") -> str:
    signs = PLUS + MINUS
    risky = any(c in SPECIAL + also for c in phrase) or phrase[0] in signs
    risky = risky or any(a.isspace() and b in signs for a, b in pairwise(phrase))
    return '"' + phrase.replace('"', '""') + '"' if risky else phrase


class _Reader:
    """Reads one rule from left to right."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.any_of: list[Term] = []
        self.all_of: list[Term] = []
        self.none_of: list[Term] = []

    def rule(self) -> Rule:
        joined = True  # a bare term may stand here: at the beginning, after a bar, on a new line
        while True:
            joined = self._skip_blanks() or joined
            if self.at >= len(self.text):
                break
            sign = self.text[self.at]
            if sign in PLUS + MINUS:
                (self.all_of if sign in PLUS else self.none_of).append(self._signed())
                joined = False
            elif sign in BARS:
                self._bar()
                joined = True
            elif joined:
                self.any_of.append(self._term())
                joined = False
            else:
                raise self._error("no_bar", "Two terms without a sign between them.", "Put | between them.")
        return Rule(tuple(self.any_of), tuple(self.all_of), tuple(self.none_of))

    def _skip_blanks(self) -> bool:
        """Skip white space; True where a line ended."""
        start = self.at
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        return any(end in self.text[start : self.at] for end in LINE_ENDS)

    def _signed(self) -> Term:
        self.at += 1
        if self.at >= len(self.text) or self.text[self.at].isspace():
            self.at -= 1
            hint = "Write it directly before its term, or put a term that contains it in quotes."
            raise self._error("lone_sign", "A sign without a term.", hint)
        return self._term()

    def _bar(self) -> None:
        if not self.any_of or self.all_of or self.none_of:
            hint = "It joins the terms at the beginning of the rule; other terms take + or -."
            raise self._error("stray_bar", "A bar out of place.", hint)
        bar, self.at = self.at, self.at + 1
        self._skip_blanks()
        if self.at >= len(self.text) or self.text[self.at] in BARS + PLUS + MINUS:
            self.at = bar
            raise self._error("empty_term", "A bar without a term behind it.", "Write a term, or remove the bar.")

    def _term(self) -> Term:
        start = self.at
        phrase = self._phrase(BARS + OPENING + LINE_ENDS, signs=True)
        self._skip_inner_blanks()
        exclude: tuple[str, ...] | None = None
        if self.at < len(self.text) and self.text[self.at] in OPENING:
            exclude = self._braces()
        return _checked_term(Term(phrase, exclude), self.text, start)

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
        if self.text[self.at] in QUOTES:
            return self._quoted_phrase()
        start = self.at
        while self.at < len(self.text) and self.text[self.at] not in stops:
            character = self.text[self.at]
            if character in SPECIAL:
                raise self._error(
                    "stray_sign", f"“{character}” out of place.", "Put a term that contains it in quotes."
                )
            if signs and self.at > start and character in PLUS + MINUS and self.text[self.at - 1].isspace():
                break
            self.at += 1
        return self.text[start : self.at].strip()

    def _quoted_phrase(self) -> str:
        opening, closing = self.at, QUOTES[self.text[self.at]]
        parts: list[str] = []
        while True:
            end = self.text.find(closing, self.at + 1)
            if end < 0:
                self.at = opening
                raise self._error("open_quote", "The quote is never closed.", f"Close it with {closing}.")
            parts.append(self.text[self.at + 1 : end])
            self.at = end + 1
            if closing != '"' or self.text[self.at : self.at + 1] != closing:
                return closing.join(parts).strip()

    def _error(self, code: str, message: str, hint: str) -> RuleError:
        return RuleError(code, message, hint, text=self.text, position=self.at)
