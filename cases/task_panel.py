"""On the page of a case: what other departments were asked, and how their time stands."""

from datetime import datetime

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from accounts.models import User
from cases import rules
from cases.models import Case
from cases.panels import register_panel
from cases.queries.tasks import shown_to, tasks_of

SHOWN = 20


def panel(case: Case, user: User, _now: datetime) -> SafeString | None:
    rows = list(tasks_of(case)[:SHOWN])
    may_ask = case.is_open and rules.works_on(user, case) is None
    if not rows and not may_ask:
        return None
    context = {"case": case, "rows": shown_to(user, rows), "may_ask": may_ask}
    return render_to_string("cases/_tasks.html", context)


register_panel("right", 20, panel)
