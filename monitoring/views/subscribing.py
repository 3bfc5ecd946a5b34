"""Adding sources by kind: routes to pick, hot lists, mailboxes, addresses for pushes, and where the makers stand."""

from collections.abc import Callable, Mapping
from http import HTTPStatus

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.errors import Conflict, Refusal
from accounts.gate import get_visible
from accounts.models import User
from accounts.web import desk_view, signed_in
from monitoring import subscribing
from monitoring.enums import SourceKind
from monitoring.forms import SourceForm, units_for
from monitoring.models import Mailbox, PushEndpoint, Source, SourceSettings
from monitoring.queries import sources_for
from monitoring.rules import may_act, may_allow_private, require_may_configure
from monitoring.sources import pushing
from monitoring.sources.routes import platforms, route_of, routes
from monitoring.sources.source_forms import HotListForm, MailboxForm, RouteForm, SettingsForm
from timeline.now import now as time_now

Save = Callable[[], Source]


@desk_view
@require_GET
def add(request: HttpRequest) -> HttpResponse:
    """What kind of source it is to be."""
    user = signed_in(request)
    require_may_configure(user)
    by_platform: dict[str, list[object]] = {}
    for route in routes().values():
        by_platform.setdefault(route.platform_words, []).append(route)
    context = {
        "by_platform": by_platform,
        "settings": SourceSettings.current(),
        "may_set": may_allow_private(user),
        "may_act": may_act(user),
    }
    return render(request, "monitoring/source_add.html", context)


@desk_view
@require_http_methods(["GET", "POST"])
def add_route(request: HttpRequest, code: str) -> HttpResponse:
    user = signed_in(request)
    require_may_configure(user)
    route = route_of(code)
    if route is None:
        raise Http404
    form = RouteForm(request.POST or None, instance=_new(user), user=user, route=route)

    def save() -> Source:
        return subscribing.subscribe_route(form.instance, route, form.given, actor=user, now=time_now())

    context = {"route": route, "missing": not SourceSettings.current().rsshub_url}
    return _filled(request, form, save, "monitoring/source_route.html", context)


@desk_view
@require_http_methods(["GET", "POST"])
def edit_route(request: HttpRequest, pk: int) -> HttpResponse:
    """What was picked, with other parameters."""
    user = signed_in(request)
    require_may_configure(user)
    source: Source = get_visible(sources_for(user).filter(kind=SourceKind.FEED), pk=pk)
    route = route_of(source.route)
    if route is None:
        raise Http404
    form = RouteForm(request.POST or None, instance=source, user=user, route=route)

    def save() -> Source:
        return subscribing.change_route(form.instance, form.given, actor=user, now=time_now())

    context = {"route": route, "missing": not SourceSettings.current().rsshub_url, "source": source}
    return _filled(request, form, save, "monitoring/source_route.html", context)


@desk_view
@require_http_methods(["GET", "POST"])
def add_hot_list(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    require_may_configure(user)
    form = HotListForm(request.POST or None, instance=_new(user), user=user)

    def save() -> Source:
        platform = platforms()[form.cleaned_data["platform"]]
        return subscribing.subscribe_hot_list(form.instance, platform, actor=user, now=time_now())

    context = {"missing": not SourceSettings.current().hotlist_url}
    return _filled(request, form, save, "monitoring/source_hotlist.html", context)


@desk_view
@require_http_methods(["GET", "POST"])
def edit_mailbox(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    user = signed_in(request)
    require_may_configure(user)
    source, box = _mailbox(str(pk or ""), user)
    form = MailboxForm(request.POST or None, instance=source, user=user, box=box)

    def save() -> Source:
        return subscribing.save_mailbox(form.instance, form.filled_box(), actor=user, now=time_now())

    return _filled(request, form, save, "monitoring/source_mailbox.html", {"source": source})


def _new(user: User) -> Source:
    return Source(unit=units_for(user).first())


def _filled(
    request: HttpRequest,
    form: RouteForm | HotListForm | MailboxForm,
    save: Save,
    template: str,
    context: Mapping[str, object],
) -> HttpResponse:
    status = HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            try:
                saved = save()
            except Refusal as refused:
                form.take(refused)
                status = HTTPStatus(refused.status)
            else:
                messages.success(request, _("Saved. The source is read now."))
                return redirect("monitoring:source", pk=saved.pk)
    return render(request, template, {"form": form, **context}, status=status)


@desk_view
@require_POST
def try_source(request: HttpRequest) -> HttpResponse:
    """What a reading would bring, for the form as it stands; keeps nothing."""
    user, now = signed_in(request), time_now()
    require_may_configure(user)
    try:
        tried = _tried_box(request, user) if "host" in request.POST else None
        tried = tried or subscribing.try_source(_asked(request, user), actor=user, now=now)
    except Refusal as refused:
        return render(request, "monitoring/_source_tried.html", {"refusal": refused})
    return render(request, "monitoring/_source_tried.html", {"tried": tried})


def _asked(request: HttpRequest, user: User) -> Source:
    settings, code = SourceSettings.current(), request.POST.get("route", "") or request.POST.get("platform", "")
    if not code:
        form = SourceForm(request.POST, instance=Source(), user=user)
        address, private = str(form.data.get("url", "")).strip(), bool(form.data.get("allow_private"))
        return Source(kind=SourceKind.FEED, url=address, allow_private=private)
    kind = SourceKind.HOTLIST if code in platforms() else SourceKind.FEED
    given = {name: str(value) for name, value in request.POST.items()}
    url = subscribing.address_of(code, given, settings=settings)
    return Source(kind=kind, route=code, url=url, allow_private=settings.allow_private)


def _tried_box(request: HttpRequest, user: User) -> subscribing.TriedSource:
    source, box = _mailbox(request.POST.get("mailbox", ""), user)
    form = MailboxForm(request.POST, instance=source, user=user, box=box)
    form.is_valid()
    return subscribing.try_mailbox(source, form.box_to_try(), actor=user)


def _mailbox(pk: str, user: User) -> tuple[Source, Mailbox]:
    """The one with this number, or a new one."""
    if not (pk.isascii() and pk.isdigit() and len(pk) < 10):
        return _new(user), Mailbox()
    kept = sources_for(user).filter(kind=SourceKind.MAILBOX).select_related("mailbox", "unit")
    source: Source = get_visible(kept, pk=int(pk))
    return source, source.mailbox


@desk_view
@never_cache
@require_http_methods(["GET", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    if not may_allow_private(user):
        raise Http404
    form = SettingsForm(request.POST or None, instance=SourceSettings.current())
    status = HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            try:
                subscribing.save_settings(form.instance, actor=user, now=time_now())
            except Refusal as refused:
                form.take(refused)
            else:
                messages.success(request, _("Saved. Every source picked from the lists moves along."))
                return redirect("monitoring:source_add")
    return render(request, "monitoring/source_settings.html", {"form": form}, status=status)


# ---- the address of a push ----------------------------------------------------------------------


@desk_view
@never_cache
@require_POST
def open_endpoint(request: HttpRequest, pk: int) -> HttpResponse:
    """The secret is shown once, here."""
    user = signed_in(request)
    source: Source = get_visible(sources_for(user), pk=pk)
    if source.kind != SourceKind.PUSH:
        raise Conflict(_("This source does not take pushed mentions."))
    endpoint = pushing.open_endpoint(source, actor=user, now=time_now())
    return render(request, "monitoring/source_secret.html", {"source": source, "endpoint": endpoint})


@desk_view
@require_POST
def close_old_secret(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    source: Source = get_visible(sources_for(user), pk=pk)
    endpoint = PushEndpoint.objects.filter(source=source).select_related("source").first()
    if endpoint is None:
        raise Http404
    pushing.close_old_secret(endpoint, actor=user, now=time_now())
    messages.success(request, _("The old secret is good for nothing any more."))
    return redirect("monitoring:source", pk=pk)
