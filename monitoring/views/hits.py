"""What people say of a find: worth it, or noise; and from noise to a phrase that keeps it out."""

from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.gate import get_visible
from accounts.models import User
from accounts.web import desk_view, signed_in
from language.rules import Rule, RuleError
from monitoring.models import HitVerdict, WatchHit
from monitoring.queries import hits_for
from monitoring.rules import may_configure
from monitoring.watches import watching
from monitoring.watches.noise import Proposal, Sample, propose
from timeline.now import now as time_now

COMPARED = 1_000  # the newest hits of the watch, to say what else a phrase would drop


@desk_view
@require_POST
def judge(request: HttpRequest, pk: int) -> HttpResponse:
    """Noise leads to what would keep it out; a good find stays where it is."""
    user = signed_in(request)
    hit = get_visible(hits_for(user), pk=pk)
    is_noise = request.POST.get("verdict") == "noise"
    watching.judge_hit(hit, is_noise=is_noise, actor=user, now=time_now())
    if is_noise:
        return redirect("monitoring:hit_noise", pk=pk)
    if request.htmx:  # type: ignore[attr-defined]  # set by its middleware
        return render(request, "monitoring/_hit_acts.html", {"hit": hit, "verdict": "relevant"})
    messages.success(request, _("Noted: a good find."))
    return redirect(hit.watch.get_absolute_url())


@desk_view
@never_cache
@require_GET
def noise(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    hit = get_visible(hits_for(user), pk=pk)
    context = {"hit": hit, "watch": hit.watch, "proposals": _proposals(hit), "may_configure": may_configure(user)}
    return render(request, "monitoring/hit_noise.html", context)


@desk_view
@require_POST
def shut_out(request: HttpRequest, pk: int) -> HttpResponse:
    """One of the proposals becomes a new version of the watch."""
    user: User = signed_in(request)
    hit = get_visible(hits_for(user), pk=pk)
    seen = request.POST.get("seen_version", "")
    watching.shut_out(
        hit.watch,
        term=request.POST.get("term", "")[:100],
        phrase=request.POST.get("phrase", "")[:100],
        seen_version=int(seen) if seen.isdecimal() else 0,
        actor=user,
        now=time_now(),
    )
    messages.success(request, _("Saved as a new version. Finds inside this phrase no longer count."))
    return redirect(hit.watch.get_absolute_url())


def _proposals(hit: WatchHit) -> list[Proposal]:
    try:
        rule = Rule.from_dict(hit.watch.rule)
    except RuleError:
        return []
    others = WatchHit.objects.filter(watch=hit.watch).exclude(pk=hit.pk).select_related("mention")
    rows = list(others.order_by("-pk")[:COMPARED])
    said = _newest_verdicts([row.pk for row in rows])
    return propose(rule, _sample(hit, said), (_sample(row, said) for row in rows))


def _newest_verdicts(hit_ids: list[int]) -> dict[int, bool]:
    newest = HitVerdict.objects.filter(hit__in=hit_ids).order_by("hit_id", "-at", "-pk").distinct("hit_id")
    return dict(newest.values_list("hit_id", "is_noise"))


def _sample(hit: WatchHit, said: Mapping[int, bool]) -> Sample:
    spans = [(int(start), int(end)) for start, end in hit.spans]
    return Sample(hit.mention.whole, spans, said.get(hit.pk))
