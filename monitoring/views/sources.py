"""Sources: where mentions come from, and how well that goes."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.db.models import Prefetch, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.errors import Refusal
from accounts.gate import get_visible
from accounts.paging import page_of
from accounts.web import desk_view, signed_in
from monitoring import services
from monitoring.enums import MailKind, RawState, SourceKind
from monitoring.forms import SourceForm, units_for
from monitoring.models import HotRank, PushEndpoint, RawItem, Source
from monitoring.queries import failing_sources, open_incidents, sources_for
from monitoring.rules import may_act, may_configure, require_may_configure
from monitoring.sources.charts import rhythm_of
from monitoring.sources.routes import route_of
from monitoring.watches.closeness import close_watches_of
from timeline.now import now as time_now
from timeline.queries import entries_of
from timeline.refs import ref

FETCHES_SHOWN = 30
INCIDENTS_SHOWN = 10
TOPICS_SHOWN = 50
RAW_SHOWN = 20
ENTRIES_SHOWN = 20


def _how_many(count: int) -> str:
    return ngettext("%(n)s source", "%(n)s sources", count)


@desk_view
@never_cache
@require_GET
def sources(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    view = "failing" if request.GET.get("view") == "failing" else "all"
    rows = failing_sources(user) if view == "failing" else sources_for(user)
    page = page_of(rows, request.GET, order=("name", "pk"), words=_how_many)
    context = {
        "page": page,
        "current_view": view,
        "incidents": open_incidents(user)[:INCIDENTS_SHOWN],
        "may_configure": may_configure(user),
        "may_act": may_act(user),
    }
    return render(request, "monitoring/source_list.html", context)


@desk_view
@never_cache
@require_GET
def source(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    found: Source = get_visible(sources_for(user), pk=pk)
    context = {
        "source": found,
        "fetches": found.fetches.all()[:FETCHES_SHOWN],
        "unreadable": found.raw_items.filter(state=RawState.KEPT).defer("body")[:RAW_SHOWN],
        "mentions": found.mentions.order_by("-pk")[:10],
        "incidents": found.incidents.order_by("-pk")[:INCIDENTS_SHOWN],
        "rhythm": rhythm_of(found, now=time_now()),
        "close_watches": close_watches_of(found, now=time_now()) if found.is_polled else [],
        "now": time_now(),
        "may_configure": may_configure(user),
        "entries": entries_of(ref(found))[:ENTRIES_SHOWN],
        **_of_kind(found),
    }
    return render(request, "monitoring/source_detail.html", context)


def _of_kind(found: Source) -> dict[str, Any]:
    """What only sources of this kind have."""
    match found.kind:
        case SourceKind.HOTLIST:
            steps = Prefetch("ranks", HotRank.objects.filter(at__gt=time_now() - timedelta(days=1)), to_attr="lately")
            topics = found.topics.filter(rank__isnull=False).order_by("rank").prefetch_related(steps)
            return {"topics": topics[:TOPICS_SHOWN]}
        case SourceKind.PUSH:
            return {"endpoint": PushEndpoint.objects.filter(source=found).first()}
        case SourceKind.IMPORT:
            return {"imports": found.imports.defer("body")[:RAW_SHOWN]}
        case SourceKind.MAILBOX:
            marked = found.raw_items.exclude(mail_kind__in=["", MailKind.MESSAGE]).defer("body")
            return {"box": found.mailbox, "marked": marked[:RAW_SHOWN]}
    return {}


@desk_view
@require_http_methods(["GET", "POST"])
def edit_source(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    user = signed_in(request)
    require_may_configure(user)
    found: Source = get_visible(sources_for(user), pk=pk) if pk else Source(unit=units_for(user).first())
    if found.pk and found.kind == SourceKind.MAILBOX:
        return redirect("monitoring:source_mailbox", pk=found.pk)
    if found.pk and found.kind == SourceKind.FEED and route_of(found.route):
        return redirect("monitoring:source_route_edit", pk=found.pk)
    if not pk and request.GET.get("kind") == SourceKind.PUSH:
        found.kind = SourceKind.PUSH
    form = SourceForm(request.POST or None, instance=found, user=user)
    status = HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            try:
                services.save_source(form.instance, actor=user, now=time_now())
            except Refusal as refused:
                form.take(refused)
                status = HTTPStatus(refused.status)
            else:
                messages.success(request, _("Saved. The source is read now."))
                return redirect("monitoring:source", pk=form.instance.pk)
    context = {"form": form, "source": found}
    return render(request, "monitoring/source_form.html", context, status=status)


@desk_view
@require_POST
def check_source(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    found: Source = get_visible(sources_for(user), pk=pk)
    services.check_now(found, actor=user, now=time_now())
    messages.success(request, _("It is being read. Look again in a moment."))
    return redirect("monitoring:source", pk=pk)


@desk_view
@require_POST
def retry_raw(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    item = RawItem.objects.filter(Q(source__in=sources_for(user).values("pk")), pk=pk).first()
    if item is None:
        raise Http404
    done = services.retry_raw_item(item, actor=user, now=time_now())
    messages.success(request, _("It is readable now: %(new)s new mentions.") % {"new": done.new})
    return redirect("monitoring:source", pk=item.source_id)
