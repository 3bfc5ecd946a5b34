"""Watch rules: what to look for, as a small language, as plain data, and as objects.

    云栖家居                        the term occurs; a bare term is a whole rule
    云栖家居 | 云栖                 one of these occurs (a new line does the same as the bar)
    云栖 {云栖大会, 云栖小镇}       hits inside these phrases do not count
    云栖 +质量 +甲醛                质量 and 甲醛 must occur as well
    云栖 -招聘                      招聘 must not occur
    "C++ | Rust" +"-5 度"           quotes for terms with signs of this language; "" is a quote inside quotes

Everything special stands in square brackets, in the place of a term or behind its sign:

    [near 20: 退款 | 退货, 客服]    both, with at most 20 characters between them, in either order
    [exact: 小米]                   only as written: no signs between, no pinyin, no homophones
    [regex: 退款.{0,9}\\d+元]       a regular expression (of lower case, half width, Simplified text)
    [@: 云栖家居, 云栖官方]         one of these accounts is addressed
    [list: 品牌]                    any entry of this list of the desk
    [source: 城市晚报] [type: social, news] [unit: jinqiao] [product: 床垫] [region: 华东]
    [from: 2026-11-01] [until: 2026-11-30]     where and when the rule looks at all

A sign (+ or -) stands directly before its term and after a blank or at the beginning of a line: 7-11
and C++ are ordinary terms, and so is [泪]. Full-width signs, Chinese quotes and commas, and Chinese names
of the brackets mean the same. Case, width and Traditional or Simplified make no difference (see `folding`).

Some well-known terms collide with everyday words (滴滴 with 点点滴滴). They carry a built-in list of
exclude phrases (`data/collisions.json`); braces of one's own replace it, empty braces switch it off.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from language.elements import (
    EVERYWHERE,
    MAX_TERM,
    MAX_TERMS,
    Account,
    Element,
    ListRef,
    Near,
    Pattern,
    Place,
    RuleError,
    Scope,
    Term,
    check_scope,
    checked,
)
from language.rule_data import element_from, element_to, scope_from, scope_to
from language.rule_text import read_groups, written, written_scope

__all__ = [
    "MAX_TERM",
    "MAX_TERMS",
    "Account",
    "Element",
    "ListRef",
    "Near",
    "Pattern",
    "Place",
    "Rule",
    "RuleError",
    "Scope",
    "Term",
    "parse_rule",
]
GROUPS = ("any", "all", "none")


@dataclass(frozen=True, slots=True)
class Rule:
    """One of `any_of` (if there are any), every one of `all_of`, and none of `none_of`; only within the scope."""

    any_of: tuple[Element, ...] = ()
    all_of: tuple[Element, ...] = ()
    none_of: tuple[Element, ...] = ()
    scope: Scope = EVERYWHERE

    @classmethod
    def of(cls, *terms: str) -> "Rule":
        """The rule that looks for any of these terms."""
        return cls(any_of=tuple(Term(t) for t in terms))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Rule":
        """The database form: keys any, all, none, scope; an element is a string or a small object (`rule_data`)."""
        unknown = set(data) - {*GROUPS, "scope"}
        if unknown:
            name, hint = min(unknown), "Use any, all, none and scope."
            raise RuleError("unknown_key", f"“{name}” is no part of a rule.", hint, params={"name": name})
        groups = {key: tuple(checked(element_from(item)) for item in data.get(key) or ()) for key in GROUPS}
        scope = check_scope(scope_from(data.get("scope", {})))
        return _checked(cls(groups["any"], groups["all"], groups["none"], scope))

    def to_dict(self) -> dict[str, Any]:
        """The database form; empty groups are left out."""
        groups = {"any": self.any_of, "all": self.all_of, "none": self.none_of}
        data: dict[str, Any] = {key: [element_to(e) for e in elements] for key, elements in groups.items() if elements}
        return data | ({"scope": scope_to(self.scope)} if self.scope else {})

    def to_text(self) -> str:
        """The text form; `parse_rule` reads it back to an equal rule."""
        parts = [" | ".join(written(e) for e in self.any_of)] if self.any_of else []
        parts += [f"+{written(e)}" for e in self.all_of] + [f"-{written(e)}" for e in self.none_of]
        return " ".join(parts + written_scope(self.scope))

    @property
    def elements(self) -> tuple[Element, ...]:
        return self.any_of + self.all_of + self.none_of

    @property
    def lists(self) -> set[str]:
        """The named lists this rule asks for."""
        names = set(self.scope.products) | set(self.scope.regions)
        for element in self.elements:
            inner = [a for operand in element.operands for a in operand] if isinstance(element, Near) else [element]
            names |= {name for each in inner if isinstance(each, ListRef) for name in each.names}
        return names


def parse_rule(text: str) -> Rule:
    """Read the text form. Raises `RuleError`, which points at the character and says what to do."""
    (any_of, all_of, none_of), scope = read_groups(text)
    return _checked(Rule(tuple(any_of), tuple(all_of), tuple(none_of), scope), text)


def _checked(rule: Rule, text: str = "") -> Rule:
    if not rule.any_of and not rule.all_of and not (rule.scope.products or rule.scope.regions):
        if rule.none_of or rule.scope:
            raise RuleError(
                "only_none", "The rule only says what must not occur.", "Add a term to look for.", text=text
            )
        raise RuleError("empty", "The rule is empty.", "Write a term to look for.", text=text)
    if len(rule.elements) > MAX_TERMS:
        hint = "Split the rule into several watches."
        raise RuleError("too_many", f"More than {MAX_TERMS} terms.", hint, text=text, params={"n": MAX_TERMS})
    return rule
