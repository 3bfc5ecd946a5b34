"""Enquiries as people make them, through the services, and bare rows for lists."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import factory
from factory.django import DjangoModelFactory

from accounts.models import User
from cases.models import Case
from press import services
from press.enums import Arrival
from press.management.commands import load_press
from press.models import Enquiry, Outlet, Reply, WordingRule
from press.services import OutletData
from tests.factories.cases import CaseFactory
from tests.factories.kept import lay

MORNING = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
GOOD_WORDS = "我们已受理顾客的投诉，正在核实，将于 11 月 23 日前完成更换，并以书面形式答复。"


def load_rules() -> None:
    """The wording rules of the house."""
    lay([WordingRule], made_by=load_press.load_rules)


class OutletFactory(DjangoModelFactory[Outlet]):
    class Meta:
        model = Outlet

    name = factory.Sequence(lambda n: f"都市晨报 {n}")
    created_at = MORNING


class EnquiryFactory(DjangoModelFactory[Enquiry]):
    """A row without run or record: for lists and gates. `logged_by` and the case's unit are asked for."""

    class Meta:
        model = Enquiry

    outlet = factory.SubFactory(OutletFactory)
    case = factory.SubFactory(CaseFactory)
    arrival = Arrival.PHONE
    contacted_at = MORNING
    created_at = MORNING


@dataclass
class Newsroom:
    """A journalist calls the agent; PR writes; PR, legal and the commander judge."""

    agent: User
    writer: User
    pr: User
    legal: User
    now: datetime

    def log(self, case: Case | None = None, **given: Any) -> Enquiry:
        facts: dict[str, Any] = {
            "actor": self.agent,
            "now": self.now,
            "case": case,
            "outlet": OutletData(name="都市晨报"),
            "arrival": Arrival.PHONE,
            "contacted_at": self.now,
        }
        return services.log_enquiry(**facts | given)

    def draft(self, enquiry: Enquiry, text: str = GOOD_WORDS, *, by: User | None = None) -> Reply:
        return services.draft_reply(enquiry, actor=by or self.writer, text=text, now=self.now)

    def submit(self, reply: Reply, **given: Any) -> Reply:
        return services.submit_reply(reply, actor=self.writer, now=self.now, **{"based_on": reply.text_sha256} | given)

    def submitted(self, enquiry: Enquiry, text: str = GOOD_WORDS) -> Reply:
        return self.submit(self.draft(enquiry, text))

    def approve(self, reply: Reply, by: User) -> Reply:
        return services.approve_reply(reply, actor=by, based_on=reply.text_sha256, now=self.now)

    def approved(self, enquiry: Enquiry, text: str = GOOD_WORDS) -> Reply:
        return self.approve(self.approve(self.submitted(enquiry, text), self.pr), self.legal)

    def send(self, reply: Reply, **given: Any) -> Reply:
        facts: dict[str, Any] = {
            "actor": self.agent,
            "channel": "email",
            "based_on": reply.text_sha256,
            "now": self.now,
        }
        return services.record_sent(reply, **facts | given)


SignIn = Callable[[User], Any]
