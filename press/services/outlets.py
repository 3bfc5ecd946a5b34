"""Outlets and journalists are met on the telephone: they are written down while the enquiry is."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.errors import Invalid
from accounts.fields import blind_index
from cases.models.complainant import plain_phone
from press.enums import OutletLevel, OutletType
from press.models import Journalist, Outlet


@dataclass(frozen=True, kw_only=True)
class OutletData:
    """By name, as it was understood on the telephone; type and level count only where the outlet is new to the desk."""

    name: str
    type: str = OutletType.LIVELIHOOD
    level: str = OutletLevel.LOCAL


@dataclass(frozen=True, kw_only=True)
class JournalistData:
    name: str
    phone: str = ""


def outlet_for(data: Outlet | OutletData, *, now: datetime) -> Outlet:
    if isinstance(data, Outlet):
        return data
    name = data.name.strip().strip("《》").strip()
    if not name:
        raise Invalid(_("Which outlet is asking?"), fields={"outlet": _("Which outlet is asking?")})
    if known := Outlet.objects.filter(name__iexact=name).first():
        return known
    return Outlet.objects.get_or_create(
        name__iexact=name, defaults={"name": name, "type": data.type, "level": data.level, "created_at": now}
    )[0]


def journalist_for(data: JournalistData | None, *, outlet: Outlet, now: datetime) -> Journalist | None:
    """The same person of the same outlet is one row, known by number, or by name where no number was given."""
    if data is None or not (data.name.strip() or data.phone.strip()):
        return None
    identity = blind_index(plain_phone(data.phone) or data.name.strip(), purpose="journalist")
    values = {"name": data.name.strip(), "phone": data.phone.strip(), "created_at": now}
    return Journalist.objects.get_or_create(outlet=outlet, identity=identity, defaults=values)[0]
