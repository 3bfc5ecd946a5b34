"""The other doors: mailboxes, signed pushes, tables."""

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.fields import EncryptedTextField
from monitoring.enums import DeliveryState, ImportState, MailSecurity
from monitoring.models.sources import Source
from monitoring.words import trouble_words


class Mailbox(models.Model):
    """Where the mails of a source lie, and how far they were read."""

    source = models.OneToOneField(Source, models.CASCADE, related_name="mailbox")
    host = models.CharField(_("server"), max_length=253)
    port = models.PositiveIntegerField(_("port"), default=993)
    security = models.CharField(_("encryption"), max_length=8, choices=MailSecurity, default=MailSecurity.SSL)
    username = EncryptedTextField(_("user name"))
    password = EncryptedTextField(_("password"))
    folder = models.CharField(_("folder"), max_length=200, default="INBOX")
    uid_validity = models.BigIntegerField(default=0)
    last_uid = models.BigIntegerField(default=0)


class PushEndpoint(models.Model):
    """An address that other systems push signed mentions to; while a secret is being changed, two are good."""

    source = models.OneToOneField(Source, models.CASCADE, related_name="endpoint")
    name = models.CharField(max_length=32, unique=True)  # in the address, hard to guess
    secret = EncryptedTextField()
    previous_secret = EncryptedTextField(blank=True, default="")
    previous_until = models.DateTimeField(null=True)

    def secrets(self, now: datetime) -> list[str]:
        still = self.previous_secret and self.previous_until and now < self.previous_until
        return [self.secret, self.previous_secret] if still else [self.secret]


class PushDelivery(models.Model):
    """One accepted push. Its row is the promise behind the 202."""

    endpoint = models.ForeignKey(PushEndpoint, models.CASCADE, related_name="deliveries")
    webhook_id = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    items = models.JSONField()  # checked, ready to be taken in
    state = models.CharField(max_length=8, choices=DeliveryState, default=DeliveryState.WAITING)
    received_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    new = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["endpoint", "webhook_id"], name="push_delivery_once")]
        indexes: ClassVar = [models.Index(fields=["id"], name="push_waiting", condition=Q(state="waiting"))]


class ImportBatch(models.Model):
    """A table somebody brought: the file as it came, how it is read, and what became of it.

    choosing → waiting → done        again waiting when rows that failed are tried anew
    """

    source = models.ForeignKey(Source, models.CASCADE, related_name="imports")
    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    body = models.BinaryField()  # zlib
    charset = models.CharField(max_length=20, blank=True, default="")  # "" for workbooks
    headers = ArrayField(models.CharField(max_length=200), default=list)
    mapping = models.JSONField(default=dict)  # field → number of the column
    state = models.CharField(max_length=10, choices=ImportState, default=ImportState.CHOOSING)
    code = models.CharField(max_length=40, blank=True, default="")
    params = models.JSONField(default=dict)
    rows = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-pk"]
        indexes: ClassVar = [models.Index(fields=["id"], name="import_waiting", condition=Q(state="waiting"))]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("monitoring:import", args=[self.pk])

    @property
    def trouble_words(self) -> str:
        return trouble_words(self.code, self.params)


class ImportRow(models.Model):
    """A row that could not be taken in, or was taken in with a doubt: its cells, and what is wrong with which."""

    batch = models.ForeignKey(ImportBatch, models.CASCADE, related_name="failed_rows")
    number = models.PositiveIntegerField()  # as the spreadsheet counts, headings are row 1
    cells = models.JSONField()
    errors = models.JSONField()  # [{"column": name, "code", "params"}]
    is_taken = models.BooleanField(default=False)  # it came in all the same

    class Meta:
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["batch", "number"], name="import_row_once")]
