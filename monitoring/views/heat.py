"""What makes an event hot and tells its stages apart: read by everybody, changed with a reason."""

from http import HTTPStatus
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.errors import Refusal
from accounts.paging import page_of
from accounts.web import desk_view, signed_in
from monitoring.events.heat_rules import HALF_LIFE, STAGES, WEIGHT, WEIGHTS, change_heat, current_heat
from monitoring.events.restaging import try_stages
from monitoring.models import HeatRules
from monitoring.rules import may_weigh, require_may_weigh
from timeline.now import now as time_now

LABELS: dict[str, Any] = {
    "half_life_hours": _lazy("Half-life: hours until a mention warms half as much"),
    "mention": _lazy("A mention"),
    "negative": _lazy("On top, where it is negative"),
    "reach": _lazy("For every tenfold of followers"),
    "media": _lazy("On top, where a news source says it"),
    "interaction": _lazy("For every tenfold of reposts, comments and likes"),
    "outbreak_mentions": _lazy("Outbreak: mentions within three hours, at least"),
    "outbreak_factor": _lazy("Outbreak: times its own usual three hours"),
    "big_v": _lazy("Followers from which an author carries far"),
    "climax_mentions": _lazy("Climax: mentions within a day, at least"),
    "climax_media": _lazy("Climax: news sources that took it up"),
    "climax_big_v": _lazy("Climax: authors who carry far"),
    "climax_kinds": _lazy("Climax: kinds of risk talked about"),
    "subsiding_percent": _lazy("Subsiding: percent of its busiest three hours, at most"),
    "again_percent": _lazy("In full swing again: percent of them, at least"),
    "quiet_hours": _lazy("Subsided: hours without a word"),
}


class HeatForm(forms.Form):
    """Every figure of a version; `body()` is a whole set of rules."""

    def __init__(self, data: Any = None, *, body: dict[str, Any], number: int) -> None:
        flat = {"half_life_hours": body["half_life_hours"], **body["weights"], **body["stages"]}
        super().__init__(data, initial={**flat, "seen": number})
        bounds = {"half_life_hours": HALF_LIFE, **dict.fromkeys(WEIGHTS, WEIGHT), **STAGES}
        for name, (least, most) in bounds.items():
            kind = forms.FloatField if name in {"half_life_hours", *WEIGHTS} else forms.IntegerField
            self.fields[name] = kind(label=LABELS[name], min_value=least, max_value=most)
        is_tried = bool(data) and "try" in data  # a reason is asked for where it counts
        self.fields["note"] = forms.CharField(label=_lazy("Why"), max_length=500, required=not is_tried)
        self.fields["seen"] = forms.IntegerField(widget=forms.HiddenInput)

    def body(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {
            "half_life_hours": given["half_life_hours"],
            "weights": {name: given[name] for name in WEIGHTS},
            "stages": {name: given[name] for name in STAGES},
        }

    @property
    def weights(self) -> list[forms.BoundField]:
        return [self[name] for name in ("half_life_hours", *WEIGHTS)]

    @property
    def stages(self) -> list[forms.BoundField]:
        return [self[name] for name in STAGES]


def _how_many(count: int) -> str:
    return ngettext("%(n)s version", "%(n)s versions", count)


@desk_view
@never_cache
@require_http_methods(["GET", "POST"])
def heat(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    number, body = current_heat()
    form = HeatForm(request.POST or None, body=body, number=number)
    status, trial = HTTPStatus.OK, None
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid() and "try" in request.POST:
            require_may_weigh(user)
            form.fields["note"].required = True  # for the next step
            status, trial = HTTPStatus.OK, try_stages(user, form.body()["stages"], body["stages"], now=time_now())
        elif form.is_valid():
            given = form.cleaned_data
            try:
                change_heat(form.body(), actor=user, note=given["note"], seen=given["seen"], now=time_now())
            except Refusal as refused:
                form.add_error(None, str(refused.message))
                status = HTTPStatus(refused.status)
            else:
                messages.success(request, _("Saved. The events people talk about are looked at again."))
                return redirect("monitoring:heat")
    versions = page_of(
        HeatRules.objects.select_related("created_by"), request.GET, order=("-number",), words=_how_many, size=10
    )
    context = {"form": form, "number": number, "page": versions, "may_weigh": may_weigh(user), "trial": trial}
    return render(request, "monitoring/heat.html", context, status=status)
