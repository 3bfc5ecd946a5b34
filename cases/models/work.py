"""What people put on file while they work: each row stays, a mistake is answered by another row."""

from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.enums import Channel, ContactKind, Requirement
from cases.models.case import Case

PERSON = settings.AUTH_USER_MODEL


class Finding(models.Model):
    """What the investigation found: the fact, what shows it, where it comes from."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="findings")
    fact = models.TextField(_("fact"))
    evidence = models.TextField(_("evidence"), blank=True, default="")
    source = models.CharField(_("source"), max_length=200, blank=True, default="")
    added_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    added_at = models.DateTimeField()
    verified_by = models.ForeignKey(PERSON, models.PROTECT, null=True, blank=True, related_name="+")
    verified_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager["Finding"]] = models.Manager()

    class Meta:
        ordering = ["pk"]


class Contact(models.Model):
    """One time the complainant was spoken or written to."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="contacts")
    round = models.PositiveSmallIntegerField(default=1)
    kind = models.CharField(_("kind"), max_length=16, choices=ContactKind.choices)
    channel = models.CharField(_("channel"), max_length=20, choices=Channel.choices)
    summary = models.TextField(_("what was said"))
    at = models.DateTimeField(_("when"))
    recorded_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField()

    objects: ClassVar[models.Manager["Contact"]] = models.Manager()

    class Meta:
        ordering = ["pk"]


class CallBack(models.Model):
    """The call after the measures: were they done, is the customer content?"""

    case = models.ForeignKey(Case, models.PROTECT, related_name="callbacks")
    round = models.PositiveSmallIntegerField(default=1)
    scheduled_at = models.DateTimeField(_("scheduled for"), null=True, blank=True)
    scheduled_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    done_by = models.ForeignKey(PERSON, models.PROTECT, null=True, blank=True, related_name="+")
    satisfaction = models.PositiveSmallIntegerField(
        _("satisfaction"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    comment = models.TextField(_("comment"), blank=True, default="")
    created_at = models.DateTimeField()

    objects: ClassVar[models.Manager["CallBack"]] = models.Manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(satisfaction__isnull=True) | Q(satisfaction__range=(1, 5)), name="cases_callback_1_to_5"
            ),
            models.UniqueConstraint(fields=["case"], condition=Q(done_at=None), name="cases_callback_one_open"),
        ]


class Suggestion(models.Model):
    """What the organisation should do better, learnt from this case."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="suggestions")
    text = models.TextField(_("suggestion"))
    author = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    objects: ClassVar[models.Manager["Suggestion"]] = models.Manager()

    class Meta:
        ordering = ["pk"]


class Note(models.Model):
    """An internal remark. The timeline row refers to it; its words stay here, where they can be masked."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="notes")
    text = models.TextField(_("note"))
    author = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    objects: ClassVar[models.Manager["Note"]] = models.Manager()

    class Meta:
        ordering = ["pk"]


class Waiver(models.Model):
    """A supervisor let the case go on without something that should be on file. Void once the case is reopened."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="waivers")
    round = models.PositiveSmallIntegerField(default=1)
    requirement = models.CharField(max_length=20, choices=Requirement.choices)
    reason = models.TextField(_("reason"))
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects: ClassVar[models.Manager["Waiver"]] = models.Manager()

    class Meta:
        ordering = ["pk"]
