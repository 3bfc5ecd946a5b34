"""What the page of a case shows of the press: the eight steps of each enquiry, most pressing first."""

from datetime import datetime

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from accounts.models import User
from cases.models import Case
from cases.panels import register_panel
from press.page import step_rows
from press.queries import enquiries_of


def media_panel(case: Case, user: User, now: datetime) -> SafeString | None:  # noqa: ARG001 -- one shape for panels
    enquiries = list(enquiries_of(case)[:5])
    if not enquiries:
        return None
    runs = []
    for enquiry in enquiries:
        rows = step_rows(enquiry, now=now)
        runs.append({"enquiry": enquiry, "rows": rows, "done": sum(row.is_settled for row in rows)})
    return render_to_string("press/_case_panel.html", {"case": case, "runs": runs, "now": now})


def new_enquiry_link(case: Case, user: User, now: datetime) -> SafeString | None:  # noqa: ARG001 -- one shape for panels
    """Media call about cases that had no media yet: the door stands open on every case."""
    if enquiries_of(case).exists():
        return None
    return render_to_string("press/_case_door.html", {"case": case})


register_panel("right", 20, media_panel)
register_panel("right", 90, new_enquiry_link)
