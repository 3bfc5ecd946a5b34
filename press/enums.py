"""The closed lists of the press room."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class OutletType(TextChoices):
    NEWS = "news", _("News")
    LIVELIHOOD = "livelihood", _("Livelihood")
    FINANCE = "finance", pgettext_lazy("outlet", "Finance")


class OutletLevel(TextChoices):
    NATIONAL = "national", _("National")
    PROVINCIAL = "provincial", _("Provincial")
    LOCAL = "local", _("Local")
    ONLINE = "online", _("Online")


class Arrival(TextChoices):
    VISIT = "visit", _("Visit")
    PHONE = "phone", _("Phone")
    LETTER = "letter", _("Letter or e-mail")
    UNDERCOVER = "undercover", _("Undercover")
    ONLINE = "online", _("Online message")


class Stage(TextChoices):
    """Production window of a story: until make-up there is time to solve the matter."""

    TOPIC = "topic", _("Topic chosen")
    INTERVIEW = "interview", _("Interview")
    WRITING = "writing", _("Writing")
    EDITING = "editing", _("Editing")
    MAKE_UP = "make_up", _("Page make-up")
    PRINTING = "printing", _("Printing")
    PUBLISHED = "published", _("Published")


class EnquiryState(TextChoices):
    OPEN = "open", pgettext_lazy("enquiry", "Open")
    ANSWERED = "answered", _("Answered")
    CLOSED = "closed", pgettext_lazy("enquiry", "Closed")


class ReplyState(TextChoices):
    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("In review")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Sent back")
    SENT = "sent", _("Sent")


class ReviewRole(TextChoices):
    """A reply leaves the house when both have approved the same text."""

    PR = "pr", _("Group PR")
    LEGAL = "legal", _("Legal")


class Decision(TextChoices):
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Sent back")


class ReplyChannel(TextChoices):
    """Replies go out in writing: there is no entry for the telephone here."""

    EMAIL = "email", _("E-mail")
    LETTER = "letter", _("Letter")
    FAX = "fax", _("Fax")
    MESSAGE = "message", _("Written message")
    BY_HAND = "by_hand", _("Handed over in writing")


class WordingKind(TextChoices):
    PERSONAL_OPINION = "personal_opinion", _("Personal opinion or orders from above")
    MERCHANT_GONE = "merchant_gone", _("Merchant gone, nothing we can do")
    PRIVATE_DEAL = "private_deal", _("Private deal, no refund")
    USED_TO_IT = "used_to_it", _("It happens elsewhere too")
    SPOKESPERSON = "spokesperson", _("Hiding behind the spokesperson")
    JUDGES_CUSTOMER = "judges_customer", _("Judgement against the customer")
    SAYS_TOO_MUCH = "says_too_much", _("Saying more than needed")
    ALARMS_CUSTOMER = "alarms_customer", _("Makes the customer anxious or despairing")
    OPENS_BUSINESS = "opens_business", _("Opens a question about the business")


class WordingSeverity(TextChoices):
    BLOCK = "block", pgettext_lazy("wording", "Not allowed")
    WARN = "warn", _("Think again")
