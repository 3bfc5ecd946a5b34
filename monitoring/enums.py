"""The words of monitoring: kinds and states of sources, events and alerts."""

from enum import nonmember

from django.db.models import IntegerChoices, TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class SourceKind(TextChoices):
    FEED = "feed", _("Feed that the desk reads")
    PUSH = "push", _("Pushed to the desk by another system")


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


class RawState(TextChoices):
    KEPT = "kept", _("Unreadable, kept")
    RECOVERED = "recovered", _("Read later")


class AlertState(TextChoices):
    OPEN = "open", pgettext_lazy("alert", "Open")
    ACKNOWLEDGED = "acknowledged", _("Acknowledged")
    DISMISSED = "dismissed", _("Dismissed")
    CASE_OPENED = "case_opened", _("Case opened")

    # Somebody still has to decide.
    UNSETTLED = nonmember(("open", "acknowledged"))


class Grade(IntegerChoices):
    """1 is worst."""

    I = 1, _("Grade I, extraordinary")  # noqa: E741 -- the trade counts in Roman numerals
    II = 2, _("Grade II, major")
    III = 3, _("Grade III, serious")
    IV = 4, _("Grade IV, ordinary")


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
