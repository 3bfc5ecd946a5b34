from datetime import datetime
from typing import ClassVar
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from cases.models.case import Case


def random_name(attachment: "Attachment", _filename: str) -> str:
    """Nothing of what the sender called it: a name in the store neither tells nor reaches anything."""
    at: datetime = attachment.created_at
    return f"cases/{at:%Y/%m}/{uuid4().hex}"


class Attachment(models.Model):
    """A file of a case, kept under a random name and handed out only through the gate."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="attachments")
    file = models.FileField(upload_to=random_name, max_length=120)
    name = models.CharField(_("name"), max_length=200)
    media_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    source_url = models.URLField(max_length=1000, blank=True, default="")
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    objects: ClassVar[models.Manager["Attachment"]] = models.Manager()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["case", "sha256"], name="cases_attachment_once")]

    def __str__(self) -> str:
        return self.name
