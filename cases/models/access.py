"""Who sees or may not decide a case beyond what their unit and role say."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from cases.models.case import Case


class Share(models.Model):
    """The people of another unit see the case as well (public and internal ones only)."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="shares")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    shared_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    objects: ClassVar[models.Manager["Share"]] = models.Manager()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["unit", "case"], name="cases_share_once")]


class Named(models.Model):
    """Somebody named on a case: let in to a confidential one, or recused, that is kept out of its decisions."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="named")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    is_recused = models.BooleanField(_("recused"), default=False)
    reason = models.TextField(_("reason"), blank=True, default="")
    named_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    objects: ClassVar[models.Manager["Named"]] = models.Manager()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["user", "case"], name="cases_named_once")]
