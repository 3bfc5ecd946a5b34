"""What the record calls the things that happen in monitoring. The sentence begins with who did it."""

from django.utils.translation import gettext_lazy as _

from timeline.verbs import register

register(
    {
        "alert.raised": _("raised an alert"),
        "alert.climbed": _("raised the alert again, graver than before"),
        "alert.acknowledged": _("acknowledged the alert"),
        "alert.dismissed": _("dismissed the alert"),
        "alert.case_opened": _("opened a case from the alert"),
        "case.from_alert": _("opened the case from an alert, with the mentions as evidence"),
        "source.created": _("added the source"),
        "source.changed": _("changed the source"),
        "source.failing": _("can no longer read the source"),
        "source.recovered": _("reads the source again"),
        "source.gone": _("stopped reading the source: it is gone"),
        "watch.created": _("made the watch"),
        "watch.changed": _("changed the watch"),
    },
    big={"alert.raised", "alert.climbed", "alert.case_opened", "case.from_alert"},
    bad={"source.failing", "source.gone"},
)
