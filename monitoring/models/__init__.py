from monitoring.models.events import Alert, Event, EventMention
from monitoring.models.mentions import Mention, WatchHit
from monitoring.models.sources import FetchLog, RawItem, Source
from monitoring.models.watches import GradingRules, Watch

__all__ = [
    "Alert",
    "Event",
    "EventMention",
    "FetchLog",
    "GradingRules",
    "Mention",
    "RawItem",
    "Source",
    "Watch",
    "WatchHit",
]
