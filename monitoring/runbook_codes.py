"""What this room brings to runbooks: the deliverable of its work, and the runbook it starts."""

from django.utils.translation import gettext_lazy as _

from escalation.registry import register_deliverables, register_starter

register_deliverables({"alert_acknowledged": _("The alert is acknowledged")}, by_itself=True)
register_starter("alert", "alert", _("every alert"))
