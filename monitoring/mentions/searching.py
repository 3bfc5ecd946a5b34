"""Finding mentions in the store: two-character words and any combination of filters, newest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from accounts.models import User
from accounts.queries import SEES_ALL
from language.folding import fold_text
from monitoring.mentions.marks import mark, marks_of_query
from monitoring.models import EventMention, Mention, Source

ORDER = ("-first_seen_at", "-pk")


@dataclass(frozen=True, kw_only=True)
class Criteria:
    """What is looked for; everything that is empty asks nothing."""

    q: str = ""
    source: int | None = None
    source_type: str = ""
    watch: int | None = None
    tone: str = ""  # negative | other
    kind: str = ""
    author: str = ""
    reach: int | None = None  # one of marks.REACH
    event: int | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_empty(self) -> bool:
        return self == Criteria()

    @property
    def marks(self) -> list[int]:
        """Everything the one index answers together."""
        given: Sequence[tuple[str, Any]] = (
            ("source", self.source),
            ("type", self.source_type),
            ("watch", self.watch),
            ("tone", self.tone),
            ("kind", self.kind),
            ("author", fold_text(self.author)),
            ("reach", self.reach),
        )
        return sorted({*marks_of_query(self.q), *(mark(kind, value) for kind, value in given if value)})


def mentions_for(user: User) -> QuerySet[Mention]:
    """Of the sources the person sees."""
    if user.is_active and user.has_role(*SEES_ALL):
        return Mention.objects.all()
    seen = Source.objects.visible_to(user).values_list("pk", flat=True)
    rows: QuerySet[Mention] = Mention.objects.filter(source__in=list(seen))
    return rows


def search(user: User, criteria: Criteria) -> QuerySet[Mention]:
    rows = mentions_for(user)
    if criteria.marks:
        rows = rows.filter(marks__contains=criteria.marks)
    for word in fold_text(criteria.q).split():
        rows = rows.filter(folded__contains=word)
    if criteria.event is not None:
        rows = rows.filter(pk__in=EventMention.objects.filter(event=criteria.event).values("mention"))
    return rows.filter(**_bounds(criteria))


def _bounds(criteria: Criteria) -> Mapping[str, Any]:
    given = {
        "first_seen_at__gte": criteria.since,
        "first_seen_at__lt": criteria.until,
    }
    return {name: value for name, value in given.items() if value is not None}
