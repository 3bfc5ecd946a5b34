from monitoring.models.events import Alert, AlertVerdict, Event, EventMention
from monitoring.models.gathering import CaseLink, EventForecast, EventOperation, EventSuggestion, HeatRules
from monitoring.models.hotlists import HotRank, HotTopic
from monitoring.models.incidents import Incident, SourceHour, WatchHour
from monitoring.models.intake import ImportBatch, ImportRow, Mailbox, PushDelivery, PushEndpoint
from monitoring.models.mentions import (
    HitVerdict,
    ListFind,
    Mention,
    MentionFigures,
    MentionKey,
    WatchHit,
)
from monitoring.models.sources import FetchLog, RawItem, Source, SourceSettings
from monitoring.models.storms import Storm
from monitoring.models.watches import GradingRules, NamedList, Watch, WatchVersion

__all__ = [
    "Alert",
    "AlertVerdict",
    "CaseLink",
    "Event",
    "EventForecast",
    "EventMention",
    "EventOperation",
    "EventSuggestion",
    "FetchLog",
    "GradingRules",
    "HeatRules",
    "HitVerdict",
    "HotRank",
    "HotTopic",
    "ImportBatch",
    "ImportRow",
    "Incident",
    "ListFind",
    "Mailbox",
    "Mention",
    "MentionFigures",
    "MentionKey",
    "NamedList",
    "PushDelivery",
    "PushEndpoint",
    "RawItem",
    "Source",
    "SourceHour",
    "SourceSettings",
    "Storm",
    "Watch",
    "WatchHit",
    "WatchHour",
    "WatchVersion",
]
