"""An organisation written as data: units from the top down, then their people, then who heads what."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.errors import Invalid
from accounts.models import Unit, User

MAIL_DOMAIN = "yunqi.example"  # reserved by RFC 2606: nothing sent there ever arrives


@transaction.atomic
def load_organisation(data: Mapping[str, Any], *, password: str | None) -> tuple[int, int]:
    """Make or update what `data` lists; returns how many units and people it lists.

    Existing people keep their password; new ones get `password`, or none that opens if it is None.
    """
    units = [_unit(row) for row in data["units"]]
    sealed = make_password(password)  # once for all of them: a hundred slow hashes would be half a minute
    people = [_person(row, sealed) for row in data["people"]]
    for row in data["units"]:
        head = User.objects.filter(username=row.get("head")).first()
        Unit.objects.filter(code=row["code"]).update(head=head)
    return len(units), len(people)


def _unit(row: Mapping[str, Any]) -> Unit:
    unit = Unit.objects.filter(code=row["code"]).first() or Unit(code=row["code"])
    unit.name, unit.kind, unit.function = row["name"], row["kind"], row.get("function", "")
    unit.parent = Unit.objects.get(code=row["parent"]) if row.get("parent") else None
    try:
        unit.full_clean()
    except ValidationError as error:
        raise Invalid(f"{row['code']}: {error}") from error
    unit.save()
    return unit


def _person(row: Mapping[str, Any], sealed: str) -> User:
    username = row["username"]
    user = User.objects.filter(username=username).first() or User(username=username)
    if user.pk is None or not user.has_usable_password():
        user.password = sealed
    user.display_name, user.roles = row["name"], row["roles"]
    user.email = row.get("email", f"{username}@{MAIL_DOMAIN}")
    user.unit = Unit.objects.get(code=row["unit"])
    user.save()
    return user
