"""Runbooks as everybody reads them and administrators edit them: table, editor, versions, text form."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.db.models import Count, Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.enums import Role
from accounts.errors import Refusal, Stale
from accounts.gate import get_visible
from accounts.paging import page_of
from accounts.web import desk_view, signed_in
from escalation import drafts
from escalation import runbooks as library
from escalation.drafts import Draft
from escalation.enums import RunState
from escalation.faults import NEVER_PAUSED, BadRunbook, faults_of
from escalation.models import Runbook, RunbookVersion
from escalation.registry import is_needed, starters_of
from escalation.runbook_differences import differences
from escalation.runbook_forms import CopyForm, Editor, NoteForm, TextForm, editor_of
from escalation.runbook_page import page_of_body
from escalation.runbook_text import LONGEST, parse, text_of
from timeline.now import now as time_now

GET_OR_POST = ["GET", "HEAD", "POST"]


def books() -> QuerySet[Runbook]:
    """Everybody signed in may read every runbook."""
    return Runbook.objects.all()


def versions_of(book: Runbook) -> QuerySet[RunbookVersion]:
    return RunbookVersion.objects.filter(runbook=book).select_related("runbook", "author")


def current_of(book: Runbook) -> RunbookVersion:
    return get_visible(versions_of(book), is_current=True)


# ---- reading ------------------------------------------------------------------------------------
@desk_view
@require_safe
def runbook_list(request: HttpRequest) -> HttpResponse:
    current = RunbookVersion.objects.filter(is_current=True).select_related("author")
    under_way = Count("versions__runs", filter=Q(versions__runs__state=RunState.RUNNING))
    rows = books().annotate(under_way=under_way).prefetch_related(Prefetch("versions", current, to_attr="current"))
    page = page_of(rows, request.GET, order=["code"], words=_how_many)
    shown = [(book, book.current[0] if book.current else None, starters_of(book.code)) for book in page.rows]  # type: ignore[attr-defined]  # prefetched above
    return render(request, "escalation/runbook_list.html", {"page": page, "shown": shown, "may_edit": _may(request)})


def _how_many(count: int) -> str:
    return ngettext("%(n)s runbook", "%(n)s runbooks", count)


def _may(request: HttpRequest) -> bool:
    return library.may_edit(signed_in(request))


@desk_view
@require_safe
def runbook(request: HttpRequest, code: str, number: int | None = None) -> HttpResponse:
    """One version as a table: the current one, or the one a run started with."""
    book = get_visible(books(), code=code)
    version = get_visible(versions_of(book), number=number) if number else current_of(book)
    shipped = library.shipped_body(book.code)
    context = {
        "book": book,
        "version": version,
        "newest": version if version.is_current else current_of(book),
        "shown": page_of_body(version.body),
        "starters": starters_of(book.code),
        "is_needed": is_needed(book.code),
        "may_edit": _may(request),
        "differs_from_shipped": differences(shipped, version.body) if shipped and version.is_current else [],
        "note_form": NoteForm(),
    }
    return render(request, "escalation/runbook_page.html", context)


@desk_view
@require_safe
def runbook_text(request: HttpRequest, code: str, number: int) -> HttpResponse:  # noqa: ARG001 -- a view
    """The text form as a file: to read, to keep, to carry to another desk."""
    version = get_visible(versions_of(get_visible(books(), code=code)), number=number)
    response = HttpResponse(text_of(version.body), content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{code}-{number}.yaml"'
    return response


@desk_view
@require_safe
def history(request: HttpRequest, code: str) -> HttpResponse:
    book = get_visible(books(), code=code)
    page = page_of(versions_of(book), request.GET, order=["-number"], words=_how_many_versions)
    newest = current_of(book)
    older, newer = (_number(request, name) for name in ("from", "to"))
    compared = _compared(book, older, newer) if older and newer else None
    context = {
        "book": book,
        "page": page,
        "newest": newest,
        "compared": compared,
        "note_form": NoteForm(),
        "may_edit": _may(request),
    }
    return render(request, "escalation/runbook_history.html", context)


def _how_many_versions(count: int) -> str:
    return ngettext("%(n)s version", "%(n)s versions", count)


def _number(request: HttpRequest, name: str) -> int | None:
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


def _compared(book: Runbook, older: int, newer: int) -> dict[str, Any]:
    one, other = (get_visible(versions_of(book), number=number) for number in (older, newer))
    return {"from": one, "to": other, "lines": differences(one.body, other.body)}


# ---- editing ------------------------------------------------------------------------------------
@desk_view(Role.ADMIN)
@never_cache
@require_http_methods(GET_OR_POST)
def edit(request: HttpRequest, code: str) -> HttpResponse:
    """Rows are added, moved and removed on the server, so that it works without scripts; only “Save” saves."""
    book = get_visible(books(), code=code)
    current = current_of(book)
    if request.method != "POST":
        return _editor_page(request, book, current, editor_of(drafts.of_body(current.body)), base=current.number)
    draft, base = drafts.of_post(request.POST.lists()), _base(request, current)
    if act := request.POST.get("do", ""):
        kind, row = drafts.acted(draft, act)
        look = f"{kind}-{row}" if kind else ""
        return _editor_page(request, book, current, editor_of(draft), base=base, look=look)
    return _save(request, book, current, draft, base=base)


def _base(request: HttpRequest, current: RunbookVersion) -> int:
    text = request.POST.get("base", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else current.number


def _save(request: HttpRequest, book: Runbook, current: RunbookVersion, draft: Draft, *, base: int) -> HttpResponse:
    body = drafts.body_of(draft, code=book.code)
    note = NoteForm(request.POST)
    faults = faults_of(body)
    status, stale = HTTPStatus.UNPROCESSABLE_ENTITY, None
    refused: Refusal | None = None
    if note.is_valid() and not faults:
        try:
            saved = library.save_version(
                book, body, base=base, note=note.cleaned_data["note"], actor=signed_in(request), now=time_now()
            )
        except Stale as late:
            stale, refused, status, base = _both(book, base, body), late, HTTPStatus(late.status), current.number
        except Refusal as no:
            refused, status = no, HTTPStatus(no.status)
        else:
            said = _("Saved as version %(number)s. Runs under way keep theirs.")
            messages.success(request, said % {"number": saved.number})
            return redirect(book)
    editor = editor_of(draft, faults)
    return _editor_page(
        request, book, current, editor, base=base, note=note, refusal=refused, stale=stale, status=status
    )


def _both(book: Runbook, base: int, body: Mapping[str, Any]) -> dict[str, Any]:
    """What they changed since the page was opened, and what of ours would then stand otherwise."""
    opened, current = versions_of(book).filter(number=base).first(), current_of(book)
    return {
        "theirs": differences(opened.body, current.body) if opened else [],
        "ours": differences(current.body, body),
        "current": current,
    }


def _editor_page(
    request: HttpRequest,
    book: Runbook,
    current: RunbookVersion,
    editor: Editor,
    *,
    base: int,
    note: NoteForm | None = None,
    refusal: Refusal | None = None,
    stale: Mapping[str, Any] | None = None,
    look: str = "",
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    context = {
        "book": book,
        "current": current,
        "editor": editor,
        "base": base,
        "note_form": note or NoteForm(initial={"note": request.POST.get("note", "")}),
        "refusal": refusal,
        "stale": stale,
        "look": look,
        "is_media": book.code in NEVER_PAUSED,
        "is_needed": is_needed(book.code),
    }
    return render(request, "escalation/runbook_edit.html", context, status=status)


@desk_view(Role.ADMIN)
@never_cache
@require_http_methods(GET_OR_POST)
def import_text(request: HttpRequest, code: str) -> HttpResponse:
    """The text form edited or uploaded; refused with the line of every fault."""
    book = get_visible(books(), code=code)
    current = current_of(book)
    form = TextForm(request.POST or None, request.FILES or None, initial={"text": text_of(current.body)})
    faults: Sequence[str] = []
    refusal: Refusal | None = None
    status = HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            try:
                body = parse(_given_text(form))
                library.save_version(
                    book,
                    body,
                    base=_base(request, current),
                    note=form.cleaned_data["note"],
                    actor=signed_in(request),
                    now=time_now(),
                )
            except BadRunbook as bad:
                faults = bad.faults
            except Refusal as no:
                refusal, status = no, HTTPStatus(no.status)
            else:
                messages.success(request, _("Saved as a new version."))
                return redirect(book)
    context = {"book": book, "current": current, "form": form, "faults": faults, "refusal": refusal}
    return render(request, "escalation/runbook_text.html", context, status=status)


def _given_text(form: TextForm) -> str:
    upload = form.cleaned_data["file"]
    if not upload:
        return str(form.cleaned_data["text"])
    if upload.size > LONGEST:
        raise BadRunbook([_("the text is longer than %(most)s characters") % {"most": LONGEST}])
    try:
        return str(upload.read().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise BadRunbook([_("the file is not UTF-8 text; save it as UTF-8 and try again")]) from error


@desk_view(Role.ADMIN)
@never_cache
@require_http_methods(GET_OR_POST)
def copy(request: HttpRequest, code: str) -> HttpResponse:
    book = get_visible(books(), code=code)
    current = current_of(book)
    titles = {f"title_{name.replace('-', '_')}": words for name, words in current.body["title"].items()}
    form = CopyForm(request.POST or None, initial=titles | {"code": f"{book.code[:34]}_copy"})
    refusal: Refusal | None = None
    status = HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            data = form.cleaned_data
            title = {"zh-hans": data["title_zh_hans"], "zh-hant": data["title_zh_hant"], "en": data["title_en"]}
            try:
                made = library.copy_runbook(
                    current, code=data["code"], title=title, note=data["note"], actor=signed_in(request), now=time_now()
                )
            except Refusal as no:
                refusal, status = no, HTTPStatus(no.status)
                for text in no.fields.get("code", []):
                    form.add_error("code", text)
            else:
                messages.success(request, _("There it is. Now change what is different."))
                return redirect("escalation:runbook_edit", code=made.code)
    return render(
        request, "escalation/runbook_copy.html", {"book": book, "form": form, "refusal": refusal}, status=status
    )


@desk_view(Role.ADMIN)
@require_POST
def decide(request: HttpRequest, code: str, what: str) -> HttpResponse:
    """Retire, put back, reset to the shipped version, make an older one current: each with its reason."""
    book = get_visible(books(), code=code)
    user, now, note = signed_in(request), time_now(), request.POST.get("note", "")
    base = _base(request, current_of(book))
    match what:
        case "retire":
            library.retire(book, note=note, actor=user, now=now)
            said = _("Retired. Runs under way go on; nothing new starts it.")
        case "bring-back":
            library.bring_back(book, note=note, actor=user, now=now)
            said = _("Back in use.")
        case "reset":
            library.reset_to_shipped(book, base=base, note=note, actor=user, now=now)
            said = _("The shipped version counts again, as a new version.")
        case _restore:
            number = request.POST.get("number", "")
            older = get_visible(versions_of(book), number=number)
            library.make_current(older, base=base, note=note, actor=user, now=now)
            said = _("Version %(number)s counts again, as a new version.") % {"number": older.number}
    messages.success(request, said)
    return redirect(book)
