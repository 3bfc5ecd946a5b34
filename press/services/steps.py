"""Deliverables that people put on file by hand; the other steps complete themselves when their work is done."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import Invalid
from accounts.models import User
from escalation.models import Step
from escalation.services import complete_step
from press.models import Enquiry

OUTLINE = "interview_outline"


@transaction.atomic
def file_deliverable(enquiry: Enquiry, *, step: Step, text: str, actor: User, now: datetime) -> Step:
    """Who may, and whether a person's word is enough, is the runbook's business. An interview outline also becomes the
    questions on file."""
    if not text.strip():
        message = _("A step is done only with its deliverable. Write down what was done.")
        raise Invalid(message, fields={"text": message})
    step = complete_step(step, actor=actor, note=text.strip(), now=now)
    if step.completes_on == OUTLINE:
        enquiry = Enquiry.objects.select_for_update().get(pk=enquiry.pk)
        enquiry.questions = [line for raw in text.splitlines() if (line := raw.strip())]
        enquiry.save(update_fields=["questions"])
    return step
