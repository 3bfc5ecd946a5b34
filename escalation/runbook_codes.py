"""What any runbook may ask for: a step that is done by what a person puts on record."""

from django.utils.translation import gettext_lazy as _

from escalation.registry import register_deliverables

register_deliverables({"on_record": _("What a person puts on record")}, by_itself=False)
