"""Sources that are more than an address: routes of a feed maker, hot lists, mailboxes; and trying before saving."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.errors import Conflict, Invalid, NotAllowed
from accounts.masking import mask_free_text
from accounts.models import User
from monitoring.enums import SourceKind, SourceState
from monitoring.formats.confined import read_safely
from monitoring.formats.markup import Unreadable
from monitoring.models import Mailbox, Source, SourceSettings
from monitoring.rules import may_allow_private, require_may_configure
from monitoring.services import save_source
from monitoring.sources.fetching import Failed, Fetched, Gone, fetch
from monitoring.sources.hotlists import read_hot_list
from monitoring.sources.mails import look_into
from monitoring.sources.routes import Platform, Route, platforms, route_of
from monitoring.sources.upstream import said_by_upstream
from monitoring.words import trouble_words
from outbound.addresses import Refused, check_url
from timeline.services import record

TRY_SECONDS = 8.0
SHOWN = 5
ADDRESSES = ("rsshub_url", "hotlist_url")


# ---- where the feed makers stand ----------------------------------------------------------------


@transaction.atomic
def save_settings(settings: SourceSettings, *, actor: User, now: datetime) -> None:
    """Every source that was picked from a list moves along."""
    if not may_allow_private(actor):
        raise NotAllowed(_("Only an administrator says where the feed makers stand."))
    errors = {}
    for name in ADDRESSES:
        address = getattr(settings, name).strip().rstrip("/")
        setattr(settings, name, address)
        if address and (words := _refused(address)):
            errors[name] = words
    if errors:
        raise Invalid(_("Some fields are missing or wrong."), fields=errors)
    settings.pk = 1
    settings.save()
    for source in Source.objects.select_for_update().exclude(route=""):
        _move(source, settings, now=now)
    details = {name: getattr(settings, name) for name in (*ADDRESSES, "allow_private")}
    record("sourcesettings:1", "sources.settings_changed", now=now, actor=actor, details=details)


def _refused(address: str) -> str:
    try:
        check_url(address)
    except Refused as refused:
        return trouble_words(refused.code, refused.params)
    return ""


def _move(source: Source, settings: SourceSettings, *, now: datetime) -> None:
    try:
        url = address_of(source.route, source.route_params, settings=settings)
    except (Conflict, Invalid):
        return  # the maker was taken away: the source goes on failing at its old address, in words
    if url == source.url and source.allow_private == settings.allow_private:
        return
    if Source.objects.filter(unit=source.unit_id, url=url).exclude(pk=source.pk).exists():
        return  # the unit reads the new address as a source of its own
    source.url, source.allow_private, source.etag, source.last_modified = url, settings.allow_private, "", ""
    if source.state == SourceState.ACTIVE:
        source.next_poll_at = now
    source.save(update_fields=["url", "allow_private", "etag", "last_modified", "next_poll_at"])


def address_of(code: str, given: Mapping[str, str], *, settings: SourceSettings) -> str:
    """Of a route with its parameters, or of a hot list."""
    if code in platforms():
        if not settings.hotlist_url:
            raise Conflict(_("The address of NewsNow is not set. An administrator sets it once."))
        return f"{settings.hotlist_url}/api/s?id={code}"
    route = route_of(code)
    if route is None:
        raise Invalid(_("There is no such route."))
    if not settings.rsshub_url:
        raise Conflict(_("The address of RSSHub is not set. An administrator sets it once."))
    try:
        return settings.rsshub_url + route.path(given)
    except KeyError as missing:
        name = str(missing.args[0])
        raise Invalid(_("Some fields are missing or wrong."), fields={name: _("This is needed.")}) from None


# ---- subscribing --------------------------------------------------------------------------------


def subscribe_route(source: Source, route: Route, given: Mapping[str, str], *, actor: User, now: datetime) -> Source:
    _prepare(source, SourceKind.FEED, route.code, given)
    source.source_type = route.source_type
    return save_source(source, actor=actor, now=now)


def change_route(source: Source, given: Mapping[str, str], *, actor: User, now: datetime) -> Source:
    """Other parameters are another address: it is read from its beginning, and the record keeps both."""
    settings = SourceSettings.current()
    if dict(given) != source.route_params or not source.url:
        source.url = address_of(source.route, given, settings=settings)
        source.allow_private = settings.allow_private
        source.route_params = dict(given)
    return save_source(source, actor=actor, now=now)


def subscribe_hot_list(source: Source, platform: Platform, *, actor: User, now: datetime) -> Source:
    _prepare(source, SourceKind.HOTLIST, platform.code, {})
    source.source_type = platform.source_type
    return save_source(source, actor=actor, now=now)


def _prepare(source: Source, kind: SourceKind, code: str, given: Mapping[str, str]) -> None:
    settings = SourceSettings.current()
    source.kind, source.route, source.route_params = kind, code, dict(given)
    source.url = address_of(code, given, settings=settings)
    source.allow_private = settings.allow_private


@transaction.atomic
def save_mailbox(source: Source, box: Mailbox, *, actor: User, now: datetime) -> Source:
    """A new mailbox or a changed one; another account or folder is read from its beginning."""
    require_may_configure(actor)
    before = Mailbox.objects.filter(source=source.pk).first() if source.pk else None
    _complete(box, before)
    same = before and all(getattr(before, name) == getattr(box, name) for name in ("host", "username", "folder"))
    if not same:
        box.uid_validity = box.last_uid = 0
        source.failures = 0
    source.kind = SourceKind.MAILBOX
    _check_door(source, before, box, actor=actor)
    source = save_source(source, actor=actor, now=now, more=_changes(box, before))
    box.source = source
    box.save()
    return source


def _changes(box: Mailbox, before: Mailbox | None) -> dict[str, list[Any]]:
    """For the record: that account and password changed, never what they are."""
    if before is None:
        return {}
    changes = {
        name: [getattr(before, name), getattr(box, name)]
        for name in ("host", "port", "security", "folder")
        if getattr(before, name) != getattr(box, name)
    }
    secret = [name for name in ("username", "password") if getattr(before, name) != getattr(box, name)]
    return changes | {name: [None, None] for name in secret}


def _complete(box: Mailbox, before: Mailbox | None) -> None:
    """With the stored password where none is given, but only for where it was given: it is never sent elsewhere."""
    if not box.password and before:
        if any(getattr(before, name) != getattr(box, name) for name in ("host", "port", "security", "username")):
            message = _("Another server, encryption or user name: give the password again.")
            raise Invalid(message, fields={"password": message})
        box.password = before.password
    if not (box.host and box.username and box.password):
        raise Invalid(_("Server, user name and password are needed."))


def _check_door(source: Source, before: Mailbox | None, box: Mailbox, *, actor: User) -> None:
    """A mailbox in the private network at another server is another door."""
    moved = before is None or (before.host, before.port) != (box.host, box.port)
    if source.allow_private and moved and not may_allow_private(actor):
        raise NotAllowed(_("Only an administrator lets the desk read addresses of the private network."))


# ---- trying -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TriedSource:
    """What a reading would bring: how much in words and the first titles, or what is wrong in words."""

    titles: Sequence[str] = ()
    total: str = ""
    trouble: str = ""


def try_source(source: Source, *, actor: User, now: datetime) -> TriedSource:
    """Reads once and keeps nothing."""
    require_may_configure(actor)
    if source.allow_private and not source.route and not may_allow_private(actor):
        raise NotAllowed(_("Only an administrator lets the desk read addresses of the private network."))
    outcome = fetch(source.url, now=now, allow_private=source.allow_private, seconds=TRY_SECONDS)
    if isinstance(outcome, Failed):
        return _trouble(said_by_upstream(source, outcome))
    if isinstance(outcome, Gone):
        return _trouble(Failed("gone"))
    assert isinstance(outcome, Fetched)  # noqa: S101 -- without conditions nothing is "not modified"
    try:
        titles = _titles(source, outcome)
    except Unreadable as reason:
        return _trouble(said_by_upstream(source, Failed(reason.code, reason.params, page=outcome.body)))
    read = ngettext("It reads: %(n)s entry.", "It reads: %(n)s entries.", len(titles)) % {"n": len(titles)}
    return TriedSource(titles=titles[:SHOWN], total=read)


def try_mailbox(source: Source, box: Mailbox, *, actor: User) -> TriedSource:
    """Signs in, counts and shows the newest subjects, masked; keeps nothing and marks nothing."""
    require_may_configure(actor)
    before = Mailbox.objects.filter(source=source.pk).first() if source.pk else None
    _complete(box, before)
    _check_door(source, before, box, actor=actor)
    seen = look_into(box, allow_private=source.allow_private, seconds=TRY_SECONDS)
    if isinstance(seen, Failed):
        return _trouble(seen)
    words = ngettext("Signed in. The folder holds %(n)s mail.", "Signed in. The folder holds %(n)s mails.", seen.count)
    return TriedSource([mask_free_text(each) or "—" for each in seen.subjects], words % {"n": f"{seen.count:,}"})


def _titles(source: Source, fetched: Fetched) -> list[str]:
    if source.kind == SourceKind.HOTLIST:
        return [line.title for line in read_hot_list(fetched.body, platform=platforms()[source.route]).lines]
    feed = read_safely(fetched.body, base_url=fetched.url, charset=fetched.charset)
    return [entry.title or entry.text[:120] for entry in feed.entries]


def _trouble(failed: Failed) -> TriedSource:
    params: dict[str, Any] = dict(failed.params)
    return TriedSource(trouble=trouble_words(failed.code, params))
