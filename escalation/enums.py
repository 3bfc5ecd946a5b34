"""States and groups of states of runs, steps, clocks and rungs."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class RunState(TextChoices):
    RUNNING = "running", _("Running")
    ENDED = "ended", _("Ended")
    CANCELLED = "cancelled", _("Cancelled")


class StepState(TextChoices):
    OPEN = "open", pgettext_lazy("step", "Open")
    DONE = "done", _("Done")
    WAIVED = "waived", _("Waived")
    CANCELLED = "cancelled", _("Cancelled")


class ClockState(TextChoices):
    RUNNING = "running", _("Running")
    PAUSED = "paused", _("Paused")
    STOPPED = "stopped", _("Stopped")


class ClockKind(TextChoices):
    DEADLINE = "deadline", _("Deadline")
    REMINDER = "reminder", _("Reminder to get a date")


class RungKind(TextChoices):
    WARNING = "warning", _("Warning")
    BREACH = "breach", _("Time is up")
    CLIMB = "climb", _("Climb")
    REMINDER = "reminder", _("Reminder")


class Tier(TextChoices):
    """Whom a rung tells, from the person who must act up to command."""

    PERSON = "person", _("the person who acts")
    SUPERVISOR = "supervisor", _("the supervisor")
    DEPARTMENT_HEAD = "department_head", _("the head of the department")
    REGION = "region", _("the region")
    GROUP = "group", _("the group")
    COMMAND = "command", _("command")


class Base(TextChoices):
    """The moments a deadline may be counted from."""

    START = "start", _("the start")
    REPORTER_DEADLINE = "reporter_deadline", _("the reporter's deadline")
    PROMISED_AT = "promised_at", _("the time promised to the customer")
    MEASURES_DONE_AT = "measures_done_at", _("the measures carried out")
    ANSWER_BY = "answer_by", _("the answer asked for by")


class Finding(TextChoices):
    NOT_FIRED = "not_fired", _("A clock did not fire when it should have")
    BROKEN = "broken", _("A clock cannot be read")
    NOBODY = "nobody", _("A rung found nobody to tell")
