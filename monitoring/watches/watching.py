"""What people do with watches: save them, take a version back, judge a find, shut out noise, keep the lists.

A watch and a list are saved against the version one has seen: who was slower is told. Every saved version of a watch
stays, with who, when and why.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import Conflict, Invalid, Stale
from accounts.gate import get_visible
from accounts.models import Unit, User
from accounts.queries import units_visible_to
from language.named_lists import circle_of, list_key, read_entries
from language.rules import Rule, RuleError
from monitoring.models import HitVerdict, NamedList, Watch, WatchHit, WatchVersion
from monitoring.queries import hits_for
from monitoring.rules import require_may_act, require_may_configure
from monitoring.watches.closeness import hasten
from monitoring.watches.noise import with_exclusion
from monitoring.watches.reading import desk_lists
from monitoring.watches.rule_words import rule_error_words
from timeline.refs import ref
from timeline.services import record

FACTS = (
    "name",
    "unit_id",
    "is_active",
    "negative_only",
    "is_key_customer",
    "is_key_product",
    "is_key_region",
    "closely",
    "weight",
)
WHY_MAX = 300


@transaction.atomic
def save_watch(watch: Watch, *, actor: User, now: datetime, why: str = "", seen_version: int | None = None) -> Watch:
    """A new watch or a changed one; it counts from the next mention on."""
    require_may_configure(actor)
    require_own_unit(watch.unit, actor=actor)
    watch.rule = _checked_rule(watch.rule)
    before = Watch.objects.select_for_update().filter(pk=watch.pk).first() if watch.pk else None
    if before and seen_version is not None:
        _require_newest(before, seen_version)
    watch.version = before.version + 1 if before else 1
    watch.updated_at = now
    watch.trouble, watch.trouble_details, watch.trouble_at = "", "", None  # a new version gets a new chance
    watch.save()
    _keep_version(watch, why=why, actor=actor, now=now)
    if watch.closely and watch.is_active:
        hasten(watch, now=now)
    details = {"rule": watch.rule, "version": watch.version, "is_active": watch.is_active}
    verb = "watch.changed" if before else "watch.created"
    record(ref(watch), verb, now=now, actor=actor, details=details, reason=why[:WHY_MAX])
    return watch


def _require_newest(watch: Watch, seen_version: int) -> None:
    if watch.version != seen_version:
        raise Stale(
            _("Somebody else saved this watch meanwhile. Look at the newest version, then change it again."),
            current={"version": watch.version},
        )


def _checked_rule(data: Mapping[str, Any]) -> dict[str, Any]:
    try:
        rule = Rule.from_dict(data)
    except RuleError as error:
        message = rule_error_words(error)
        raise Invalid(message, fields={"rule_text": message}) from error
    missing = sorted(name for name in rule.lists if list_key(name) not in desk_lists())
    if missing:
        message = _("There is no list called “%(name)s”. Make it first, or correct the name.") % {"name": missing[0]}
        raise Invalid(message, fields={"rule_text": message})
    return rule.to_dict()


def _keep_version(watch: Watch, *, why: str, actor: User, now: datetime) -> None:
    facts = {name: getattr(watch, name) for name in FACTS}
    WatchVersion.objects.create(
        watch=watch, number=watch.version, rule=watch.rule, facts=facts, why=why[:WHY_MAX], actor=actor, at=now
    )


def require_own_unit(unit: Unit, *, actor: User) -> None:
    if not units_visible_to(actor).filter(pk=unit.pk).exists():
        message = _("You do not work for this unit.")
        raise Invalid(message, fields={"unit": message})


# ---- verdicts and noise -------------------------------------------------------------------------


@transaction.atomic
def judge_hit(hit: WatchHit, *, is_noise: bool, actor: User, now: datetime) -> HitVerdict:
    """A person says whether a find was worth it; saying it again changes their mind."""
    require_may_act(actor)
    hit = get_visible(hits_for(actor), pk=hit.pk)
    verdict, _created = HitVerdict.objects.update_or_create(
        hit=hit, user=actor, defaults={"is_noise": is_noise, "at": now}
    )
    verb = "watch.noise" if is_noise else "watch.relevant"
    record(ref(hit.watch), verb, now=now, actor=actor, details={"hit": hit.pk, "mention": hit.mention_id})
    return verdict


def shut_out(watch: Watch, *, term: str, phrase: str, seen_version: int, actor: User, now: datetime) -> Watch:
    """A new version of the watch in which a find inside this phrase does not count."""
    _require_newest(watch, seen_version)
    rule = with_exclusion(Rule.from_dict(watch.rule), term=term, phrase=phrase)
    if rule is None:
        raise Conflict(_("The watch does not look for “%(term)s” any more.") % {"term": term})
    watch.rule = rule.to_dict()
    why = _("Noise: “%(phrase)s”") % {"phrase": phrase}
    return save_watch(watch, actor=actor, now=now, why=why, seen_version=seen_version)


# ---- lists --------------------------------------------------------------------------------------


@transaction.atomic
def save_list(row: NamedList, *, actor: User, now: datetime, seen_version: int | None = None) -> NamedList:
    """A new list or a changed one, readable and in no circle; rules that ask for it follow from the next mention on."""
    require_may_configure(actor)
    before = NamedList.objects.select_for_update().filter(pk=row.pk).first() if row.pk else None
    if before and seen_version is not None and before.version != seen_version:
        raise Stale(_("Somebody else saved this list meanwhile. Look at the newest version, then change it again."))
    row.key = list_key(row.name)
    _check_list(row, before)
    row.version = before.version + 1 if before else 1
    row.updated_at, row.updated_by = now, actor
    row.save()
    verb = "list.changed" if before else "list.created"
    details = {"entries": row.entries[:2000], "kind": row.kind, "weight": row.weight, "version": row.version}
    record(ref(row), verb, now=now, actor=actor, details=details)
    return row


def _check_list(row: NamedList, before: NamedList | None) -> None:
    if before and before.key != row.key:
        message = _("Rules know the list by its name; make a new list for another name.")
        raise Invalid(message, fields={"name": message})
    if NamedList.objects.filter(key=row.key).exclude(pk=row.pk).exists():
        message = _("There is a list of this name already.")
        raise Invalid(message, fields={"name": message})
    try:
        entries = read_entries(row.entries)
    except RuleError as error:
        message = _("Line %(number)s: %(error)s") % {"number": error.line, "error": rule_error_words(error)}
        raise Invalid(message, fields={"entries": message}) from error
    circle = circle_of(row.name, {**desk_lists(), row.key: entries})
    if circle:
        message = _("These lists would name each other in a circle: %(way)s") % {"way": " → ".join(circle)}
        raise Invalid(message, fields={"entries": message})
