from typing import Any

from django import template
from django.template import TemplateDoesNotExist
from django.template.context import Context
from django.template.loader import get_template
from django.utils.safestring import SafeString

from timeline.models import Entry

register = template.Library()


@register.simple_tag(takes_context=True)
def entry_details(context: Context, entry: Entry) -> SafeString | str:
    """What `templates/timeline/verbs/<verb>.html` makes of an entry's details; nothing where there is no such file."""
    try:
        found = get_template(f"timeline/verbs/{entry.verb}.html")
    except TemplateDoesNotExist:
        return ""
    given: dict[str, Any] = {"entry": entry, "details": entry.details, "user": context.get("user")}
    return found.render(given)
