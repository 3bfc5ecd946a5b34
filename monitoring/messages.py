"""What people are told about monitoring. Titles of events are public talk, with whatever looks personal masked."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.templatetags.desk import grade_words
from monitoring.enums import WatchTrouble
from monitoring.words import incident_words, trouble_words
from notifications.messages import register


def _grade(params: dict[str, Any]) -> dict[str, Any]:
    return {"grade": " ".join(grade_words(params["grade"]))} if "grade" in params else {}


def _trouble(params: dict[str, Any]) -> dict[str, Any]:
    return {"trouble": trouble_words(str(params.get("trouble", "")), params.get("params") or {})}


def _silence(params: dict[str, Any]) -> dict[str, Any]:
    return {"trouble": incident_words("silent", params)}


def _watch_trouble(params: dict[str, Any]) -> dict[str, Any]:
    trouble = str(params.get("trouble", ""))
    return {"why": WatchTrouble(trouble).label if trouble in WatchTrouble.values else trouble}


register(
    "alert.raised",
    title=_("%(grade)s: %(title)s"),
    body=_("A new alert. Acknowledge it, dismiss it with a reason, or open a case."),
    words=_grade,
)
register(
    "alert.climbed",
    title=_("Now %(grade)s: %(title)s"),
    body=_("The alert is graver than before; it has %(mentions)s mentions."),
    words=_grade,
)
register(
    "storm.raised",
    title=_("%(grade)s: a storm of %(alerts)s alerts, %(unit)s"),
    body=_(
        "So many go off that the further ones stand together on one page. Acknowledge it, then look at the gravest."
    ),
    words=_grade,
)
register(
    "storm.climbed",
    title=_("Now %(grade)s: the storm of %(alerts)s alerts, %(unit)s"),
    body=_("Something graver has joined the storm. It stands first on its page."),
    words=_grade,
)
register(
    "storm.doubled",
    title=_("The storm has doubled: %(alerts)s alerts, %(unit)s"),
    body=_("It goes on growing. You hear of it again when it climbs or doubles once more."),
    words=_grade,
)
register("source.failing", title=_("The source “%(name)s” cannot be read"), body=_("%(trouble)s"), words=_trouble)
register(
    "watch.troubled",
    title=_("The watch “%(name)s” does not do its work"),
    body=_("%(why)s. Open it and put it right."),
    words=_watch_trouble,
)
register("source.gone", title=_("The source “%(name)s” is gone"), body=_("%(trouble)s"), words=_trouble)
register("source.upstream", title=_("The feed maker behind “%(name)s” is down"), body=_("%(trouble)s"), words=_trouble)
register("source.cookies", title=_("“%(name)s” wants a new sign-in"), body=_("%(trouble)s"), words=_trouble)
register("source.silent", title=_("“%(name)s” has fallen silent"), body=_("%(trouble)s"), words=_silence)
register(
    "watch.no_matches", title=_("The watch “%(name)s” finds nothing any more"), body=_("%(trouble)s"), words=_silence
)
