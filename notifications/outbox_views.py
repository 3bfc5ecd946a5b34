"""Outgoing messages for administrators: what waits, what went, what died and why; sent again one by one or all."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.enums import Role
from accounts.gate import get_visible
from accounts.paging import page_of
from accounts.web import desk_view, signed_in
from notifications import services
from notifications.enums import ChannelKind, OutboxState
from notifications.messages import Rendered
from notifications.messages import render as words_of
from notifications.models import OutboxMessage, SuppressedAddress
from notifications.queries import OutboxFilter, outgoing, suppressed_addresses
from notifications.told import answer_words
from timeline.now import now

FILTERS = ("state", "channel", "person", "since", "until")


@dataclass(frozen=True)
class Line:
    message: OutboxMessage
    words: Rendered
    answer: str


class FilterForm(forms.Form):
    state = forms.ChoiceField(choices=[("", _lazy("any")), *OutboxState.choices], required=False)
    channel = forms.ChoiceField(choices=[("", _lazy("any")), *ChannelKind.choices], required=False)
    person = forms.CharField(max_length=80, required=False)
    since = forms.DateField(required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
    until = forms.DateField(required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))

    def wanted(self) -> OutboxFilter:
        """What cannot be read does not narrow."""
        self.is_valid()
        data = self.cleaned_data
        return OutboxFilter(
            state=data.get("state", ""),
            channel=data.get("channel", ""),
            person=data.get("person", "").strip(),
            since=_midnight(data.get("since")),
            until=_midnight(data.get("until"), after=True),
        )


@desk_view(Role.ADMIN)
@require_safe
@never_cache
def outbox(request: HttpRequest) -> HttpResponse:
    form = FilterForm(request.GET)
    wanted = form.wanted()
    page = page_of(outgoing(wanted), request.GET, order=["-pk"], words=_how_many)
    context = {
        "page": page,
        "form": form,
        "is_narrow": wanted.is_narrow,
        "lines": [Line(message, words_of(message), answer_words(message)) for message in page.rows],
        "suppressed": suppressed_addresses(),
        "again": f"{reverse('notifications:replay_all')}?{_only_filters(request.GET)}",
        "has_dead": any(message.state == OutboxState.DEAD for message in page.rows),
    }
    return render(request, "notifications/outbox.html", context)


@desk_view(Role.ADMIN)
@require_POST
def replay(request: HttpRequest, pk: int) -> HttpResponse:
    services.replay(get_visible(OutboxMessage.objects.all(), pk=pk), actor=signed_in(request), now=now())
    return redirect("notifications:outbox")


@desk_view(Role.ADMIN)
@require_POST
def replay_all(request: HttpRequest) -> HttpResponse:
    """Every dead letter that the filters of the page name."""
    wanted = FilterForm(request.GET).wanted()
    count = services.replay_all(outgoing(wanted), actor=signed_in(request), now=now())
    if count:
        words = ngettext("%(n)s message goes out again.", "%(n)s messages go out again.", count)
        messages.success(request, words % {"n": count})
    else:
        messages.warning(request, _("There is nothing to send again: no message among these failed for good."))
    return HttpResponseRedirect(f"{reverse('notifications:outbox')}?{_only_filters(request.GET)}")


@desk_view(Role.ADMIN)
@require_POST
def lift(request: HttpRequest, pk: int) -> HttpResponse:
    services.lift_suppression(get_visible(SuppressedAddress.objects.all(), pk=pk), actor=signed_in(request))
    return redirect("notifications:outbox")


def _only_filters(params: QueryDict) -> str:
    kept = QueryDict(mutable=True)
    for name in FILTERS:
        if value := params.get(name):
            kept[name] = str(value)
    return kept.urlencode()


def _midnight(day: date | None, *, after: bool = False) -> datetime | None:
    """The beginning of a day of the desk's zone, or its end."""
    if day is None:
        return None
    begins = timezone.make_aware(datetime.combine(day, time()))
    return begins + timedelta(days=1) - timedelta(microseconds=1) if after else begins


def _how_many(count: int) -> str:
    return ngettext("%(n)s message", "%(n)s messages", count)
