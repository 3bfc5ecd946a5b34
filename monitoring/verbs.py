"""What the record calls the things that happen in monitoring. The sentence begins with who did it."""

from django.utils.translation import gettext_lazy as _

from timeline.verbs import register

register(
    {
        "alert.raised": _("raised an alert"),
        "alert.climbed": _("raised the alert again, graver than before"),
        "alert.acknowledged": _("acknowledged the alert"),
        "alert.judged": _("judged the grade of the alert"),
        "alert.regraded": _("graded the alert otherwise than the weights"),
        "grading.changed": _("changed the weights of grading"),
        "alert.dismissed": _("dismissed the alert"),
        "alert.case_opened": _("opened a case from the alert"),
        "case.from_alert": _("opened the case from an alert, with the mentions as evidence"),
        "source.created": _("added the source"),
        "source.changed": _("changed the source"),
        "source.failing": _("can no longer read the source"),
        "source.recovered": _("reads the source again"),
        "source.gone": _("stopped reading the source: it is gone"),
        "source.upstream": _("gets only error pages from the feed maker behind the source"),
        "source.cookies": _("gets only a sign-in page from the source"),
        "source.silent": _("hears nothing from the source, where there used to be talk"),
        "source.secret_changed": _("changed the secret of the source's address"),
        "source.imported": _("imported a table into the source"),
        "source.entered": _("entered a mention by hand"),
        "sources.settings_changed": _("changed where the feed makers stand"),
        "watch.no_matches": _("finds nothing with the watch any more"),
        "watch.recovered": _("finds something with the watch again"),
        "mentions.forgotten": _("let mentions past the retention period go"),
        "watch.created": _("made the watch"),
        "watch.changed": _("changed the watch"),
        "watch.noise": _("called a find noise"),
        "watch.relevant": _("called a find relevant"),
        "watch.troubled": _("found that the watch does not do its work"),
        "list.created": _("made the list"),
        "list.changed": _("changed the list"),
    },
    big={"alert.raised", "alert.climbed", "alert.case_opened", "case.from_alert"},
    bad={"source.failing", "source.gone", "source.upstream", "source.cookies", "source.silent", "watch.no_matches"},
)
