from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.paging import page_of
from accounts.web import desk_view, signed_in
from cases.models import Case
from language.folding import fold_text
from press.enums import EnquiryState, OutletLevel, OutletType
from press.models import Enquiry
from press.queries import with_progress
from timeline.now import now as time_now

OPTIONS_SHOWN = 12


@desk_view
@require_safe
def enquiries(request: HttpRequest) -> HttpResponse:
    """Enquiries on the cases one sees, newest first; what is still open unless asked otherwise."""
    rows = Enquiry.objects.visible_to(signed_in(request))
    state = request.GET.get("state", EnquiryState.OPEN)
    if state in EnquiryState.values:
        rows = rows.filter(state=state)
    if (outlet_type := request.GET.get("type", "")) in OutletType.values:
        rows = rows.filter(outlet__type=outlet_type)
    if (level := request.GET.get("level", "")) in OutletLevel.values:
        rows = rows.filter(outlet__level=level)
    if words := request.GET.get("q", "").strip()[:100]:
        rows = rows.filter(Q(outlet__name__icontains=words) | Q(case__number__icontains=words))
    rows = rows.select_related("outlet", "case", "logged_by")
    page = page_of(rows, request.GET, order=["-pk"], words=_how_many)
    context = {
        "page": page,
        "rows": with_progress(page.rows),
        "state": state,
        "states": EnquiryState.choices,
        "types": OutletType.choices,
        "levels": OutletLevel.choices,
        "is_filtered": bool(outlet_type or level or words),
        "now": time_now(),
    }
    return render(request, "press/enquiry_list.html", context)


def _how_many(count: int) -> str:
    return ngettext("%(n)s enquiry", "%(n)s enquiries", count)


@desk_view
@require_safe
def case_options(request: HttpRequest) -> HttpResponse:
    """The datalist of the new-enquiry form: cases whose number or words match what is typed so far."""
    cases = matching_cases(request, request.GET.get("case_number", ""))
    return render(request, "press/_case_options.html", {"cases": cases})


def matching_cases(request: HttpRequest, words: str) -> list[Case]:
    cases = Case.objects.visible_to(signed_in(request)).order_by("-pk")
    wanted = fold_text(words).strip()[:60]
    if not wanted:
        cases = cases.open()
    elif len(wanted) < 2:
        return []
    else:
        cases = cases.filter(Q(search_text__contains=wanted) | Q(number__icontains=words.strip()))
    return list(cases[:OPTIONS_SHOWN])
