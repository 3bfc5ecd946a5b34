"""On the page of a case: what was told to whom about it, by which way, and what came of that."""

from datetime import datetime

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from accounts.models import User
from cases.models import Case
from cases.panels import register_panel
from notifications.told import told
from timeline.refs import ref


def told_about(case: Case, user: User, now: datetime) -> SafeString | None:  # noqa: ARG001 -- one shape for all panels
    """For whoever sees the case: its news names nothing that its page does not."""
    news = told(ref(case))
    return render_to_string("cases/_told.html", {"told": news}) if news else None


register_panel("right", 90, told_about)
