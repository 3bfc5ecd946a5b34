from press.views.enquiry import enquiry
from press.views.listing import case_options, enquiries
from press.views.logging import enquiry_new
from press.views.replies import reply_new, reply_save, reply_sent, reply_verdict
from press.views.steps import assign, close, deadline, deliverable, reveal, stage, waive
from press.views.wording import check, undercover_score

__all__ = [
    "assign",
    "case_options",
    "check",
    "close",
    "deadline",
    "deliverable",
    "enquiries",
    "enquiry",
    "enquiry_new",
    "reply_new",
    "reply_save",
    "reply_sent",
    "reply_verdict",
    "reveal",
    "stage",
    "undercover_score",
    "waive",
]
