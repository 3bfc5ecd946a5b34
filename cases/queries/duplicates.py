"""What may be the same matter: same phone, same order, nearly the same title; each hint says why."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import F, Q, Value
from django.utils.translation import gettext as _

from accounts.models import User
from cases.folding import bigrams, folded
from cases.models import Case, Complainant
from cases.models.complainant import phone_digest
from cases.queries.listing import TEXTS, Overlaps
from cases.visibility import CaseQuerySet

ENOUGH = 0.5  # of the shorter title's pairs of characters stand in the other one too
LEAST_PAIRS = 4
LOOKED_AT = 200  # newest cases that share rare words with the title
WINDOW = timedelta(days=60)
MOST = 10


@dataclass
class Duplicate:
    case: Case
    reasons: list[str] = field(default_factory=list)
    score: float = 0


def duplicates_of(
    user: User,
    *,
    phone: str = "",
    order_number: str = "",
    title: str = "",
    description: str = "",
    but: int | None = None,
) -> list[Duplicate]:
    """Likeliest first, only of cases this person may see. Works while the case is still being typed."""
    cases = Case.objects.visible_to(user).for_list().order_by("-pk")
    if but is not None:
        cases = cases.exclude(pk=but)
    found: dict[int, Duplicate] = {}
    for case in _with_phone(cases, phone):
        _add(found, case, _("Same phone"), 3)
    for case in _with_order(cases, order_number):
        _add(found, case, _("Same order"), 3)
    for case, share in _alike(cases, title or description[:100]):
        _add(found, case, _("Title alike: %(percent)d %%") % {"percent": round(share * 100)}, 1 + share)
    return sorted(found.values(), key=lambda hint: (-hint.score, -hint.case.pk))[:MOST]


def duplicates_of_case(user: User, case: Case) -> list[Duplicate]:
    """For the page of a case."""
    phone = case.complainant.phone if case.complainant else ""
    return duplicates_of(user, phone=phone, order_number=case.order_number, title=case.title, but=case.pk)


def complainants_by_phone(user: User, phone: str) -> list[Complainant]:
    """People on cases this person may see, newest first; shown masked only."""
    digest = phone_digest(phone)
    if not digest:
        return []
    rows = Complainant.objects.filter(phone_index=digest, cases__in=Case.objects.visible_to(user).order_by())
    return list(rows.distinct().order_by("-pk")[:MOST])


def cases_of_person(user: User, complainant: Complainant) -> CaseQuerySet:
    """Everything the same phone ever complained about, as far as this person may see it."""
    rows = Q(complainant=complainant)
    if complainant.phone_index:
        rows |= Q(complainant__phone_index=complainant.phone_index)
    return Case.objects.visible_to(user).filter(rows).for_list().order_by("-pk")


def _with_phone(cases: CaseQuerySet, phone: str) -> Iterable[Case]:
    digest = phone_digest(phone)
    return cases.filter(complainant__phone_index=digest)[:MOST] if digest else ()


def _with_order(cases: CaseQuerySet, order_number: str) -> Iterable[Case]:
    order = order_number.strip()
    return cases.filter(order_number=order)[:MOST] if order else ()


def _alike(cases: CaseQuerySet, title: str) -> Iterator[tuple[Case, float]]:
    """Compares with the newest cases that share at least one pair of characters, as far back as the window."""
    ours = bigrams(folded(title))
    if len(ours) < LEAST_PAIRS:
        return
    shared = Q(Overlaps(F("search_text"), Value(sorted(ours)[:60], output_field=TEXTS)))
    newest = cases.filter(shared).values_list("received_at", flat=True)[:1]
    start = next(iter(newest), None)
    if start is None:
        return
    for case in cases.filter(shared, received_at__gte=start - WINDOW)[:LOOKED_AT]:
        theirs = bigrams(folded(case.title))
        share = len(ours & theirs) / max(min(len(ours), len(theirs)), 1)
        if share >= ENOUGH and len(theirs) >= LEAST_PAIRS:
            yield case, share


def _add(found: dict[int, Duplicate], case: Case, reason: str, score: float) -> None:
    hint = found.setdefault(case.pk, Duplicate(case))
    hint.reasons.append(reason)
    hint.score += score
