"""What an action of a story may know."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from django.utils.translation import gettext as _

from accounts.errors import Invalid
from accounts.models import User
from playbook.scenario import ScenarioStep, duration

Thing = TypeVar("Thing")


class ToldBefore(Exception):  # noqa: N818 -- an answer of the story, not a fault
    """An earlier telling of the same story has already done this: the step is passed over, and what hangs on it."""


@dataclass
class Stage:
    """Who acts, when, and everything that was named before."""

    now: datetime
    feed_address: str
    actor: User | None = None
    named: dict[str, Any] = field(default_factory=dict)
    passed_over: set[str] = field(default_factory=set)

    @property
    def person(self) -> User:
        if self.actor is None:
            raise Invalid(_("This step needs a person: say who."), code="nobody")
        return self.actor

    def thing(self, step: ScenarioStep, kind: type[Thing]) -> Thing:
        """What the step is `of`, read anew: the story may have moved on since it was named."""
        if step.of in self.passed_over:
            raise ToldBefore
        found = self.named.get(step.of)
        if not isinstance(found, kind):
            raise Invalid(
                _("Step %(line)s: “%(name)s” does not name a fitting thing.") % {"line": step.line, "name": step.of},
                code="unknown_name",
            )
        found.refresh_from_db()  # type: ignore[attr-defined]  # every thing of a story is a row
        return found

    def later(self, text: object) -> datetime:
        return self.now + duration(text)

    def earlier(self, text: object) -> datetime:
        return self.now - duration(text)
