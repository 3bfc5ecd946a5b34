"""The words of a case: states, kinds and the codes a case is described with."""

from enum import nonmember

from django.db.models import IntegerChoices, TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class CaseKind(TextChoices):
    COMPLAINT = "complaint", _("Complaint")
    OPINION = "opinion", _("Public opinion")


NUMBER_PREFIX = {CaseKind.COMPLAINT: "KS", CaseKind.OPINION: "YQ"}


class CaseState(TextChoices):
    RECEIVED = "received", _("Received")
    CLASSIFIED = "classified", _("Classified")
    INVESTIGATING = "investigating", _("Investigating")
    PLANNING = "planning", _("Planning")
    AWAITING_APPROVAL = "awaiting_approval", _("Awaiting approval")
    FOLLOWING_UP = "following_up", _("Following up")
    CLOSED = "closed", _("Closed")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    NOT_ACCEPTED = "not_accepted", _("Not accepted")
    MERGED = "merged", _("Merged")

    # The way of an ordinary case, in order: what the stepper shows.
    PATH = nonmember(
        ("received", "classified", "investigating", "planning", "awaiting_approval", "following_up", "closed")
    )
    OPEN = nonmember(("received", "classified", "investigating", "planning", "awaiting_approval", "following_up"))
    TERMINAL = nonmember(("closed", "withdrawn", "not_accepted", "merged"))


class Channel(TextChoices):
    PHONE = "phone", _("Phone")
    EMAIL = "email", _("E-mail")
    WEB = "web", _("Web form")
    COUNTER = "counter", _("Counter")
    LETTER = "letter", _("Letter")
    WECHAT = "wechat", _("WeChat")
    WEIBO = "weibo", _("Weibo")
    XIAOHONGSHU = "xiaohongshu", _("Xiaohongshu")
    DOUYIN = "douyin", _("Douyin")
    DIANPING = "dianping", _("Dianping")
    REVIEW_SITE = "review_site", _("Review site")
    CONSUMER_PLATFORM = "consumer_platform", _("Consumer platform")
    HOTLINE_12315 = "12315", _("12315 consumer hotline")
    HOTLINE_12345 = "12345", _("12345 government hotline")
    MEDIA = "media", _("Media")
    OTHER = "other", _("Other")


class Grade(IntegerChoices):
    """1 is worst."""

    I = 1, _("Grade I, extraordinary")  # noqa: E741 -- the trade counts in Roman numerals
    II = 2, _("Grade II, major")
    III = 3, _("Grade III, serious")
    IV = 4, _("Grade IV, ordinary")


class Severity(IntegerChoices):
    """3 is worst."""

    LIGHT = 1, _("Light")
    SERIOUS = 2, _("Serious")
    GRAVE = 3, _("Grave")


class Urgency(IntegerChoices):
    """3 is most urgent."""

    ORDINARY = 1, _("Ordinary")
    URGENT = 2, _("Urgent")
    AT_ONCE = 3, _("At once")


class Confidentiality(TextChoices):
    PUBLIC = "public", _("Public")
    INTERNAL = "internal", _("Internal")
    CONFIDENTIAL = "confidential", _("Confidential")
    SECRET = "secret", _("Secret")

    UNIT_WIDE = nonmember(("public", "internal"))


class Nature(TextChoices):
    COMPLAINT = "complaint", _("Complaint")
    DISPUTE = "dispute", _("Dispute")
    REPORT = "report", _("Report of wrongdoing")
    HELP = "help", _("Call for help")
    SUGGESTION = "suggestion", _("Suggestion")


class CustomerType(TextChoices):
    RATIONAL = "rational", _("Rational")
    EMOTIONAL = "emotional", _("Emotional")
    PICKY = "picky", _("Picky")
    IMPATIENT = "impatient", _("Impatient")


class Flag(TextChoices):
    KEY_CUSTOMER = "key_customer", _("Key customer")
    KEY_PRODUCT = "key_product", _("Key product")
    KEY_REGION = "key_region", _("Key region")
    SKIP_LEVEL = "skip_level", _("Skip-level complaint")
    MALICIOUS = "malicious", _("Suspected malicious complaint")
    EXTORTION = "extortion", _("Suspected extortion")
    UNDERCOVER = "undercover", _("Suspected undercover journalist")
    MEDIA = "media", _("Media are asking")
    WARNED_MEDIA = "warned_media", _("Said to go to the media")


class Concern(TextChoices):
    """What the public cares about."""

    PERSONAL_SAFETY = "personal_safety", _("Personal safety")
    PROPERTY = "property", _("Property")
    INFORMATION_SECURITY = "information_security", _("Information security")
    USABILITY = "usability", _("Usability")
    RESPECT = "respect", _("Respect and care")
    SERVICE = "service", _("Service and value")


class Stance(TextChoices):
    FIRM = "firm", _("Firm")
    GOODWILL = "goodwill", _("No fault, but goodwill")
    PARTLY = "partly", _("Partly at fault")
    FULLY = "fully", _("Fully at fault")


class PlanState(TextChoices):
    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Submitted")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    RECALLED = "recalled", _("Recalled")


class MeasureKind(TextChoices):
    REFUND = "refund", _("Refund")
    EXCHANGE = "exchange", _("Exchange")
    REPAIR = "repair", _("Repair")
    COMPENSATION = "compensation", _("Compensation")
    ADVANCE_COMPENSATION = "advance_compensation", _("Advance compensation")
    APOLOGY = "apology", _("Apology")
    GIFT = "gift", _("Gift")
    IMPROVEMENT = "improvement", _("Improvement")
    LEGAL = "legal", _("Legal route")
    OTHER = "other", _("Other")

    # Measures that say nothing without an amount.
    WITH_AMOUNT = nonmember(("refund", "compensation", "advance_compensation"))


class ContactKind(TextChoices):
    FIRST_CONTACT = "first_contact", _("First contact")
    PROGRESS = "progress", _("Progress told")
    OUTCOME = "outcome", _("Outcome told")
    REFUSAL = "refusal", _("Told that it is not accepted")
    WITHDRAWAL = "withdrawal", _("Wishes to withdraw")


class RefusalReason(TextChoices):
    NOT_OURS = "not_ours", _("Not about us")
    IN_COURT = "in_court", _("Before a court or an arbitrator")
    SETTLED = "settled", _("Already settled")
    NO_FACTS = "no_facts", _("No facts and no way to ask")
    ABUSIVE = "abusive", _("Abusive or made up")
    TIME_BARRED = "time_barred", _("Too long ago")
    OTHER = "other", _("Other")


class Requirement(TextChoices):
    """What must be on file, and may be waived by a supervisor with a reason."""

    VERIFIED_FINDING = "verified_finding", _("A verified finding")
    OUTCOME_TOLD = "outcome_told", _("The outcome told to the complainant")
    MEASURES_EVIDENCED = "measures_evidenced", _("The measures evidenced")
    CALLBACK_DONE = "callback_done", _("The call-back done")


class TaskState(TextChoices):
    """open → answered | passed_on (another department has it now) | withdrawn."""

    OPEN = "open", pgettext_lazy("task", "Open")
    ANSWERED = "answered", _("Answered")
    PASSED_ON = "passed_on", _("Passed on")
    WITHDRAWN = "withdrawn", pgettext_lazy("task", "Withdrawn")
