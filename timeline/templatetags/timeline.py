from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django import template
from django.template import TemplateDoesNotExist
from django.template.context import Context
from django.template.loader import get_template
from django.utils.safestring import SafeString
from django.utils.translation import ngettext, pgettext

from accounts.models import User
from timeline.models import Entry
from timeline.verbs import people_in

register = template.Library()

MOST_NAMES = 4


@register.simple_tag
def with_people(entries: Iterable[Entry]) -> list[Entry]:
    """The entries, each with `.people`: whom its details name. One query for all of them, none where nobody is."""
    rows = list(entries)
    named = {entry.pk: people_in(entry.verb, entry.details) for entry in rows}
    wanted = {user for users in named.values() for user in users}
    found = User.objects.in_bulk(wanted) if wanted else {}
    for entry in rows:
        entry.people = [found[user] for user in named[entry.pk] if user in found]
    return rows


@register.simple_tag(takes_context=True)
def entry_details(context: Context, entry: Entry) -> SafeString | str:
    """What `templates/timeline/verbs/<verb>.html` makes of an entry's details; nothing where there is no such file."""
    try:
        found = get_template(f"timeline/verbs/{entry.verb}.html")
    except TemplateDoesNotExist:
        return ""
    given: dict[str, Any] = {
        "entry": entry,
        "details": entry.details,
        "people": getattr(entry, "people", []),
        "user": context.get("user"),
    }
    return found.render(given)


@register.filter
def names(people: Sequence[User]) -> str:
    """The first few by name, the others as a number."""
    said = pgettext("between names", ", ").join(person.name for person in people[:MOST_NAMES])
    more = len(people) - MOST_NAMES
    if more <= 0:
        return said
    return ngettext("%(names)s and %(n)d more", "%(names)s and %(n)d more", more) % {"names": said, "n": more}


@register.filter
def stamped(text: str | None) -> datetime | None:
    """A moment out of the record, where moments are text."""
    return datetime.fromisoformat(text) if text else None
