"""Everything that changes something in the press room. Browser and API call these and nothing else."""

from press.services.enquiries import NewCase, close_enquiry, log_enquiry, set_reporter_deadline, set_stage
from press.services.outlets import JournalistData, OutletData
from press.services.replies import draft_reply, edit_reply, record_sent, submit_reply
from press.services.review import approve_reply, reject_reply
from press.services.steps import file_deliverable
from press.services.wording_check import check_wording

__all__ = [
    "JournalistData",
    "NewCase",
    "OutletData",
    "approve_reply",
    "check_wording",
    "close_enquiry",
    "draft_reply",
    "edit_reply",
    "file_deliverable",
    "log_enquiry",
    "record_sent",
    "reject_reply",
    "set_reporter_deadline",
    "set_stage",
    "submit_reply",
]
