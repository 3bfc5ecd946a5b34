"""What can happen in a story: each word calls the very service that the screen or the task of that name calls."""

import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from accounts.errors import Invalid
from accounts.models import Unit, User
from cases import services as cases
from cases.models import Case, DepartmentTask, Finding, Plan
from cases.services import ComplainantData, MeasureData
from cases.transitions import TRANSITIONS
from escalation import services as escalation
from escalation.models import Step
from monitoring import services as monitoring
from monitoring.enums import AlertState
from monitoring.models import Alert, Event, Source, Watch
from playbook.models import ScenarioEntry
from playbook.scenario import ScenarioStep
from playbook.stage import Stage, ToldBefore
from press import services as press
from press.models import Enquiry, Reply
from press.queries import steps_of_enquiry

Action = Callable[[Stage, ScenarioStep], Any]
POLL_ATTEMPTS = 30


# ---- a case ---------------------------------------------------------------------------------------
def open_case(stage: Stage, step: ScenarioStep) -> Case:
    data = dict(step.data)
    complainant = data.pop("complainant", None)
    ago = data.pop("occurred_ago", None)
    return cases.open_case(
        actor=stage.person,
        unit=None,
        now=stage.now,
        kind=data.pop("kind", "complaint"),
        complainant=ComplainantData(**complainant) if complainant else None,
        occurred_at=stage.earlier(ago) if ago else None,
        **data,
    )


def perform(stage: Stage, step: ScenarioStep) -> Case:
    """Any transition, by its own name; `assignee` is given as a user name."""
    case = stage.thing(step, Case)
    data = dict(step.data)
    if "assignee" in data:
        data["assignee"] = User.objects.get(username=data["assignee"])
    return cases.perform(case, step.do, actor=stage.person, now=stage.now, **data)


def assign(stage: Stage, step: ScenarioStep) -> Case:
    to = User.objects.get(username=step.data["to"])
    return cases.assign_case(stage.thing(step, Case), to=to, actor=stage.person, now=stage.now)


def reclassify(stage: Stage, step: ScenarioStep) -> Case:
    data = dict(step.data)
    return cases.reclassify(stage.thing(step, Case), actor=stage.person, now=stage.now, **data)


def contact(stage: Stage, step: ScenarioStep) -> Any:
    data = {"channel": "phone", **step.data}
    return cases.record_contact(stage.thing(step, Case), actor=stage.person, now=stage.now, **data)


def note(stage: Stage, step: ScenarioStep) -> Any:
    return cases.add_note(stage.thing(step, Case), step.data["text"], actor=stage.person, now=stage.now)


def finding(stage: Stage, step: ScenarioStep) -> Finding:
    return cases.add_finding(stage.thing(step, Case), actor=stage.person, now=stage.now, **step.data)


def verify(stage: Stage, step: ScenarioStep) -> Finding:
    found = stage.thing(step, Finding)
    return cases.verify_finding(found.case, found, actor=stage.person, now=stage.now)


def draft_plan(stage: Stage, step: ScenarioStep) -> Plan:
    data = dict(step.data)
    measures = [_measure(row) for row in data.pop("measures", [])]
    promised_at = stage.later(data.pop("promised_in"))
    case = stage.thing(step, Case)
    return cases.draft_plan(case, actor=stage.person, now=stage.now, promised_at=promised_at, measures=measures, **data)


def _measure(row: Mapping[str, Any]) -> MeasureData:
    amount = Decimal(row["amount"]) if "amount" in row else None
    return MeasureData(kind=row["kind"], what=row.get("what", ""), amount=amount)


def measures_done(stage: Stage, step: ScenarioStep) -> None:
    """All measures of the plan, evidenced one by one."""
    plan = stage.thing(step, Plan)
    for measure in plan.measures.filter(done_at=None):
        cases.complete_measure(plan.case, measure, evidence=step.data["evidence"], actor=stage.person, now=stage.now)


def ask_department(stage: Stage, step: ScenarioStep) -> DepartmentTask:
    data = dict(step.data)
    unit = Unit.objects.get(code=data.pop("unit"))
    answer_by = stage.later(data.pop("answer_in"))
    case = stage.thing(step, Case)
    return cases.ask_department(case, unit=unit, answer_by=answer_by, actor=stage.person, now=stage.now, **data)


def answer_task(stage: Stage, step: ScenarioStep) -> DepartmentTask:
    task = stage.thing(step, DepartmentTask)
    return cases.answer_task(task, step.data["answer"], actor=stage.person, now=stage.now)


def callback(stage: Stage, step: ScenarioStep) -> Any:
    return cases.record_callback(stage.thing(step, Case), actor=stage.person, now=stage.now, **step.data)


# ---- the net --------------------------------------------------------------------------------------
def add_source(stage: Stage, step: ScenarioStep) -> Source:
    """A source that reads one of the story's own feeds from this very machine; the same in every telling."""
    data = dict(step.data)
    url = f"{stage.feed_address}/demo/feeds/{data.pop('feed')}.xml"
    unit = _own_unit(stage)
    if known := Source.objects.filter(unit=unit, url=url).first():
        return known
    source = Source(url=url, unit=unit, allow_private=True, created_at=stage.now, **data)
    return monitoring.save_source(source, actor=stage.person, now=stage.now)


def add_watch(stage: Stage, step: ScenarioStep) -> Watch:
    data = dict(step.data)
    unit = _own_unit(stage)
    rule = {part: data.pop(part) for part in ("any", "all", "none") if part in data}
    if known := Watch.objects.filter(unit=unit, name=data["name"]).first():
        return known
    watch = Watch(rule=rule, unit=unit, created_at=stage.now, **data)
    return monitoring.save_watch(watch, actor=stage.person, now=stage.now)


def _own_unit(stage: Stage) -> Unit:
    unit = stage.person.desk_unit
    if unit is None:
        raise Invalid(_("%(who)s belongs to no unit.") % {"who": stage.person.name}, code="no_unit")
    return unit


def publish(stage: Stage, step: ScenarioStep) -> ScenarioEntry:
    source = stage.thing(step, Source)
    feed = source.url.rsplit("/", 1)[-1].removesuffix(".xml")
    number = ScenarioEntry.objects.filter(feed=feed).count() + 1
    link = f"https://forum.example/{feed}/{stage.now:%Y%m%d%H%M}-{number}"
    return ScenarioEntry.objects.create(feed=feed, link=link, published_at=stage.now, **step.data)


def poll(stage: Stage, step: ScenarioStep) -> str:
    """Read the source now, over HTTP, as the worker does when its time has come."""
    source = stage.thing(step, Source)
    outcome = "busy"
    for _attempt in range(POLL_ATTEMPTS):
        if (outcome := monitoring.poll_source(source.pk, now=stage.now)) != "busy":
            break
        time.sleep(1)  # the running desk's own worker is reading it
    if outcome not in {"read", "unchanged"}:
        raise Invalid(_("“%(source)s” could not be read: %(outcome)s.") % {"source": source, "outcome": outcome})
    return outcome


def acknowledge_alert(stage: Stage, step: ScenarioStep) -> Alert:
    alert = _alert_of(stage, step, still={AlertState.OPEN})
    return monitoring.acknowledge_alert(alert, actor=stage.person, now=stage.now)


def open_case_from_alert(stage: Stage, step: ScenarioStep) -> Case:
    alert = _alert_of(stage, step, still={AlertState.OPEN, AlertState.ACKNOWLEDGED})
    return monitoring.open_case_from_alert(alert, actor=stage.person, now=stage.now)


def _alert_of(stage: Stage, step: ScenarioStep, *, still: set[AlertState]) -> Alert:
    """Of the event that the newest entry of the source belongs to; told again, the event knows it all already."""
    source = stage.thing(step, Source)
    event = Event.objects.filter(mentions__source=source).latest("mentions__pk")
    alert = Alert.objects.get(event=event)
    if alert.state not in still:
        raise ToldBefore
    return alert


# ---- the press ------------------------------------------------------------------------------------
def log_enquiry(stage: Stage, step: ScenarioStep) -> Enquiry:
    data = dict(step.data)
    return press.log_enquiry(
        actor=stage.person,
        now=stage.now,
        case=stage.thing(step, Case),
        outlet=press.OutletData(name=data.pop("outlet"), type=data.pop("outlet_type"), level=data.pop("outlet_level")),
        journalist=press.JournalistData(name=data.pop("journalist"), phone=data.pop("journalist_phone", "")),
        contacted_at=stage.now,
        reporter_deadline=stage.later(data.pop("deadline_in")),
        **data,
    )


def steps_by_code(enquiry: Enquiry) -> dict[str, Step]:
    return {step.code: step for step in steps_of_enquiry(enquiry)}


def complete_step(stage: Stage, step: ScenarioStep) -> Any:
    enquiry = stage.thing(step, Enquiry)
    runbook_step = steps_by_code(enquiry)[step.data["step"]]
    return press.file_deliverable(enquiry, step=runbook_step, text=step.data["note"], actor=stage.person, now=stage.now)


def assign_step(stage: Stage, step: ScenarioStep) -> Any:
    enquiry = stage.thing(step, Enquiry)
    runbook_step = steps_by_code(enquiry)[step.data["step"]]
    to = User.objects.get(username=step.data["to"])
    return escalation.assign_step(runbook_step, to=to, actor=stage.person, now=stage.now)


def draft_reply(stage: Stage, step: ScenarioStep) -> Reply:
    enquiry = stage.thing(step, Enquiry)
    return press.draft_reply(enquiry, actor=stage.person, text=step.data["text"], now=stage.now)


def revise_reply(stage: Stage, step: ScenarioStep) -> Reply:
    reply = stage.thing(step, Reply)
    return press.edit_reply(
        reply, actor=stage.person, text=step.data["text"], based_on=reply.text_sha256, now=stage.now
    )


def submit_reply(stage: Stage, step: ScenarioStep) -> Reply:
    reply = stage.thing(step, Reply)
    return press.submit_reply(
        reply,
        actor=stage.person,
        now=stage.now,
        based_on=reply.text_sha256,
        confirmed=step.data.get("confirmed", False),
    )


def approve_reply(stage: Stage, step: ScenarioStep) -> Reply:
    reply = stage.thing(step, Reply)
    return press.approve_reply(reply, actor=stage.person, based_on=reply.text_sha256, now=stage.now)


def send_reply(stage: Stage, step: ScenarioStep) -> Reply:
    reply = stage.thing(step, Reply)
    return press.record_sent(
        reply, actor=stage.person, channel=step.data["channel"], based_on=reply.text_sha256, now=stage.now
    )


_WORDS: tuple[Action, ...] = (
    open_case, assign, reclassify, contact, note, finding, verify, draft_plan, measures_done, callback,
    ask_department, answer_task,
    add_source, add_watch, publish, poll, acknowledge_alert, open_case_from_alert,
    log_enquiry, complete_step, assign_step, draft_reply, revise_reply, submit_reply, approve_reply, send_reply,
)  # fmt: skip
ACTIONS: Mapping[str, Action] = {
    **dict.fromkeys(TRANSITIONS, perform),
    **{action.__name__: action for action in _WORDS},
}
