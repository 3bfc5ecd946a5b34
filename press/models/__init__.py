from press.models.enquiries import Enquiry, EnquiryQuerySet
from press.models.outlets import Journalist, Outlet
from press.models.replies import Approval, Reply, ReplyText
from press.models.wording_rules import WordingRule

__all__ = ["Approval", "Enquiry", "EnquiryQuerySet", "Journalist", "Outlet", "Reply", "ReplyText", "WordingRule"]
