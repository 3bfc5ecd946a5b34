"""The store of mentions: everything the desk ever heard, found again in two characters, with its evidence."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.exports import FORMATS, table_response
from accounts.gate import get_visible
from accounts.models import User
from accounts.paging import page_of
from accounts.web import client_ip, desk_view, signed_in
from language.folding import fold, fold_text
from language.matching import Span, merged
from monitoring.mentions.search_form import SearchForm
from monitoring.mentions.searching import ORDER, Criteria, mentions_for, search
from monitoring.models import Event, Mention, WatchHit
from monitoring.queries import events_for, watches_for
from timeline.now import now as time_now

EXPORTED = 50_000  # rows of one file
FIGURES_SHOWN = 50


def _how_many(count: int) -> str:
    return ngettext("%(n)s mention", "%(n)s mentions", count)


@desk_view
@never_cache
@require_GET
def mentions(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    form = SearchForm(request.GET, user=user)
    is_valid = form.is_valid()
    criteria = form.criteria() if is_valid else Criteria()
    rows = _found(user, criteria) if is_valid else Mention.objects.none()
    page = page_of(rows, request.GET, order=ORDER, words=_how_many)
    for mention in page.rows:
        mention.spans = spans_of_words(mention, criteria.q)  # type: ignore[attr-defined]  # for the template
    context = {
        "form": form,
        "page": page,
        "is_filtered": not criteria.is_empty,
        "event": events_for(user).filter(pk=criteria.event).first() if criteria.event else None,
    }
    return render(request, "monitoring/mention_list.html", context, status=200 if is_valid else 422)


@desk_view
@never_cache
@require_GET
def mention(request: HttpRequest, pk: int) -> HttpResponse:
    """One mention as first seen: text, link, author, time, hash, the raw item; its figures since; where it counts."""
    user = signed_in(request)
    hits = WatchHit.objects.filter(watch__in=watches_for(user)).select_related("watch")
    rows = mentions_for(user).select_related("source__unit")
    found: Mention = get_visible(rows.prefetch_related(Prefetch("hits", queryset=hits, to_attr="shown_hits")), pk=pk)
    context = {
        "mention": found,
        "events": _events_of(user, found),
        "figures": list(found.figures.order_by("-at", "-pk")[:FIGURES_SHOWN]),
    }
    return render(request, "monitoring/mention_detail.html", context)


@desk_view
@never_cache
@require_GET
def export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """What the list shows, as a file; the access log keeps who took it."""
    user = signed_in(request)
    form = SearchForm(request.GET, user=user)
    if kind not in FORMATS or not form.is_valid():
        raise Http404
    rows = _found(user, form.criteria()).order_by(*ORDER)[:EXPORTED]
    return table_response(
        kind,
        name="mentions",
        header=_header(),
        rows=_lines(rows),
        user=user,
        subject="mentions",
        ip=client_ip(request),
        now=time_now(),
    )


def _found(user: User, criteria: Criteria) -> QuerySet[Mention]:
    """Raw items stay behind: they are large, and read on the mention's own page only."""
    return search(user, criteria).select_related("source").defer("raw", "marks", "prints", "folded")


def _events_of(user: User, found: Mention) -> list[Event]:
    return list(events_for(user).filter(members__mention=found.pk).order_by("-pk"))


def spans_of_words(found: Mention, words: str) -> list[Span]:
    """Where the words stand in `found.whole`, each time."""
    if not words:
        return []
    folded = fold(found.whole)
    spans = []
    for word in fold_text(words).split():
        at = folded.text.find(word)
        while at >= 0:
            spans.append(folded.span(at, at + len(word)))
            at = folded.text.find(word, at + len(word))
    return merged(tuple(spans))


def _header() -> list[str]:
    words = (
        _("First seen"),
        _("Published there"),
        _("Source read"),
        _("Where"),
        _("Author"),
        _("Followers"),
        _("Title"),
        _("Text"),
        _("Link"),
        _("Tone"),
        _("Risk"),
        "SHA-256",
    )
    return [str(word) for word in words]


def _lines(rows: QuerySet[Mention]) -> Iterator[list[Any]]:
    for row in rows.iterator(chunk_size=1_000):
        yield [
            row.first_seen_at,
            row.published_at,
            row.source.name,
            row.source.get_source_type_display(),
            row.author,
            row.reach,
            row.title,
            row.text,
            row.url,
            _("Negative") if row.is_negative else _("Not negative"),
            " ".join(row.risk_kinds),
            row.sha256,
        ]
