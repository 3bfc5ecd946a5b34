"""The words of monitoring: kinds and states of sources, events and alerts."""

from enum import nonmember

from django.db.models import IntegerChoices, TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class SourceKind(TextChoices):
    FEED = "feed", _("Feed that the desk reads")
    HOTLIST = "hotlist", _("Hot list of a platform")
    MAILBOX = "mailbox", _("Mailbox that the desk reads")
    PUSH = "push", _("Pushed to the desk by another system")
    IMPORT = "import", _("Tables that people import")
    MANUAL = "manual", _("Entered by hand")

    # What the desk goes and reads by itself.
    POLLED = nonmember(("feed", "hotlist", "mailbox"))


class SourceType(TextChoices):
    """Where people talk; it decides the threshold of sentiment and weighs in the grade."""

    NEWS = "news", _("News")
    SOCIAL = "social", _("Social media")
    REVIEW = "review", _("Reviews")
    FORUM = "forum", _("Forum")
    VIDEO = "video", _("Video")
    CONSUMER_PLATFORM = "consumer_platform", _("Consumer platform")
    OTHER = "other", _("Other")


# How `language.sentiment` names the kind of text.
SENTIMENT_OF = {SourceType.NEWS: "news", SourceType.REVIEW: "review", SourceType.CONSUMER_PLATFORM: "review"}


class SourceState(TextChoices):
    ACTIVE = "active", _("Active")
    PAUSED = "paused", _("Paused")
    GONE = "gone", _("Gone")  # the server said 410: nobody asks again until a person says so


class WatchTrouble(TextChoices):
    """Why a watch does not do its work."""

    SLOW = "slow_pattern", _("A pattern takes too long")


class ListKind(TextChoices):
    """What a list of the desk names."""

    WORDS = "words", _("Words, names, spellings")
    CUSTOMER = "customer", _("Key customers")
    PRODUCT = "product", _("Key products")
    REGION = "region", _("Key regions")

    # Found in a text, these weigh in its grade.
    KEY = nonmember(("customer", "product", "region"))


class RawState(TextChoices):
    KEPT = "kept", _("Unreadable, kept")
    RECOVERED = "recovered", _("Read later")
    READ = "read", pgettext_lazy("kept original", "Read")  # mails: the original is kept whatever became of it


class MailKind(TextChoices):
    """Only messages become mentions; what machines answer is kept and marked."""

    MESSAGE = "message", pgettext_lazy("mail", "Message")
    BOUNCE = "bounce", _("Could not be delivered")
    AUTO_REPLY = "auto_reply", _("Automatic reply")
    REPORT = "report", _("Report of a mail server")


class MailSecurity(TextChoices):
    SSL = "ssl", _("TLS from the start (port 993)")
    STARTTLS = "starttls", _("STARTTLS (port 143)")
    NONE = "none", _("None, only within our own network")


class IncidentKind(TextChoices):
    """No news is not good news: each of these stands open until it is over."""

    FAILING = "failing", _("Cannot be read")
    GONE = "gone", _("Gone for good")
    UPSTREAM = "upstream", _("The feed maker behind it is down")
    COOKIES = "cookies", _("The platform wants a new sign-in")
    SILENT = "silent", _("Silent where there used to be talk")
    NO_MATCHES = "no_matches", _("A watch that used to find something finds nothing")


class ImportState(TextChoices):
    CHOOSING = "choosing", _("Columns are being chosen")
    WAITING = "waiting", _("Waits to be taken in")
    DONE = "done", _("Taken in")
    FAILED = "failed", _("Stopped")


class DeliveryState(TextChoices):
    """A signed push that was accepted."""

    WAITING = "waiting", _("Waits to be taken in")
    DONE = "done", _("Taken in")
    FAILED = "failed", _("Stopped")


class AlertState(TextChoices):
    OPEN = "open", pgettext_lazy("alert", "Open")
    ACKNOWLEDGED = "acknowledged", _("Acknowledged")
    DISMISSED = "dismissed", _("Dismissed")
    CASE_OPENED = "case_opened", _("Case opened")
    MERGED = "merged", pgettext_lazy("alert", "Merged")
    IN_STORM = "in_storm", _("In a storm")  # looked at together with the others of its storm, unless taken out

    # Somebody still has to decide.
    UNSETTLED = nonmember(("open", "acknowledged", "in_storm"))


class StormState(TextChoices):
    OPEN = "open", pgettext_lazy("alert", "Open")
    ACKNOWLEDGED = "acknowledged", _("Acknowledged")
    DISMISSED = "dismissed", _("Dismissed")
    OVER = "over", pgettext_lazy("storm", "Over")

    # Somebody has it before them.
    WAITING = nonmember(("open", "acknowledged"))


class Stage(TextChoices):
    """The life of an event; the rules that tell them apart are data (monitoring/events/stages.py)."""

    BREWING = "brewing", pgettext_lazy("stage", "Brewing")
    OUTBREAK = "outbreak", pgettext_lazy("stage", "Outbreak")
    CLIMAX = "climax", pgettext_lazy("stage", "Climax")
    SUBSIDING = "subsiding", pgettext_lazy("stage", "Subsiding")
    SUBSIDED = "subsided", pgettext_lazy("stage", "Subsided")
    MIGRATED = "migrated", pgettext_lazy("stage", "Migrated")

    LIVE = nonmember(("brewing", "outbreak", "climax", "subsiding"))
    HIGH = nonmember(("outbreak", "climax"))


class EventAct(TextChoices):
    MERGE = "merge", _("Merged")
    SPLIT = "split", _("Split off")
    MOVE = "move", _("Moved")


class Decision(TextChoices):
    """What a person says to something the desk suggests."""

    OPEN = "open", pgettext_lazy("suggestion", "Open")
    ACCEPTED = "accepted", pgettext_lazy("suggestion", "Accepted")
    DECLINED = "declined", pgettext_lazy("suggestion", "Declined")


class Grade(IntegerChoices):
    """1 is worst."""

    I = 1, _("Grade I, extraordinary")  # noqa: E741 -- the trade counts in Roman numerals
    II = 2, _("Grade II, major")
    III = 3, _("Grade III, serious")
    IV = 4, _("Grade IV, ordinary")


STRATEGIES = {
    Grade.I: _("Respond at once: the command decides, the facts go out within the hour, every outlet gets one line."),
    Grade.II: _("Clarify the facts: verify, answer where it is asked, keep PR and legal in the room."),
    Grade.III: _("Guide opinion: solve the customer's problem, answer the loudest posts, watch the curve."),
    Grade.IV: _("Watch: keep an eye on it, answer where a customer waits for an answer."),
}


class Verdict(TextChoices):
    """What people say of a grade."""

    RIGHT = "right", _("The grade is right")
    TOO_HIGH = "too_high", _("Graded too gravely")
    TOO_LOW = "too_low", _("Graded too lightly")
    NOISE = "noise", _("Noise: nothing to look at")


class RiskKind(TextChoices):
    """What kind of trouble it is; the codes are the trade's."""

    RUMOUR = "rumour", _("Rumour or false information")
    NEGATIVE_REVIEW = "negative_review", _("Negative review or complaint")
    LEAK = "leak", _("Leak of secrets or privacy")
    EMERGENCY = "emergency", _("Emergency: quality, accident, disaster")
    STAFF_MISCONDUCT = "staff_misconduct", _("Staff misconduct")
    OWN_STATEMENT = "own_statement", _("Wrong statement of our own")
    MALICIOUS_ATTACK = "malicious_attack", _("Malicious attack or libel")
    MASS_INCIDENT = "mass_incident", _("Mass incident")
    FOREIGN_RELATED = "foreign_related", _("Foreign-related")
    SOCIAL_EVENT = "social_event", _("Social event")
    OFFICIAL_MISCONDUCT = "official_misconduct", _("Unlawful conduct of officials")
    COERCIVE_POWER = "coercive_power", _("Bodies with coercive power")
    PRIVILEGED_BODY = "privileged_body", _("Privileged or monopoly bodies")
    LIVELIHOOD = "livelihood", _("Livelihood of everybody")
    UNFAIR_DISTRIBUTION = "unfair_distribution", _("Unfair distribution, rich and poor")
    NATIONAL_INTEREST = "national_interest", _("National interest or pride")
    SENSITIVE_PLACE = "sensitive_place", _("Important or sensitive place")
    CELEBRITY = "celebrity", _("Celebrity")
