"""Watches: what the desk looks out for, written as text or as chips, tried on the last 30 days before it counts."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.contrib import messages
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
from language.rules import Rule, RuleError, parse_rule
from monitoring.forms import ListForm, WatchForm, units_for
from monitoring.models import NamedList, Watch
from monitoring.queries import verdicts_of, watches_for
from monitoring.rules import may_configure, require_may_configure
from monitoring.watches import watching
from monitoring.watches.precision import Precision, precision_of
from monitoring.watches.rule_editing import (
    KINDS,
    SCOPE_KINDS,
    added,
    groups_of,
    known_kinds,
    removed,
    scope_of,
)
from monitoring.watches.rule_help import examples
from monitoring.watches.rule_words import rule_error_words
from monitoring.watches.trying import try_rule
from timeline.now import now as time_now

VERSIONS_SHOWN = 20


def _how_many(count: int) -> str:
    return ngettext("%(n)s watch", "%(n)s watches", count)


@desk_view
@never_cache
@require_GET
def watches(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    page = page_of(watches_for(user), request.GET, order=("name", "pk"), words=_how_many)
    judged = verdicts_of([watch.pk for watch in page.rows])
    for watch in page.rows:
        watch.precision = precision_of(*judged.get(watch.pk, (0, 0)))  # type: ignore[attr-defined]  # for the row
    return render(request, "monitoring/watch_list.html", {"page": page, "may_configure": may_configure(user)})


@desk_view
@require_http_methods(["GET", "POST"])
def edit_watch(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    user = signed_in(request)
    found: Watch = get_visible(watches_for(user), pk=pk) if pk else Watch(unit=units_for(user).first())
    if request.method == "POST" or not pk:
        require_may_configure(user)
    form = WatchForm(request.POST or None, instance=found, user=user)
    status = HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            try:
                _save(form, actor=user)
            except Refusal as refused:
                form.take(refused)
                status = HTTPStatus(refused.status)
            else:
                messages.success(request, _("Saved. The watch counts from the next mention on."))
                return redirect("monitoring:watches")
    context = {"form": form, "watch": found, "may_configure": may_configure(user), **_record_of(found)}
    context |= _editor(form["rule_text"].value() or "", form.rule_error)
    return render(request, "monitoring/watch_form.html", context, status=status)


def _save(form: WatchForm, *, actor: Any) -> None:
    given = form.cleaned_data
    watching.save_watch(
        form.instance, actor=actor, now=time_now(), why=given["why"], seen_version=given["seen_version"]
    )


def _record_of(watch: Watch) -> dict[str, Any]:
    """What is known of a saved watch: its versions with what each changed, and what people made of its finds."""
    if not watch.pk:
        return {"versions": [], "precision": Precision(0, 0)}
    versions = list(watch.versions.select_related("actor")[: VERSIONS_SHOWN + 1])
    for version, before in zip(versions, [*versions[1:], None], strict=False):
        version.before = before  # type: ignore[attr-defined]  # for the difference
    judged, good = verdicts_of([watch.pk]).get(watch.pk, (0, 0))
    return {"versions": versions[:VERSIONS_SHOWN], "precision": precision_of(judged, good)}


# ---- the editor -----------------------------------------------------------------------------------


def _editor(text: str, error: RuleError | None = None) -> dict[str, Any]:
    rule: Rule | None = None
    if error is None and text.strip():
        try:
            rule = parse_rule(text)
        except RuleError as refused:
            error = refused
    return {
        "rule_groups": groups_of(rule),
        "rule_scope": scope_of(rule),
        "rule_error": error,
        "rule_error_words": rule_error_words(error) if error else "",
        "kinds": KINDS,
        "scope_kinds": SCOPE_KINDS,
    }


@desk_view
@never_cache
@require_POST
def edit_rule(request: HttpRequest) -> HttpResponse:
    """The chips of the text one is writing; or, a chip added or taken away, chips and text."""
    signed_in(request)
    given = request.POST
    text = given.get("rule_text", "").replace("\r\n", "\n")
    changed, error = text, None
    try:
        changed = _changed(text, given.get("act", ""), given.get)
    except RuleError as refused:
        error = refused
    context = {**_editor(changed, None), "rule_text": changed, "is_changed": changed != text, "chip_error": ""}
    if error is not None:
        context["chip_error"] = rule_error_words(error)
    return render(request, "monitoring/_rule_editor.html", context)


def _changed(text: str, act: str, given: Callable[[str, str], str]) -> str:
    """`act` is "", "remove:any:3", or "add:any" with a kind and a value beside it."""
    what, _colon, rest = act.partition(":")
    if what == "remove":
        group, _colon, place = rest.partition(":")
        if group not in {"any", "all", "none", "scope"} or not place.isdecimal():
            raise Http404
        return removed(text, group=group, place=int(place))
    if what == "add" and rest in {"any", "all", "none", "scope"}:
        kind, value = given(f"kind-{rest}", ""), given(f"value-{rest}", "")
        if kind not in known_kinds():
            raise Http404
        return added(text, group=rest, kind=kind, value=value, within=given(f"within-{rest}", ""))
    return text


@desk_view
@never_cache
@require_POST
def try_watch(request: HttpRequest) -> HttpResponse:
    """What the rule in the form would have found within the last 30 days; nothing is saved."""
    user = signed_in(request)
    text = request.POST.get("rule_text", "").replace("\r\n", "\n")
    tried, wrong = None, ""
    try:
        rule = parse_rule(text)
    except RuleError as error:
        wrong = rule_error_words(error)
    else:
        tried = try_rule(rule, user=user, now=time_now(), negative_only="negative_only" in request.POST)
    return render(request, "monitoring/_tried.html", {"tried": tried, "wrong": wrong})


@desk_view
@require_GET
def rule_help(request: HttpRequest) -> HttpResponse:
    signed_in(request)
    return render(request, "monitoring/rule_help.html", {"examples": examples()})


# ---- lists ------------------------------------------------------------------------------------------


def _how_many_lists(count: int) -> str:
    return ngettext("%(n)s list", "%(n)s lists", count)


@desk_view
@never_cache
@require_GET
def named_lists(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    page = page_of(NamedList.objects.all(), request.GET, order=("name", "pk"), words=_how_many_lists)
    return render(request, "monitoring/list_list.html", {"page": page, "may_configure": may_configure(user)})


@desk_view
@require_http_methods(["GET", "POST"])
def edit_list(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    user = signed_in(request)
    require_may_configure(user)
    found = get_visible(NamedList.objects.all(), pk=pk) if pk else NamedList()
    form = ListForm(request.POST or None, instance=found)
    status = HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            try:
                watching.save_list(
                    form.instance, actor=user, now=time_now(), seen_version=form.cleaned_data["seen_version"]
                )
            except Refusal as refused:
                form.take(refused)
                status = HTTPStatus(refused.status)
            else:
                messages.success(request, _("Saved. Rules that ask for the list follow from the next mention on."))
                return redirect("monitoring:lists")
    return render(request, "monitoring/list_form.html", {"form": form, "list": found}, status=status)
