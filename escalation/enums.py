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
    REPEAT = "repeat", pgettext_lazy("rung", "Said again")
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


class AbsenceReason(TextChoices):
    """Why somebody is away. On purpose coarse: illness is nobody's business on a roster."""

    LEAVE = "leave", _("Leave")
    TRIP = "trip", _("Business trip")
    TRAINING = "training", _("Training")
    OTHER = "other", pgettext_lazy("absence", "Other")


class BreachCode(TextChoices):
    """Why a time was missed."""

    NOBODY_THERE = "nobody_there", _("Nobody was there")
    NOT_SEEN = "not_seen", _("The warning was not seen")
    TOO_MUCH = "too_much", _("Too much at once")
    OTHER_DEPARTMENT = "other_department", _("Waited for another department")
    CUSTOMER = "customer", _("Waited for the customer")
    MEDIA = "media", _("Waited for the outlet")
    UNCLEAR = "unclear", _("Unclear who acts")
    UNREAL = "unreal", _("The time was not realistic")
    SYSTEM = "system", _("A system failed")
    OTHER = "other", pgettext_lazy("breach", "Other")


class HandoverState(TextChoices):
    """given → confirmed, or refused (everything goes back)."""

    GIVEN = "given", _("Waits for the next one's word")
    CONFIRMED = "confirmed", _("Taken over")
    REFUSED = "refused", pgettext_lazy("hand-over", "Refused")


class DaySource(TextChoices):
    """Who says whether a date is worked. A person and a file outweigh what came with us."""

    PUBLISHED = "published", _("published plan")
    EXPECTED = "expected", _("expected, no plan published yet")
    IMPORTED = "imported", _("imported file")
    PERSON = "person", _("set by hand")
