"""What is wrong with a rule, and what to do about it, in the reader's language."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from language.rules import RuleError

_WORDS: Mapping[str, Promise] = {
    "empty": _("The rule is empty. Write a term to look for."),
    "only_none": _("The rule only says what must not occur. Add a term to look for."),
    "too_many": _("Too many terms (%(n)s at most). Split the rule into several watches."),
    "empty_term": _("A term is missing here. Write a term, or remove the sign."),
    "too_long": _("Longer than %(n)s characters. Look for its telling part only."),
    "line_end": _("A term cannot span lines. Put each term on one line."),
    "exclude_apart": _(
        "“%(phrase)s” does not contain “%(term)s”. Write the longer phrase around it, or use - for a term that must "
        "not occur."
    ),
    "no_bar": _("Two terms without a sign between them. Put | between them, or + or - before the second."),
    "lone_sign": _("A sign without a term. Write it directly before its term, or put the term in quotes."),
    "stray_bar": _("A bar out of place: it joins the terms at the beginning. Use + or - here."),
    "stray_sign": _("“%(sign)s” is out of place. Put a term that contains it in quotes."),
    "open_brace": _("The brace is never closed. Close it with }."),
    "open_bracket": _("The bracket is never closed. Close it with ]."),
    "open_quote": _("The quote is never closed. Close it with %(sign)s."),
    "unknown_name": _(
        "“%(name)s” is no name of a bracket. Use near, exact, regex, @, list, source, type, unit, product, region, "
        "from or until, or put the term in quotes."
    ),
    "signed_scope": _("A scope takes no sign; it says where the rule looks at all. Remove the sign."),
    "near_operands": _("Near takes two to %(n)s terms, with commas between them: [near 20: 退款, 客服]"),
    "near_distance": _("Say how near, from 0 to %(n)s characters: [near 20: 退款, 客服]"),
    "nested": _("Inside near stand terms and lists only: [near 20: [list: 品牌], 漏水]"),
    "one_value": _("One term belongs here. Write a bracket of its own for each term."),
    "unknown_type": _("“%(name)s” is no type of source. There are: %(known)s."),
    "period": _("The period ends before it begins. Exchange the two days."),
    "day": _("This is no day. Write it as 2026-11-30."),
    "regex": _("Not a regular expression (%(why)s). Correct it here."),
    "regex_empty": _("The pattern also matches nothing at all. Make at least one character of it compulsory."),
    "regex_slow": _(
        "The pattern may take forever on some texts. Do not repeat what repeats already; give an upper limit, like "
        "{1,10}."
    ),
    "list_entry": _("A list holds terms, accounts and other lists only. Write one a line."),
    "unknown_key": _("“%(name)s” is no part of a rule."),
    "bad_term": _("These data are no rule. Correct them."),
}


def rule_error_words(error: RuleError) -> str:
    """The sentence for a mistake, without its place."""
    sentence = _WORDS.get(error.code)
    if sentence is None:
        return f"{error.message} {error.hint}"
    blanks = dict.fromkeys(("n", "phrase", "term", "sign", "name", "known", "why"), "")
    return str(sentence) % {**blanks, **error.params}
