from django.utils.translation import gettext_lazy as _

from timeline import verbs

verbs.register(
    {
        "enquiry.logged": _("logged a media enquiry"),
        "enquiry.risk_told": _("reported the media risk"),
        "enquiry.deadline_set": _("set the reporter's deadline"),
        "enquiry.stage_set": _("noted the production stage"),
        "enquiry.closed": _("closed the media enquiry"),
        "reply.drafted": _("drafted the reply"),
        "reply.edited": _("changed the draft of the reply"),
        "reply.voided": _("changed the reply, which voids its review"),
        "reply.submitted": _("submitted the reply for review"),
        "reply.reviewed": _("approved the reply; the other review is still missing"),
        "reply.approved": _("approved the wording of the reply"),
        "reply.rejected": _("sent the reply back"),
        "reply.sent": _("recorded the reply as sent"),
    },
    big={"enquiry.logged", "reply.approved", "reply.sent"},
    bad={"reply.rejected", "reply.voided"},
)
