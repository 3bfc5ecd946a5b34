"""
Public posts and the complaints on file: which post is whose complaint, suggested with reasons, decided by people.

A person sees a link only where both the event of the post and the case are visible to them. Reasons are codes: neither
a number nor a name of the complainant leaves the case.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.enums import UnitKind
from accounts.errors import Conflict
from accounts.gate import get_visible
from accounts.models import User
from cases.enums import CaseKind
from cases.folding import bigrams, folded
from cases.models import Case
from cases.models.complainant import phone_digest, plain_phone
from monitoring.enums import Decision
from monitoring.models import CaseLink, Event, EventMention
from monitoring.rules import require_may_act
from timeline.refs import ref
from timeline.services import Draft, record_many

POSTS_AT_ONCE, CASES_AT_ONCE = 200, 200
BEFORE = timedelta(days=30)  # a complaint may be that much older than the talk
NEAR = timedelta(days=3)
ENOUGH = 4.0
ALIKE = 0.4  # of the shorter one's pairs of characters
MOST_OF_A_POST = 3
POINTS = {"order": 5.0, "phone": 5.0, "tail": 3.0, "product": 2.0, "place": 2.0, "title": 2.0, "time": 1.0}
ORDER = re.compile(r"(?<![0-9A-Za-z])[A-Za-z]{0,4}[0-9][0-9A-Za-z-]{6,30}")
PHONE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
TAIL = re.compile(r"(?:尾号|尾號|末四位|后四位|後四位)\D{0,3}(\d{4})(?!\d)")

WORDS: dict[str, Promise] = {
    "order": gettext_lazy("same order number"),
    "phone": gettext_lazy("same phone"),
    "tail": gettext_lazy("same end of the phone number"),
    "product": gettext_lazy("same product"),
    "place": gettext_lazy("same branch or place"),
    "title": gettext_lazy("told alike"),
    "time": gettext_lazy("at the same time"),
}


@dataclass(frozen=True)
class _Post:
    mention_id: int
    said_at: datetime
    text: str  # folded
    orders: frozenset[str]
    phones: frozenset[str]
    tails: frozenset[str]
    pairs: frozenset[str]


def link_posts(event: Event, *, now: datetime) -> bool:
    """Compares posts that are new with the complaints, and complaints that are new with the posts; True: more waits.

    Costs a handful of queries and at most 200 posts by 200 cases, whatever the event's size.
    """
    rows = EventMention.objects.filter(event=event).select_related("mention")
    fresh = list(rows.filter(mention__gt=event.linked_up_to).order_by("mention_id")[:POSTS_AT_ONCE])
    cases = _cases(event, now=now)
    posts = [_post(row) for row in fresh]
    wanted = list(_suggested(posts, [*cases, *_named(event, posts, cases)]))
    new_cases = [case for case in cases if case.pk > event.linked_cases]
    if new_cases:
        known = rows.filter(mention__lte=event.linked_up_to).order_by("-mention_id")[:POSTS_AT_ONCE]
        wanted += _suggested([_post(row) for row in known], new_cases)
    links = [
        CaseLink(mention_id=post, case=case, score=score, reasons=why, at=now) for post, case, score, why in wanted
    ]
    CaseLink.objects.bulk_create(links, ignore_conflicts=True)
    event.linked_up_to = fresh[-1].mention_id if fresh else event.linked_up_to
    event.linked_cases = max((case.pk for case in cases), default=event.linked_cases)
    event.save(update_fields=["linked_up_to", "linked_cases"])
    return len(fresh) == POSTS_AT_ONCE


def _complaints(event: Event) -> "QuerySet[Case]":
    rows = Case.objects.filter(kind=CaseKind.COMPLAINT, is_drill=event.is_drill, unit__path__startswith=event.unit.path)
    return rows.select_related("complainant", "unit").order_by("-pk")


def _cases(event: Event, *, now: datetime) -> list[Case]:
    since = event.first_seen_at - BEFORE
    return list(_complaints(event).filter(received_at__gte=since, received_at__lte=now)[:CASES_AT_ONCE])


def _named(event: Event, posts: Sequence[_Post], known: Sequence[Case]) -> list[Case]:
    """Older complaints whose order or phone a post names in full."""
    orders = {order for post in posts for order in post.orders}
    phones = {phone_digest(phone) for post in posts for phone in post.phones}
    if not orders and not phones:
        return []
    rows = _complaints(event).filter(Q(order_number__in=orders) | Q(complainant__phone_index__in=phones))
    return list(rows.exclude(pk__in=[case.pk for case in known])[:CASES_AT_ONCE])


def _post(member: EventMention) -> _Post:
    whole = member.mention.whole
    return _Post(
        mention_id=member.mention_id,
        said_at=member.said_at,
        text=folded(whole),
        orders=frozenset(ORDER.findall(whole)),
        phones=frozenset(PHONE.findall(whole)),
        tails=frozenset(TAIL.findall(whole)),
        pairs=frozenset(bigrams(folded(whole))),
    )


def _suggested(posts: Sequence[_Post], cases: Iterable[Case]) -> Iterator[tuple[int, Case, float, list[str]]]:
    """The likeliest complaints of each post."""
    compared = [(case, _words(case), bigrams(folded(case.title))) for case in cases]
    for post in posts:
        found = []
        for case, words, pairs in compared:
            why = list(_reasons(post, case, words, pairs))
            score = sum(POINTS[code] for code in why)
            if score >= ENOUGH:
                found.append((post.mention_id, case, score, why))
        yield from sorted(found, key=lambda row: (-row[2], -row[1].pk))[:MOST_OF_A_POST]


def _words(case: Case) -> dict[str, list[str]]:
    """Folded names that a post may hold."""
    branch = case.unit.name.values() if case.unit.kind == UnitKind.BRANCH else ()
    names = [case.place, *map(str, branch)]
    return {
        "product": [folded(case.product)] if len(case.product.strip()) > 1 else [],
        "place": [folded(name) for name in names if len(name.strip()) > 1],
    }


def _reasons(post: _Post, case: Case, words: dict[str, list[str]], pairs: Iterable[str]) -> Iterator[str]:
    if case.order_number and case.order_number.strip() in post.orders:
        yield "order"
    if post.phones or post.tails:
        phone = plain_phone(case.complainant.phone) if case.complainant else ""
        if phone and phone in post.phones:
            yield "phone"
        elif phone and phone[-4:] in post.tails:
            yield "tail"
    for code in ("product", "place"):
        if any(word in post.text for word in words[code]):
            yield code
    theirs = set(pairs)
    if len(theirs) > 3 and len(theirs & post.pairs) >= ALIKE * len(theirs):
        yield "title"
    if abs(post.said_at - (case.occurred_at or case.received_at)) <= NEAR:
        yield "time"


# ---- what people see and say --------------------------------------------------------------------


def links_of_event(event: Event, user: User) -> "QuerySet[CaseLink]":
    """Of its posts, to cases this person may see; declined ones are not shown again."""
    posts = EventMention.objects.filter(event=event).values("mention_id")
    seen = Case.objects.visible_to(user).order_by().values("pk")
    rows = CaseLink.objects.filter(mention__in=posts, case__in=seen).exclude(state=Decision.DECLINED)
    return rows.select_related("case__unit", "mention__source")


def links_of_case(case: Case, user: User) -> "QuerySet[CaseLink]":
    """Of a case the person sees, to posts of events they may see."""
    events = Event.objects.visible_to(user).values("pk")
    posts = EventMention.objects.filter(event__in=events).values("mention_id")
    rows = CaseLink.objects.filter(case=case, mention__in=posts).exclude(state=Decision.DECLINED)
    return rows.select_related("mention__source")


@transaction.atomic
def decide_link(link: CaseLink, *, accept: bool, actor: User, now: datetime) -> CaseLink:
    """Both sides must be visible; a row on the file of each. Said otherwise later, that counts."""
    require_may_act(actor)
    get_visible(Case.objects.visible_to(actor), pk=link.case_id)
    events = Event.objects.visible_to(actor).filter(members__mention=link.mention_id).order_by("pk")
    event = events.first() or get_visible(events, pk=0)
    found = CaseLink.objects.select_for_update(of=("self",)).select_related("case").get(pk=link.pk)
    wanted = Decision.ACCEPTED if accept else Decision.DECLINED
    if found.state == wanted:
        raise Conflict(_("Somebody has answered this already."))
    found.state, found.decided_at, found.decided_by = wanted, now, actor
    found.save(update_fields=["state", "decided_at", "decided_by"])
    said = "post_linked" if accept else "post_unlinked"
    # Whoever reads the event's file may not see the case: nothing of it stands there.
    of_case = {"mention": found.mention_id, "reasons": found.reasons}
    of_event = {"mention": found.mention_id}
    record_many(
        [
            Draft(thread=ref(thing), verb=verb, at=now, actor_id=actor.pk, details=details, is_drill=event.is_drill)
            for thing, verb, details in (
                (event, f"event.{said}", of_event),
                (found.case, f"case.{said}", of_case),
            )
        ]
    )
    return found


def link_words(code: str) -> str:
    return str(WORDS.get(code, code))
