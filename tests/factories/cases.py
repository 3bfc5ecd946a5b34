"""Cases as bare rows (`CaseFactory`) and as people make them (`Walk`, through the services)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import factory
from factory.django import DjangoModelFactory

from accounts.models import User
from cases import categories, services
from cases.enums import CaseState, Channel, ContactKind
from cases.models import Case, Category, Complainant
from cases.services import ComplainantData, MeasureData
from tests.factories.kept import lay

MORNING = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
CUSTOMER = ComplainantData(
    name="周建国",
    phone="138 1234 2046",
    email="zhou@example.com",
    address="上海市浦东新区金桥路 100 号",
    customer_type="impatient",
)


def load_categories() -> None:
    lay([Category], made_by=categories.load_categories)


class ComplainantFactory(DjangoModelFactory[Complainant]):
    class Meta:
        model = Complainant

    name = "周建国"
    phone = factory.Sequence(lambda n: f"138{n:08d}")
    created_at = MORNING


class CaseFactory(DjangoModelFactory[Case]):
    """A row without clocks or record: for lists, gates and searches. `unit` is asked for."""

    class Meta:
        model = Case

    number = factory.Sequence(lambda n: f"KS-20261120-{n:04d}")
    kind = "complaint"
    title = "Water heater leaks"
    channel = Channel.PHONE
    received_at = MORNING
    created_at = MORNING
    updated_at = MORNING
    state_since = MORNING


@dataclass
class Walk:
    """Takes a case along its way: the agent works, the supervisor decides."""

    agent: User
    supervisor: User
    now: datetime

    def open(self, **facts: Any) -> Case:
        given: dict[str, Any] = {
            "actor": self.agent,
            "kind": "complaint",
            "title": "热水器安装后漏水致地板泡损",
            "description": "商户拖延两周未处理",
            "channel": Channel.PHONE,
            "unit": None,
            "complainant": CUSTOMER,
            "order_number": "JQ-2611-08817",
            "now": self.now,
        }
        return services.open_case(**given | facts)

    def do(self, case: Case, name: str, *, by: User | None = None, **data: Any) -> Case:
        return services.perform(case, name, actor=by or self.agent, now=self.now, **data)

    def to(self, state: str, case: Case | None = None) -> Case:
        """A case in the wanted state, along the shortest way."""
        case = case or self.open()
        for step in WAYS[state]:
            case = step(self, case)
        return case

    # ---- single steps ---------------------------------------------------------------------------

    def classify(self, case: Case) -> Case:
        return self.do(case, "classify", category="product_quality.installation", severity=2, urgency=2)

    def investigate(self, case: Case) -> Case:
        return self.do(case, "investigate", assignee=self.agent)

    def find_out(self, case: Case) -> Case:
        finding = services.add_finding(case, "The joint leaks", actor=self.agent, now=self.now, source="fitter")
        services.verify_finding(case, finding, actor=self.agent, now=self.now)
        return case

    def plan(self, case: Case) -> Case:
        return self.do(self.find_out(case), "plan")

    def draft(self, case: Case, **changes: Any) -> Case:
        given: dict[str, Any] = {
            "stance": "partly",
            "promise": "A new floor",
            "promised_at": self.now + timedelta(days=2),
            "measures": [MeasureData(kind="advance_compensation", what="floor", amount=Decimal(3860))],
        }
        services.draft_plan(case, actor=self.agent, now=self.now, **given | changes)
        return case

    def submit(self, case: Case) -> Case:
        return self.do(self.draft(case), "submit")

    def approve(self, case: Case) -> Case:
        return self.do(case, "approve", by=self.supervisor)

    def tell(self, case: Case, kind: str = ContactKind.OUTCOME) -> Case:
        services.record_contact(case, kind, summary="told", channel="phone", actor=self.agent, now=self.now)
        return case

    def carry_out(self, case: Case) -> Case:
        for measure in case.plans.get(state="approved").measures.filter(done_at=None):
            services.complete_measure(case, measure, evidence="receipt", actor=self.agent, now=self.now)
        return case

    def call_back(self, case: Case) -> Case:
        services.record_callback(case, satisfaction=4, actor=self.agent, now=self.now)
        return case

    def close(self, case: Case) -> Case:
        return self.do(self.call_back(self.carry_out(self.tell(case))), "close")

    def withdraw(self, case: Case) -> Case:
        return self.do(case, "withdraw", wish="It was settled between us")

    def refuse(self, case: Case) -> Case:
        return self.do(case, "refuse", by=self.supervisor, reason_code="not_ours", told="By phone")


Step = Callable[[Walk, Case], Case]
_MAIN: list[Step] = [Walk.classify, Walk.investigate, Walk.plan, Walk.submit, Walk.approve, Walk.close]
WAYS: dict[str, list[Step]] = {state: _MAIN[:place] for place, state in enumerate(CaseState.PATH)} | {
    CaseState.WITHDRAWN: [Walk.withdraw],
    CaseState.NOT_ACCEPTED: [Walk.refuse],
}
