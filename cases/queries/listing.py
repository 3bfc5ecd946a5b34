"""The list of cases: filters and search."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q, Value

from accounts.models import User
from cases.enums import CaseState
from cases.folding import bigrams, folded
from cases.models import Case, Category, Complainant
from cases.models.complainant import phone_digest, plain_phone
from cases.visibility import CaseQuerySet

PHONE_DIGITS = range(7, 16)


@dataclass(frozen=True, kw_only=True)
class CaseFilters:
    """What a list is narrowed by; empty means not. `state` also takes "open" and "finished"."""

    text: str = ""
    state: str = ""
    kind: str = ""
    channel: str = ""
    grade: int | None = None
    category: str = ""
    unit: int | None = None
    assignee: int | None = None
    unassigned: bool = False
    complainant_phone: str = ""


def find_cases(user: User, filters: CaseFilters) -> CaseQuerySet:
    """Newest first, of those the person may see, with what a row names."""
    found = Case.objects.visible_to(user).filter(_facts(filters))
    if filters.unit:
        found = found.filter(unit__path__contains=f"/{filters.unit}/")
    if filters.complainant_phone:
        found = found.filter(_by_phone(filters.complainant_phone))
    if filters.text.strip():
        found = search(found, filters.text)
    return found.for_list().order_by("-pk")


def _facts(filters: CaseFilters) -> Q:
    exact = {
        "kind": filters.kind,
        "channel": filters.channel,
        "grade": filters.grade,
        "assignee": filters.assignee,
    }
    wanted = Q(**{name: value for name, value in exact.items() if value})
    if filters.state:
        wanted &= Q(state__in=_states(filters.state))
    if filters.unassigned:
        wanted &= Q(assignee=None)
    if filters.category:
        wanted &= Q(category_id__in=_with_children(filters.category))
    return wanted


def _states(state: str) -> Sequence[str]:
    groups: dict[str, Sequence[str]] = {"open": CaseState.OPEN, "finished": CaseState.TERMINAL}
    return groups.get(state, (state,))


def _with_children(code: str) -> list[int]:
    """Literal ids, so that the planner knows how many cases to expect."""
    return list(Category.objects.filter(Q(code=code) | Q(parent__code=code)).order_by().values_list("pk", flat=True))


def search(cases: CaseQuerySet, text: str) -> CaseQuerySet:
    """Every word must stand somewhere in number, order number, title or description; or the phone is the complainant's.

    Words of two characters and more are found by the index on pairs of characters; the exact comparison then only looks
    at what the pairs let through.
    """
    wanted = Q()
    for word in folded(text).split()[:8]:
        wanted &= _word(word)
    if len(plain_phone(text)) in PHONE_DIGITS and not any(sign.isalpha() for sign in text):
        wanted |= _by_phone(text)
    return cases.filter(wanted)


def _word(word: str) -> Q:
    exact = Q(search_text__contains=word)
    pairs = sorted(bigrams(word))[:40]
    return Q(Contains(F("search_text"), Value(pairs, output_field=TEXTS))) & exact if pairs else exact


def _by_phone(phone: str) -> Q:
    people = Complainant.objects.filter(phone_index=phone_digest(phone)).exclude(phone_index="").order_by()
    return Q(complainant_id__in=list(people.values_list("pk", flat=True)))


TEXTS: "ArrayField[list[str], list[str]]" = ArrayField(models.TextField())


class _Pairs(models.Func):
    """Compares what the index `cases_case_bigrams` holds with a list of pairs."""

    template = "cases_bigrams(%(expressions)s::text[]"
    output_field = models.BooleanField()


class Contains(_Pairs):
    arg_joiner = ") @> "


class Overlaps(_Pairs):
    arg_joiner = ") && "
