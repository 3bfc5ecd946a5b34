from collections.abc import Callable
from typing import ClassVar

from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.fields import EncryptedTextField
from accounts.masking import mask_name, mask_phone
from accounts.personal_data import PersonalData
from press.enums import OutletLevel, OutletType


class Outlet(models.Model):
    """A paper, channel or account whose people ask questions; its type and level decide whom a risk is reported to."""

    name = models.CharField(_("name"), max_length=120)
    type = models.CharField(_("type"), max_length=12, choices=OutletType, default=OutletType.LIVELIHOOD)
    level = models.CharField(_("level"), max_length=12, choices=OutletLevel, default=OutletLevel.LOCAL)
    notes = models.TextField(_("notes"), blank=True)
    is_active = models.BooleanField(_("in use"), default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("outlet")
        verbose_name_plural = _("outlets")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(Lower("name"), name="outlet_name_once")]

    def __str__(self) -> str:
        return self.name


class Journalist(PersonalData, models.Model):
    """Who asked. Name and number are personal data: stored encrypted, shown masked, each look logged."""

    personal_fields: ClassVar[dict[str, Callable[[str], str]]] = {"name": mask_name, "phone": mask_phone}

    outlet = models.ForeignKey(Outlet, on_delete=models.PROTECT, related_name="journalists")
    name = EncryptedTextField()
    phone = EncryptedTextField(blank=True)
    # One person is one row: found again by outlet and either the number or, without one, the name.
    identity = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["outlet", "identity"], name="journalist_once")]
