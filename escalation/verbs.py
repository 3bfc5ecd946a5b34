"""What the record says about runs, steps and clocks."""

from django.utils.translation import gettext_lazy as _

from timeline.verbs import register

register(
    {
        "run.started": _("started the runbook"),
        "run.dated": _("set a date of the runbook"),
        "run.regraded": _("changed the grade of the clocks"),
        "run.cancelled": _("cancelled the runbook"),
        "step.done": _("finished a step"),
        "step.waived": _("waived a step"),
        "step.moved": _("moved the time of a step"),
        "step.assigned": _("gave a step to somebody"),
        "clock.warned": _("warned that time is running out"),
        "clock.breached": _("said that the time is up"),
        "clock.climbed": _("climbed to the next rung"),
        "clock.reminded": _("reminded that a date is missing"),
        "clock.acknowledged": _("acknowledged a clock"),
        "clock.paused": _("paused a clock"),
        "clock.resumed": _("resumed a clock"),
    },
    big={"run.started", "step.done"},
    bad={"clock.breached", "clock.climbed"},
    people={
        "step.assigned": "to",
        "clock.warned": "told",
        "clock.breached": "told",
        "clock.climbed": "told",
        "clock.reminded": "told",
    },
)
