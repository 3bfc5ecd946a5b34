"""What a room has to say about its health; `opinion_desk.health` collects it for /healthz."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Issue:
    component: str
    severity: Literal["degraded", "failing"]
    message: str
