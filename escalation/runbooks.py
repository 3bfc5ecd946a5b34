"""
Runbooks as data, kept in versions.

Every change is a new version with its author and the reason; an older one becomes current again as a new version. Files
of the house are loaded where a person has not decided otherwise.
"""

from collections.abc import Mapping
from copy import deepcopy
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.enums import Role
from accounts.errors import Conflict, Invalid, NotAllowed, Stale
from accounts.models import User
from escalation.faults import CODE, GRADES, BadRunbook, faults_of
from escalation.models import Runbook, RunbookVersion
from escalation.registry import is_needed, starters_of
from escalation.runbook_text import as_json
from timeline.refs import ref
from timeline.services import record

__all__ = ["GRADES", "BadRunbook", "as_json", "faults_of"]
LONGEST_NOTE = 1000


# ---- files of the house -------------------------------------------------------------------------
def default_folder() -> Path:
    return Path(settings.BASE_DIR) / "fixtures" / "runbooks"


def load_folder(folder: Path, *, now: datetime) -> list[RunbookVersion]:
    """All or none; returns the new versions. A body that did not change makes none, and so does a runbook that people
    have edited since (`kept_by_people`)."""
    bodies = [read(path) for path in sorted(folder.glob("*.yaml"))]
    with transaction.atomic():
        return [version for body in bodies if (version := store(body, now=now)) is not None]


def read(path: Path) -> dict[str, Any]:
    try:
        body = as_json(yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise BadRunbook([f"{path.name}: not YAML: {error}"]) from error
    if found := faults_of(body):
        raise BadRunbook([f"{path.name}: {fault}" for fault in found], found=found)
    checked: dict[str, Any] = body
    return checked


def store(body: Mapping[str, Any], *, now: datetime) -> RunbookVersion | None:
    """A shipped body becomes current unless people have decided otherwise."""
    book, _created = Runbook.objects.select_for_update().get_or_create(
        code=body["code"], defaults={"title": body["title"]}
    )
    current = book.versions.filter(is_current=True).first()
    if current is not None and (current.body == body or not current.is_shipped):
        return None
    return _add(book, body, is_shipped=True, author=None, note="", now=now)


def kept_by_people(folder: Path) -> list[Runbook]:
    """Runbooks whose file says something else than what people decided."""
    bodies = {body["code"]: body for body in map(read, sorted(folder.glob("*.yaml")))}
    edited = RunbookVersion.objects.filter(runbook__code__in=bodies, is_current=True, is_shipped=False)
    rows = edited.select_related("runbook").order_by("runbook__code")
    return [each.runbook for each in rows if each.body != bodies[each.runbook.code]]


def shipped_body(code: str) -> dict[str, Any] | None:
    """What the house ships under this code; None for a runbook of the organisation's own."""
    path = default_folder() / f"{code}.yaml"
    return read(path) if CODE.fullmatch(code) and path.is_file() else None


# ---- which version counts -----------------------------------------------------------------------
def current_version(code: str) -> RunbookVersion:
    """The version that a run started now would walk."""
    version = RunbookVersion.objects.filter(runbook__code=code, is_current=True).select_related("runbook").first()
    if version is None:
        message = _("There is no runbook “%(code)s” yet. Load the runbooks first (manage.py load_runbooks).")
        raise Conflict(message % {"code": code}, code="no_runbook")
    if version.runbook.retired_at is not None:
        message = _("The runbook “%(title)s” is retired. Choose another, or ask an administrator to put it back.")
        raise Conflict(message % {"title": version.runbook}, code="retired")
    return version


def in_use(code: str) -> bool:
    return Runbook.objects.filter(code=code, retired_at=None, versions__is_current=True).exists()


def started_by_hand() -> QuerySet[Runbook]:
    """In use, and marked so: what an authority hands over later than the case came, one copy per city for instance."""
    marked = RunbookVersion.objects.filter(is_current=True, body__started_by_hand=True)
    return Runbook.objects.filter(retired_at=None, pk__in=marked.values("runbook")).order_by("code")


# ---- what administrators decide -----------------------------------------------------------------
def may_edit(user: User) -> bool:
    return user.has_role(Role.ADMIN)


@transaction.atomic
def save_version(
    book: Runbook, body: Mapping[str, Any], *, base: int, note: str, actor: User, now: datetime
) -> RunbookVersion:
    """`base`: the number of the version that was edited; Stale when another has become current meanwhile."""
    note = _decided(actor, note)
    book, current = _locked(book, base=base)
    if body.get("code") != book.code:
        message = _("The code of a runbook does not change: “%(code)s”. Make a copy under the other code instead.")
        raise Invalid(message % {"code": book.code}, fields={"code": message % {"code": book.code}})
    _require_sound(body)
    if current.body == body:
        raise Conflict(_("Nothing differs from version %(number)s; there is nothing to save.") % {"number": base})
    return _decide(book, body, actor=actor, note=note, verb="runbook.saved", now=now)


@transaction.atomic
def make_current(version: RunbookVersion, *, base: int, note: str, actor: User, now: datetime) -> RunbookVersion:
    """What an older version said counts again, as a new version."""
    note = _decided(actor, note)
    book, current = _locked(version.runbook, base=base)
    if current.body == version.body:
        raise Conflict(_("Version %(number)s already says what counts now.") % {"number": version.number})
    _require_sound(version.body)
    return _decide(
        book, version.body, actor=actor, note=note, verb="runbook.restored", now=now, details={"from": version.number}
    )


@transaction.atomic
def reset_to_shipped(book: Runbook, *, base: int, note: str, actor: User, now: datetime) -> RunbookVersion:
    """From now on it follows the files of the house again."""
    note = _decided(actor, note)
    body = shipped_body(book.code)
    if body is None:
        raise Conflict(_("This runbook is your own; the house ships none under its code."))
    book, current = _locked(book, base=base)
    if current.is_shipped and current.body == body:
        raise Conflict(_("The shipped version already counts."))
    return _decide(book, body, actor=actor, note=note, verb="runbook.reset", now=now, is_shipped=True)


@transaction.atomic
def copy_runbook(
    version: RunbookVersion, *, code: str, title: Mapping[str, str], note: str, actor: User, now: datetime
) -> Runbook:
    """A runbook of its own that begins as the other is."""
    note = _decided(actor, note)
    body = deepcopy(version.body) | {"code": code.strip(), "title": dict(title)}
    _require_sound(body)
    if Runbook.objects.filter(code=body["code"]).exists():
        message = _("There is a runbook “%(code)s” already; give the copy another code.") % {"code": body["code"]}
        raise Invalid(message, fields={"code": message})
    book = Runbook.objects.create(code=body["code"], title=body["title"])
    details = {"from": version.runbook.code, "from_version": version.number}
    _decide(book, body, actor=actor, note=note, verb="runbook.copied", now=now, details=details)
    return book


@transaction.atomic
def retire(book: Runbook, *, note: str, actor: User, now: datetime) -> Runbook:
    """Nothing starts it any more. Not for a runbook the desk itself cannot do without."""
    note = _decided(actor, note)
    if is_needed(book.code):
        who = ", ".join(str(starter.label) for starter in starters_of(book.code) if starter.needed)
        message = _("The desk itself starts this runbook (%(who)s), so it cannot be retired. Change its steps instead.")
        raise Conflict(message % {"who": who}, code="needed")
    return _set_retired(book, now, note=note, actor=actor, now=now, verb="runbook.retired")


@transaction.atomic
def bring_back(book: Runbook, *, note: str, actor: User, now: datetime) -> Runbook:
    note = _decided(actor, note)
    return _set_retired(book, None, note=note, actor=actor, now=now, verb="runbook.brought_back")


# ---- the parts of a decision --------------------------------------------------------------------
def _decided(actor: User, note: str) -> str:
    if not may_edit(actor):
        raise NotAllowed(_("Only administrators change runbooks."))
    if not note.strip():
        message = _("Say why; whoever reads the history wants to know.")
        raise Invalid(message, fields={"note": message})
    if len(note) > LONGEST_NOTE:
        message = _("At most %(longest)s characters.") % {"longest": LONGEST_NOTE}
        raise Invalid(message, fields={"note": message})
    return note.strip()


def _require_sound(body: Mapping[str, Any]) -> None:
    if found := faults_of(body):
        texts: dict[str, list[str]] = {}
        for fault in found:
            texts.setdefault(".".join(map(str, fault.path)), []).append(fault.text)
        raise Invalid(_("The runbook is not sound yet: %(first)s") % {"first": found[0]}, fields=texts)


def _locked(book: Runbook, *, base: int) -> tuple[Runbook, RunbookVersion]:
    book = Runbook.objects.select_for_update().get(pk=book.pk)
    current = book.versions.select_related("author").get(is_current=True)
    if current.number != base:
        message = _("Meanwhile version %(number)s was saved. Look at what differs, then save again or take theirs.")
        raise Stale(message % {"number": current.number}, current={"number": current.number, "body": current.body})
    return book, current


def _add(
    book: Runbook, body: Mapping[str, Any], *, is_shipped: bool, author: User | None, note: str, now: datetime
) -> RunbookVersion:
    number = 1 + (book.versions.order_by("-number").values_list("number", flat=True).first() or 0)
    book.versions.filter(is_current=True).update(is_current=False)
    Runbook.objects.filter(pk=book.pk).update(title=body["title"])
    return RunbookVersion.objects.create(
        runbook=book, number=number, body=body, created_at=now, is_shipped=is_shipped, author=author, note=note
    )


def _decide(
    book: Runbook,
    body: Mapping[str, Any],
    *,
    actor: User,
    note: str,
    verb: str,
    now: datetime,
    is_shipped: bool = False,
    details: Mapping[str, Any] | None = None,
) -> RunbookVersion:
    version = _add(book, body, is_shipped=is_shipped, author=actor, note=note, now=now)
    _record(book, verb, actor=actor, note=note, now=now, details={"version": version.number, **(details or {})})
    return version


def _set_retired(book: Runbook, at: datetime | None, *, note: str, actor: User, now: datetime, verb: str) -> Runbook:
    book = Runbook.objects.select_for_update().get(pk=book.pk)
    if (book.retired_at is None) == (at is None):
        raise Conflict(_("It is so already."))
    book.retired_at = at
    book.save(update_fields=["retired_at"])
    _record(book, verb, actor=actor, note=note, now=now, details={})
    return book


def _record(book: Runbook, verb: str, *, actor: User, note: str, now: datetime, details: dict[str, Any]) -> None:
    words = {"code": book.code, **details}
    record(ref(book), verb, now=now, actor=actor, subject=ref(book), reason=note, details=words)
