"""What this room brings to runbooks: the deliverables of its work, and the runbooks it starts."""

from django.utils.translation import gettext_lazy as _

from escalation.registry import register_deliverables, register_starter

register_deliverables(
    {
        "enquiry_logged": _("The enquiry is logged"),
        "wording_approved": _("The wording is approved"),
        "reply_sent": _("The reply is sent"),
    },
    by_itself=True,
)
register_deliverables(
    {
        "risk_reported": _("The risk is reported to group PR"),
        "interview_outline": _("The outline of questions"),
        "conference_minuted": _("The minutes of the conference"),
    },
    by_itself=False,
)
register_starter("media", "enquiry", _("every enquiry that is logged"))
register_starter("approval", "reply", _("every reply that is submitted"))
