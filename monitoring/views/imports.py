"""Bringing mentions oneself: a table, or one by hand."""

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.errors import Refusal
from accounts.gate import get_visible
from accounts.models import User
from accounts.paging import page_of
from accounts.web import desk_view, signed_in
from monitoring import services
from monitoring.enums import ImportState, SourceKind
from monitoring.formats.parsing import Unreadable
from monitoring.formats.tables import MAX_BYTES, Table
from monitoring.models import ImportBatch, Source
from monitoring.queries import sources_for
from monitoring.rules import require_may_act, require_may_configure
from monitoring.sources import importing
from monitoring.sources.entering import enter_mention
from monitoring.sources.source_forms import CHARSETS, ColumnsForm, EnterForm, ImportForm
from monitoring.tasks import ask_to_take_in
from timeline.now import now as time_now

PREVIEW_ROWS = 5


@desk_view
@require_http_methods(["GET", "POST"])
def new_import(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    require_may_configure(user)
    form = ImportForm(request.POST or None, request.FILES or None, user=user)
    status = HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            try:
                return redirect(_started(form, user).get_absolute_url())
            except Refusal as refused:
                form.take(refused)
    return render(request, "monitoring/import_new.html", {"form": form}, status=status)


def _started(form: ImportForm, user: User) -> ImportBatch:
    given, now = form.cleaned_data, time_now()
    source = given["source"]
    if source is None:
        source = Source(
            name=given["name"], kind=SourceKind.IMPORT, source_type=given["source_type"], unit=given["unit"]
        )
        source = services.save_source(source, actor=user, now=now)
    file = given["file"]
    data = file.read(MAX_BYTES + 1)
    return importing.start_import(source, name=file.name, data=data, actor=user, now=now)


@desk_view
@never_cache
@require_http_methods(["GET", "POST"])
def table(request: HttpRequest, pk: int) -> HttpResponse:
    """Its first rows and its columns; afterwards, what became of it."""
    user = signed_in(request)
    require_may_configure(user)
    batch: ImportBatch = get_visible(ImportBatch.objects.filter(source__in=sources_for(user).values("pk")), pk=pk)
    choosing = batch.state == ImportState.CHOOSING or "columns" in request.GET
    if request.method == "GET" and not choosing:
        return _outcome(request, batch)
    return _columns(request, batch, user)


def _columns(request: HttpRequest, batch: ImportBatch, user: User) -> HttpResponse:
    charset = _charset(request, batch)
    shown = _read(batch, charset)
    form = ColumnsForm(request.POST or None, batch=batch, headers=shown.headers, charset=charset)
    status = HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            try:
                importing.confirm_import(batch, charset=charset, mapping=form.mapping, actor=user, now=time_now())
            except Refusal as refused:
                form.take(refused)
                status = HTTPStatus(refused.status)
            else:
                ask_to_take_in()
                return redirect(batch.get_absolute_url())
    context = {
        "batch": batch,
        "form": form,
        "charsets": CHARSETS if batch.charset else (),
        "charset": charset,
        "headers": shown.headers,
        "rows": [row.cells for row in shown.rows[:PREVIEW_ROWS]],
        "count": len(shown.rows),
    }
    return render(request, "monitoring/import_columns.html", context, status=status)


def _charset(request: HttpRequest, batch: ImportBatch) -> str:
    asked = request.POST.get("charset") or request.GET.get("charset", "")
    return asked if asked in dict(CHARSETS) and batch.charset else batch.charset


def _read(batch: ImportBatch, charset: str) -> Table:
    try:
        return importing.table_of(batch, charset=charset)
    except Unreadable:
        return Table([], [])


def _outcome(request: HttpRequest, batch: ImportBatch) -> HttpResponse:
    rows = batch.failed_rows.all()
    page = page_of(rows, request.GET, order=("number",), words=_how_many)
    context = {"batch": batch, "page": page, "waits": batch.state == ImportState.WAITING}
    part = "monitoring/_import_outcome.html" if getattr(request, "htmx", None) else "monitoring/import_outcome.html"
    return render(request, part, context)


def _how_many(count: int) -> str:
    return ngettext("%(n)s row with a doubt", "%(n)s rows with a doubt", count)


@desk_view
@require_POST
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """The same table with the same columns once more: what is known stays once."""
    user = signed_in(request)
    batch: ImportBatch = get_visible(ImportBatch.objects.filter(source__in=sources_for(user).values("pk")), pk=pk)
    importing.confirm_import(batch, charset=batch.charset, mapping=batch.mapping, actor=user, now=time_now())
    ask_to_take_in()
    return redirect(batch.get_absolute_url())


@desk_view
@require_http_methods(["GET", "POST"])
def enter(request: HttpRequest) -> HttpResponse:
    """One screen; saved, it is ready for the next one."""
    user = signed_in(request)
    require_may_act(user)
    form = EnterForm(request.POST or None, user=user)
    status = HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            unit, place = form.cleaned_data["unit"], form.cleaned_data["source_type"]
            try:
                done = enter_mention(unit, form.incoming, source_type=place, actor=user, now=time_now())
            except Refusal as refused:
                form.take(refused)
                status = HTTPStatus(refused.status)
            else:
                messages.success(request, _("Taken in.") if done.is_new else _("The desk knows this one already."))
                if done.event_id:
                    return redirect("monitoring:event", pk=done.event_id)
                return redirect("monitoring:mention_enter")
    return render(request, "monitoring/mention_enter.html", {"form": form}, status=status)
