"""Regular expressions of people: read, refused where they can explode, and run under a time limit.

Two fences. At saving, shapes that are known to take exponential or cubic time are refused: repetition inside
repetition, overlapping alternatives under repetition, three open repetitions in a row. At work every search has
a time limit, and a pattern that ran into it again and again is not asked any more (`SafePattern.tripped`).

A pattern sees the folded text: lower case, half width, Simplified Chinese. Its own letters are folded likewise.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from typing import Any

import regex

from language.folding import fold_text

TIME_LIMIT = 0.05  # seconds for one text
TRIPS = 5  # texts that ran into the limit, after which the pattern is left alone
MOST_FINDS = 20
OPEN = 20  # a repetition that may go on this long counts as open
SHORTEST_GATE = 2

_parser: Any = import_module("re._parser")
_constants: Any = import_module("re._constants")
_REPEATS = (_constants.MAX_REPEAT, _constants.MIN_REPEAT)
_POSSESSIVE = _constants.POSSESSIVE_REPEAT


class PatternFault(ValueError):  # noqa: N818 -- a fault in what a person wrote
    """Why a pattern is not taken: a code, the place in it, and words."""

    def __init__(self, code: str, message: str, hint: str, *, position: int = 0, why: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.hint, self.position, self.why = code, message, hint, position, why


@dataclass(slots=True)
class SafePattern:
    """A pattern ready to be searched. `gate` is a piece of text every find contains, "" where there is none."""

    compiled: Any
    gate: str
    trips: int = field(default=0)

    @property
    def tripped(self) -> bool:
        return self.trips >= TRIPS

    def spans(self, folded: str) -> list[tuple[int, int]] | None:
        """The finds that are not empty, a few at most; None where the time was not enough."""
        found: list[tuple[int, int]] = []
        try:
            for match in self.compiled.finditer(folded, timeout=TIME_LIMIT):
                if match.end() > match.start():
                    found.append(match.span())
                    if len(found) == MOST_FINDS:
                        break
        except TimeoutError:
            self.trips += 1
            return None
        return found


def inspect_pattern(written: str) -> None:
    """Raises `PatternFault` for what cannot be read, would match everything, or may explode."""
    _read(written)


def safe_pattern(written: str) -> SafePattern:
    """The pattern ready for searching."""
    folded, tree = _read(written)
    gate = max(_needed(tree), key=len, default="")
    compiled = regex.compile(folded, regex.IGNORECASE | regex.VERSION0)
    return SafePattern(compiled, gate.lower() if len(gate) >= SHORTEST_GATE else "")


@lru_cache(maxsize=2048)
def _read(written: str) -> tuple[str, Any]:
    if not written.strip():
        raise PatternFault("empty_term", "A pattern is missing here.", "Write a pattern, or remove the brackets.")
    folded = _folded(written)
    try:
        tree = _parser.parse(folded)
        regex.compile(folded, regex.IGNORECASE | regex.VERSION0)
        minimum = tree.getwidth()[0]
    except (re.error, regex.error, OverflowError, RecursionError) as problem:
        position = getattr(problem, "pos", None) or 0
        why = getattr(problem, "msg", str(problem))
        hint = "Correct the regular expression."
        raise PatternFault("regex", f"Not a regular expression: {why}.", hint, position=position, why=why) from None
    if minimum == 0:
        hint = "Make at least one character of it compulsory."
        raise PatternFault("regex_empty", "The pattern also matches nothing at all.", hint)
    if _explodes(tree, inside_open=False) or _open_in_a_row(tree) > 2:
        hint = "Do not repeat what repeats already; give an upper limit, like {1,10}."
        raise PatternFault("regex_slow", "The pattern may take forever on some texts.", hint)
    return folded, tree


def _folded(written: str) -> str:
    """Letters beyond ASCII in the form texts have; those that would become a sign of the pattern are escaped."""
    parts = []
    for character in written:
        folded = character if character.isascii() else fold_text(character)
        parts.append(re.escape(folded) if folded != character and folded.isascii() else folded)
    return "".join(parts)


def _explodes(tree: Any, *, inside_open: bool) -> bool:
    for operator, given in tree:
        is_open = operator in _REPEATS and _is_open(given)
        if is_open and inside_open:
            return True
        if is_open and _ambiguous(given[2]):
            return True
        if any(_explodes(inner, inside_open=inside_open or is_open) for inner in _inside(operator, given)):
            return True
    return False


def _is_open(given: Any) -> bool:
    least, most, _ = given
    return bool(most == _constants.MAXREPEAT or (most >= OPEN and most != least))


def _ambiguous(tree: Any) -> bool:
    """Whether alternatives begin alike, so that a repetition of them can be read in many ways."""
    for operator, given in tree:
        if operator == _constants.BRANCH:
            firsts = [_first(branch) for branch in given[1]]
            if None in firsts or len(set(firsts)) < len(firsts):
                return True
        if operator == _constants.SUBPATTERN and _ambiguous(given[3]):
            return True
    return False


def _first(branch: Any) -> object:
    """The literal a branch begins with; None where it is anything wider."""
    if not len(branch):
        return None
    operator, given = branch[0]
    return given if operator == _constants.LITERAL else None


def _open_in_a_row(tree: Any) -> int:
    """How many open repetitions stand in one sequence, those inside groups counted in."""
    count = 0
    for operator, given in tree:
        if operator in _REPEATS and _is_open(given):
            count += 1
        elif operator == _constants.BRANCH:
            count += max(_open_in_a_row(branch) for branch in given[1])
        else:
            count += sum(_open_in_a_row(inner) for inner in _inside(operator, given))
    return count


def _inside(operator: Any, given: Any) -> list[Any]:
    if operator in (*_REPEATS, _POSSESSIVE):
        return [given[2]]
    if operator == _constants.SUBPATTERN:
        return [given[3]]
    if operator == _constants.BRANCH:
        return list(given[1])
    if operator in (_constants.ASSERT, _constants.ASSERT_NOT):
        return [given[1]]
    return [given] if operator == _constants.ATOMIC_GROUP else []


def _needed(tree: Any) -> list[str]:
    """Pieces of text that every find contains: runs of literals that are not optional."""
    runs, current = [], ""
    for operator, given in tree:
        if operator == _constants.LITERAL:
            current += chr(given)
            continue
        runs.append(current)
        current = ""
        if operator == _constants.SUBPATTERN and not given[1] and not given[2]:
            runs += _needed(given[3])
        elif operator in (*_REPEATS, _POSSESSIVE) and given[0] >= 1:
            runs += _needed(given[2])
    runs.append(current)
    return [run for run in runs if run]
