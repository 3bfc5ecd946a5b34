"""Whether the desk hears what people say."""

from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.translation import ngettext

from accounts.health import Issue
from monitoring.enums import IncidentKind, SourceKind, SourceState
from monitoring.models import Incident, Source, Watch
from monitoring.sources.polling import TELL_AFTER

SILENCES = (IncidentKind.SILENT, IncidentKind.NO_MATCHES)
LATE = timedelta(minutes=10)


def issues(now: datetime) -> list[Issue]:
    """No names: anybody may read this."""
    feeds = Source.objects.filter(kind__in=SourceKind.POLLED)
    found = []
    broken = feeds.filter(Q(state=SourceState.ACTIVE, failures__gte=TELL_AFTER) | Q(state=SourceState.GONE)).count()
    if broken:
        message = ngettext("%(n)s source cannot be read.", "%(n)s sources cannot be read.", broken) % {"n": broken}
        found.append(Issue("sources", "degraded", message))
    late = feeds.filter(state=SourceState.ACTIVE, next_poll_at__lt=now - LATE).count()
    if late:
        message = ngettext(
            "%(n)s source is overdue for reading: are worker and beat running?",
            "%(n)s sources are overdue for reading: are worker and beat running?",
            late,
        )
        found.append(Issue("sources", "degraded", message % {"n": late}))
    silent = Incident.objects.filter(kind__in=SILENCES, resolved_at=None).count()
    if silent:
        message = ngettext(
            "%(n)s source or watch has fallen silent.", "%(n)s sources or watches have fallen silent.", silent
        )
        found.append(Issue("sources", "degraded", message % {"n": silent}))
    troubled = Watch.objects.filter(is_active=True).exclude(trouble="").count()
    if troubled:
        message = ngettext("%(n)s watch does not do its work.", "%(n)s watches do not do their work.", troubled) % {
            "n": troubled
        }
        found.append(Issue("watches", "degraded", message))
    return found
