"""Reads what is given with a transition: names, choices, people, moments. Every wrong one is named at once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from accounts.errors import Invalid, Text
from accounts.models import User
from cases.models import Case, Category
from cases.transitions import FieldKind, FieldSpec, TransitionSpec

LONGEST_TEXT = 10_000
MISSING = _("This is needed.")


class Unreadable(ValueError):  # noqa: N818 -- says what the value is
    def __init__(self, message: Text) -> None:
        super().__init__(message)
        self.message = message


def read(spec: TransitionSpec, case: Case, data: Mapping[str, Any]) -> dict[str, Any]:
    """Only what was given, as the types the services expect; blank counts as not given."""
    values: dict[str, Any] = {}
    errors: dict[str, Text] = {name: _("This transition knows no such field.") for name in data if not spec.field(name)}
    for wanted in spec.fields:
        raw = data.get(wanted.name)
        if raw is None or raw == "" or raw == []:
            if wanted.is_needed(case):
                errors[wanted.name] = MISSING
            elif wanted.name in data and wanted.kind is FieldKind.CHOICES and raw == []:
                values[wanted.name] = []
            continue
        try:
            values[wanted.name] = _value(wanted, raw)
        except Unreadable as error:
            errors[wanted.name] = error.message
    if errors:
        raise Invalid(_("Some fields are missing or wrong."), code="invalid_data", fields=errors)
    return values


def _value(wanted: FieldSpec, raw: Any) -> Any:
    match wanted.kind:
        case FieldKind.CHOICE:
            return _choice(wanted, str(raw))
        case FieldKind.NUMBER_CHOICE:
            return _number(wanted, raw)
        case FieldKind.CHOICES:
            if not isinstance(raw, list | tuple | set):
                raise Unreadable(_("Give a list."))
            return [_choice(wanted, str(item)) for item in dict.fromkeys(raw)]
        case FieldKind.CATEGORY:
            return category_of(raw)
        case FieldKind.PERSON:
            return person_of(raw)
        case FieldKind.MOMENT:
            return _moment(raw)
        case _:
            return text_of(raw)


def text_of(raw: Any) -> str:
    if not isinstance(raw, str):
        raise Unreadable(_("Give a text."))
    text = raw.replace("\x00", "").strip()
    if not text:
        raise Unreadable(MISSING)
    if len(text) > LONGEST_TEXT:
        raise Unreadable(_("This text is too long."))
    return text


def _choice(wanted: FieldSpec, raw: str) -> str:
    choices = wanted.choices
    if choices is None or raw not in choices.values:
        raise Unreadable(_("“%(value)s” is not one of the choices.") % {"value": raw[:40]})
    return raw


def _number(wanted: FieldSpec, raw: Any) -> int:
    try:
        number = int(str(raw))
    except ValueError:
        raise Unreadable(_("Give a whole number.")) from None
    if wanted.choices is not None and number not in wanted.choices.values:
        raise Unreadable(_("“%(value)s” is not one of the choices.") % {"value": number})
    return number


def category_of(raw: Any) -> Category:
    if isinstance(raw, Category):
        return raw
    found = Category.objects.select_related("parent").filter(code=str(raw)[:60], is_active=True).first()
    if found is None:
        raise Unreadable(_("There is no category “%(code)s”.") % {"code": str(raw)[:60]})
    return found


def person_of(raw: Any) -> User:
    """A person, their id or their sign-in name."""
    if isinstance(raw, User):
        return raw
    people = User.objects.filter(is_active=True).select_related("unit__parent__parent")
    by_id = isinstance(raw, int) or (str(raw).isascii() and str(raw).isdigit())
    found = (
        people.filter(pk=int(raw)).first() if by_id and int(raw) < 2**63 else people.filter(username=str(raw)).first()
    )
    if found is None:
        raise Unreadable(_("There is no such person."))
    return found


def _moment(raw: Any) -> datetime:
    moment = raw if isinstance(raw, datetime) else parse_datetime(str(raw))
    if moment is None or moment.tzinfo is None:
        raise Unreadable(_("Give a date and time with its offset, such as 2026-11-21T10:00:00+08:00."))
    return moment
