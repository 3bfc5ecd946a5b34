"""What any runbook may ask for: a step that is done by what a person puts on record."""

from django.utils.translation import gettext_lazy as _

from escalation.registry import register_deliverables, register_starter

register_deliverables({"on_record": _("What a person puts on record")}, by_itself=False)
register_deliverables({"handover_confirmed": _("The next on duty has taken over")}, by_itself=True)
register_starter("handover", "shift", _("every shift hand-over"))
