"""Channels for administrators: how each stands, setting up, testing, secrets, deliveries and what failed."""

from http import HTTPStatus

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.enums import Role
from accounts.errors import Refusal
from accounts.fields import keyring
from accounts.gate import get_visible
from accounts.paging import page_of
from accounts.web import desk_view, signed_in
from notifications import breaker, services, standing, upkeep
from notifications.channels.base import Outcome, Sent
from notifications.channels.registry import KINDS, adapter_of
from notifications.enums import ChannelKind, ChannelState, OutboxState
from notifications.forms import ChannelForm, ReasonForm, SecretForm
from notifications.messages import render as words_of
from notifications.models import Channel, Incident, OutboxMessage
from notifications.standing import answer_in_words
from timeline.now import now as time_now

INCIDENTS_SHOWN = 5
SECRET_ONCE = "channel_secret"  # noqa: S105 -- a name in the session
TEST_ONCE = "channel_test"
VIEWS = ("all", "failed", "waiting", "sent")


@desk_view(Role.ADMIN)
@never_cache
@require_safe
def channels(request: HttpRequest) -> HttpResponse:
    view = "trouble" if request.GET.get("view") == "trouble" else "all"
    rows = standing.all_channels()
    rows = standing.troubled(rows) if view == "trouble" else rows
    page = page_of(rows, request.GET, order=["rank", "pk"], words=_how_many)
    lines = standing.standings(page.rows, now=time_now())
    context = {"page": page, "lines": lines, "current_view": view, "kinds": _kinds()}
    return render(request, "notifications/channel_list.html", context)


@desk_view(Role.ADMIN)
@never_cache
@require_safe
def channel(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, _found(pk))


def _page(
    request: HttpRequest,
    found: Channel,
    *,
    secret_form: SecretForm | None = None,
    reason_form: ReasonForm | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    view = request.GET.get("view", "all")
    view = view if view in VIEWS else "all"
    page = page_of(_deliveries(found, view), request.GET, order=["-pk"], words=_how_many_messages)
    context = {
        "channel": found,
        "line": standing.standings([found], now=time_now())[0],
        "takes": standing.takes_in_words(found),
        "page": page,
        "lines": [(message, words_of(message)) for message in page.rows],
        "current_view": view,
        "has_failed": _deliveries(found, "failed").exists(),
        "incidents": Incident.objects.filter(channel=found)[:INCIDENTS_SHOWN],
        "is_robot": found.kind in KINDS,
        "makes_secret": found.kind in upkeep.OUR_SECRET,
        "takes_secret": found.kind in upkeep.THEIR_SECRET,
        "both_secrets": found.previous_secret_until is not None and found.previous_secret_until > time_now(),
        "secret_form": secret_form or SecretForm(),
        "reason_form": reason_form or ReasonForm(),
        "new_secret": _once(request, SECRET_ONCE, found),
        "tested": _tested(request, found),
    }
    return render(request, "notifications/channel_detail.html", context, status=status)


@desk_view(Role.ADMIN)
@never_cache
@require_http_methods(["GET", "POST"])
def new_channel(request: HttpRequest, kind: str) -> HttpResponse:
    if kind not in KINDS:
        raise Http404
    return _edit(request, Channel(kind=kind))


@desk_view(Role.ADMIN)
@never_cache
@require_http_methods(["GET", "POST"])
def edit_channel(request: HttpRequest, pk: int) -> HttpResponse:
    found = _found(pk)
    if found.kind not in KINDS:
        raise Http404
    return _edit(request, found)


def _edit(request: HttpRequest, channel: Channel) -> HttpResponse:
    form, status = ChannelForm(request.POST or None, instance=channel), HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            try:
                carries = bool(form.cleaned_data.get("may_carry_words"))
                actor = signed_in(request)
                made = upkeep.save_channel(form.instance, actor=actor, now=time_now(), may_carry_words=carries)
            except Refusal as refused:
                form.take(refused)
                status = HTTPStatus(refused.status)
            else:
                _keep_once(request, SECRET_ONCE, form.instance, made)
                messages.success(request, _("Saved. Send a test message to see whether it arrives."))
                return redirect("notifications:channel", pk=form.instance.pk)
    context = {"form": form, "channel": channel, "kind": ChannelKind(channel.kind)}
    return render(request, "notifications/channel_form.html", context, status=status)


@desk_view(Role.ADMIN)
@require_POST
def test_channel(request: HttpRequest, pk: int) -> HttpResponse:
    return _test(request, _found(pk))


@desk_view(Role.ADMIN)
@require_POST
def test_mail(request: HttpRequest) -> HttpResponse:
    """The row that holds how mail stands is made when it is first needed: here at the latest."""
    return _test(request, breaker.mail_channel(now=time_now()))


def _test(request: HttpRequest, found: Channel) -> HttpResponse:
    outcome = upkeep.test_channel(found, actor=signed_in(request), now=time_now())
    words = adapter_of(found.kind).explain(outcome) if found.kind in KINDS else answer_in_words(found, outcome.code)
    request.session[TEST_ONCE] = [found.pk, isinstance(outcome, Sent), words, outcome.code, _answer(outcome)]
    return redirect("notifications:channel", pk=found.pk)


def _answer(outcome: Outcome) -> str:
    return outcome.answer[:200]


@desk_view(Role.ADMIN)
@require_POST
def change_secret(request: HttpRequest, pk: int) -> HttpResponse:
    found, form = _found(pk), SecretForm(request.POST)
    if form.is_valid():
        try:
            made = upkeep.change_secret(
                found, actor=signed_in(request), now=time_now(), secret=form.cleaned_data["secret"]
            )
        except Refusal as refused:
            form.take(refused)
            return _page(request, found, secret_form=form, status=HTTPStatus(refused.status))
        _keep_once(request, SECRET_ONCE, found, made)
        messages.success(request, _("The new secret is in use."))
        return redirect("notifications:channel", pk=pk)
    return _page(request, found, secret_form=form, status=HTTPStatus.UNPROCESSABLE_ENTITY)


@desk_view(Role.ADMIN)
@require_POST
def change_state(request: HttpRequest, pk: int) -> HttpResponse:
    found, actor, form = _found(pk), signed_in(request), ReasonForm(request.POST)
    wanted = request.POST.get("state")
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    try:
        if wanted == ChannelState.PAUSED:
            upkeep.pause(found, reason=reason, actor=actor, now=time_now())
        elif wanted == ChannelState.DISABLED:
            upkeep.switch_off(found, reason=reason, actor=actor, now=time_now())
        else:
            upkeep.switch_on(found, actor=actor, now=time_now())
    except Refusal as refused:
        form.take(refused)
        return _page(request, found, reason_form=form, status=HTTPStatus(refused.status))
    return redirect("notifications:channel", pk=pk)


@desk_view(Role.ADMIN)
@require_POST
def replay_one(request: HttpRequest, pk: int, message: int) -> HttpResponse:
    row: OutboxMessage = get_visible(standing.deliveries(_found(pk)), pk=message)
    services.replay(row, actor=signed_in(request), now=time_now())
    return redirect("notifications:channel", pk=pk)


@desk_view(Role.ADMIN)
@require_POST
def replay_failed(request: HttpRequest, pk: int) -> HttpResponse:
    count = services.replay_all(standing.deliveries(_found(pk)), actor=signed_in(request), now=time_now())
    words = ngettext("%(n)s message goes out again.", "%(n)s messages go out again.", count)
    messages.success(request, words % {"n": count})
    return redirect("notifications:channel", pk=pk)


def _found(pk: int) -> Channel:
    return get_visible(standing.all_channels(), pk=pk)


def _deliveries(channel: Channel, view: str) -> QuerySet[OutboxMessage]:
    rows = standing.deliveries(channel).select_related("user")
    states = {
        "failed": [OutboxState.DEAD],
        "waiting": [OutboxState.PENDING, OutboxState.LEASED],
        "sent": [OutboxState.SENT],
    }
    return rows.filter(state__in=states[view]) if view in states else rows


def _kinds() -> list[tuple[str, str]]:
    return [(kind, str(ChannelKind(kind).label)) for kind in KINDS]


def _keep_once(request: HttpRequest, name: str, channel: Channel, secret: str) -> None:
    """Sealed: sessions lie in the database, and there a secret is never in clear."""
    if secret:
        request.session[name] = [channel.pk, keyring().encrypt(secret)]


def _once(request: HttpRequest, name: str, channel: Channel) -> str:
    kept = request.session.get(name)
    if not isinstance(kept, list) or kept[0] != channel.pk:
        return ""
    del request.session[name]
    return keyring().decrypt(kept[1])


def _tested(request: HttpRequest, channel: Channel) -> dict[str, object] | None:
    kept = request.session.get(TEST_ONCE)
    if not isinstance(kept, list) or kept[0] != channel.pk:
        return None
    del request.session[TEST_ONCE]
    return dict(zip(("is_sent", "words", "code", "answer"), kept[1:], strict=True))


def _how_many(count: int) -> str:
    return ngettext("%(n)s channel", "%(n)s channels", count)


def _how_many_messages(count: int) -> str:
    return ngettext("%(n)s message", "%(n)s messages", count)
