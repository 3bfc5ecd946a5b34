import hashlib

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from press.enums import Decision, ReplyChannel, ReplyState, ReviewRole
from press.models.enquiries import Enquiry


def sha256_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class Reply(models.Model):
    """One version of the written answer.

    draft → submitted → approved → sent; submitted → rejected (a new version follows).
    Editing a submitted or approved text voids its approvals and makes it a draft again: people approve words, not rows.
    """

    enquiry = models.ForeignKey(Enquiry, on_delete=models.PROTECT, related_name="replies")
    number = models.PositiveSmallIntegerField(_("version"))
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(_("text"))
    text_sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=ReplyState, default=ReplyState.DRAFT)
    findings = models.JSONField(default=list, blank=True)  # as found when it was last submitted
    submitted_at = models.DateTimeField(null=True)
    channel = models.CharField(_("channel"), max_length=10, choices=ReplyChannel, blank=True)
    sent_at = models.DateTimeField(null=True)
    sent_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["enquiry", "number"], name="reply_number_once"),
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(sent_at__isnull=False, sent_by__isnull=False),
                name="sent_reply_says_when_and_by_whom",
            ),
        ]
        indexes = [models.Index(fields=["id"], name="reply_in_review", condition=Q(state="submitted"))]

    def __str__(self) -> str:
        return _("Reply %(number)s") % {"number": self.number}


class ReplyText(models.Model):
    """Every wording a version ever had, so that what was approved can be read after it was changed."""

    reply = models.ForeignKey(Reply, on_delete=models.PROTECT, related_name="texts")
    text = models.TextField()
    text_sha256 = models.CharField(max_length=64)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    saved_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]


class Approval(models.Model):
    """One reviewer's word on exactly one text."""

    reply = models.ForeignKey(Reply, on_delete=models.PROTECT, related_name="approvals")
    role = models.CharField(max_length=10, choices=ReviewRole)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text_sha256 = models.CharField(max_length=64)
    decision = models.CharField(max_length=10, choices=Decision)
    reason = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()
    voided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["reply", "role"], condition=Q(voided_at=None), name="one_standing_word_per_role"
            ),
            models.UniqueConstraint(
                fields=["reply", "user"], condition=Q(voided_at=None), name="one_standing_word_per_person"
            ),
        ]
