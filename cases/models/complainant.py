import re
from collections.abc import Callable
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.fields import EncryptedTextField, blind_index
from accounts.masking import mask_address, mask_email, mask_id_number, mask_name, mask_phone
from accounts.personal_data import PersonalData
from cases.enums import CustomerType

PHONE_PURPOSE = "complainant.phone"
NO_DIGITS = re.compile(r"\D")


def plain_phone(phone: str) -> str:
    """Digits only, the country code of China dropped, so that every way of writing a number finds the same person."""
    digits = NO_DIGITS.sub("", phone)
    for prefix in ("0086", "86"):
        if digits.startswith(prefix) and len(digits) - len(prefix) >= 10:
            return digits.removeprefix(prefix)
    return digits


def phone_digest(phone: str) -> str:
    return blind_index(plain_phone(phone), purpose=PHONE_PURPOSE)


class Complainant(PersonalData, models.Model):
    """The person behind a case. Rows are shared by cases only where nothing they said differs (see `services.people`);
    the same person elsewhere is found by the digest of the phone number."""

    PERSONAL: ClassVar[tuple[str, ...]] = ("name", "phone", "email", "address", "id_number")
    personal_fields: ClassVar[dict[str, Callable[[str], str]]] = {
        "name": mask_name,
        "phone": mask_phone,
        "email": mask_email,
        "address": mask_address,
        "id_number": mask_id_number,
    }

    name = EncryptedTextField(pgettext_lazy("person", "name"), blank=True, default="")
    phone = EncryptedTextField(_("phone"), blank=True, default="")
    email = EncryptedTextField(_("e-mail"), blank=True, default="")
    address = EncryptedTextField(_("address"), blank=True, default="")
    id_number = EncryptedTextField(_("ID number"), blank=True, default="")
    phone_index = models.CharField(max_length=64, blank=True, default="", editable=False)
    customer_type = models.CharField(
        _("customer type"), max_length=12, choices=CustomerType.choices, blank=True, default=""
    )
    is_key_customer = models.BooleanField(_("key customer"), default=False)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["phone_index"], condition=~models.Q(phone_index=""), name="cases_complainant_phone"),
        ]

    def __str__(self) -> str:
        return self.masked("name") or self.masked("phone") or str(_("Unknown complainant"))

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.phone_index = phone_digest(self.phone)
        super().save(*args, **kwargs)
