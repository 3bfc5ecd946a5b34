"""A mention somebody found by eye and enters by hand: the same pipeline, one screen."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import Invalid
from accounts.models import Unit, User
from monitoring.enums import SourceKind, SourceType
from monitoring.formats.parsing import identity
from monitoring.mentions.ingest import Incoming, ingest
from monitoring.models import EventMention, Mention, Source
from monitoring.rules import require_may_act
from timeline.refs import ref
from timeline.services import record


@dataclass(frozen=True)
class Entered:
    mention: Mention
    is_new: bool
    event_id: int | None  # where a watch wanted it


@transaction.atomic
def enter_mention(unit: Unit, incoming: Incoming, *, source_type: str, actor: User, now: datetime) -> Entered:
    """Known by its link, else by what it says; entered twice it is there once."""
    require_may_act(actor)
    if not (incoming.title.strip() or incoming.text.strip()):
        message = _("A title or a text is needed.")
        raise Invalid(message, fields={"text": message})
    source = _source_of(unit, SourceType(source_type), now=now)
    known_as = identity("", link=incoming.url, content=(incoming.title, incoming.text, incoming.author))
    incoming = replace(incoming, external_id=known_as, raw={"entered_by": actor.pk})
    done = ingest(source, [incoming], now=now)
    mention = Mention.objects.get(pk=next(iter(done.ids.values())))
    if done.new:
        fields = {"last_tried_at": now, "last_success_at": now, "last_new_at": now}
        Source.objects.filter(pk=source.pk).update(**fields)
        record(ref(source), "source.entered", now=now, actor=actor, subject=ref(mention))
    event = EventMention.objects.filter(mention=mention, event__unit__path__startswith=unit.path).first()
    return Entered(mention, bool(done.new), event.event_id if event else None)


def _source_of(unit: Unit, source_type: SourceType, *, now: datetime) -> Source:
    """One source a unit and kind of place; it is made when the first mention is entered."""
    rows = Source.objects.select_for_update(of=("self",)).filter(
        unit=unit, kind=SourceKind.MANUAL, source_type=source_type
    )
    found = rows.order_by("pk").first()
    return found or Source.objects.create(
        name=str(_("By hand: %(place)s") % {"place": source_type.label}),
        kind=SourceKind.MANUAL,
        unit=unit,
        source_type=source_type,
        created_at=now,
    )
