"""The replay engine: plays a scenario through the same services that people's screens call.

Time: the last moment of the story is the present. At speed N a story of length L takes L/N and begins
L − L/N ago on the story's clock; at speed 0 nothing waits and the whole of it lies in the past. Between two
steps the clocks of the desk tick at their own moments, so a deadline left to pass climbs its ladder as it would have.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Min
from django.utils.translation import gettext as _

from accounts.errors import Invalid, Refusal
from accounts.models import User
from escalation.models import Alarm
from escalation.services import tick
from notifications.services import deliver_due
from playbook.actions import ACTIONS
from playbook.scenario import Scenario, ScenarioStep
from playbook.stage import Stage, ToldBefore
from timeline import now as clock


@dataclass(frozen=True)
class Played:
    """One step as it went.

    `refused` holds the code where the desk said no as the script expects; `told_before` says that the step was passed
    over because an earlier telling of the story had already done it.
    """

    step: ScenarioStep
    at: datetime
    refused: str = ""
    told_before: bool = False


def replay(
    scenario: Scenario,
    *,
    present: datetime,
    feed_address: str,
    speed: float = 0,
    wait: Callable[[float], None] = time.sleep,
) -> Iterator[Played]:
    """Play the steps one by one; yields each as it is done.

    `feed_address` is where the desk's own demo feeds are served, for example http://127.0.0.1:8000.
    """
    cast = _cast(scenario)
    real_length = scenario.length / speed if speed else timedelta()
    start = present + real_length - scenario.length
    stage = Stage(now=start, feed_address=feed_address)
    for step in scenario.steps:
        _pass_time(stage.now, start + step.at, speed=speed, wait=wait)
        stage.now = start + step.at
        stage.actor = cast.get(step.who)
        yield _play(step, stage)
    _pass_time(stage.now, start + scenario.length, speed=speed, wait=wait)


def _cast(scenario: Scenario) -> dict[str, User]:
    """Everybody who acts, by user name. What nobody can play is refused before anything is played."""
    people = {person.username: person for person in User.objects.filter(is_active=True).select_related("unit")}
    for step in scenario.steps:
        if step.do not in ACTIONS:
            raise _cannot(step, _("nobody knows how to “%(do)s”.") % {"do": step.do})
        if step.who and step.who not in people:
            raise _cannot(step, _("there is no user “%(who)s”.") % {"who": step.who})
    return people


def _play(step: ScenarioStep, stage: Stage) -> Played:
    try:
        with clock.shifted(start=stage.now):
            result = ACTIONS[step.do](stage, step)
    except ToldBefore:
        stage.passed_over |= {step.name} - {""}
        return Played(step, stage.now, told_before=True)
    except Refusal as refusal:
        if step.refused == refusal.code:
            return Played(step, stage.now, refused=refusal.code)
        fields = "".join(f" {name}: {' '.join(texts)}" for name, texts in refusal.fields.items())
        why = _("“%(do)s” was refused (%(code)s): %(why)s")
        raise _cannot(
            step, why % {"do": step.do, "code": refusal.code, "why": f"{refusal.message}{fields}"}
        ) from refusal
    except (LookupError, TypeError, ValueError, ArithmeticError, ObjectDoesNotExist) as error:
        why = _("“%(do)s” cannot be played with this: %(error)s")
        raise _cannot(step, why % {"do": step.do, "error": repr(error)}) from error
    if step.refused:
        raise _cannot(step, _("“%(do)s” should have been refused but was not.") % {"do": step.do})
    if step.name:
        stage.named[step.name] = result
    return Played(step, stage.now)


def _cannot(step: ScenarioStep, why: str) -> Invalid:
    return Invalid(_("Step %(line)s: %(why)s") % {"line": step.line, "why": why}, code="bad_step")


def _pass_time(since: datetime, until: datetime, *, speed: float, wait: Callable[[float], None]) -> None:
    """Let the desk's clocks fire at their own moments up to `until`, then tell people what they are owed."""
    at = since
    while (due := _next_fire(until)) is not None:
        moment = max(due, at)
        _wait(moment - at, speed=speed, wait=wait)
        at = moment
        with clock.shifted(start=at):
            tick(now=at)
            deliver_due(now=at)
    _wait(until - at, speed=speed, wait=wait)
    with clock.shifted(start=until):
        deliver_due(now=until)


def _next_fire(until: datetime) -> datetime | None:
    first: datetime | None = Alarm.objects.filter(at__lte=until).aggregate(first=Min("at"))["first"]
    return first


def _wait(length: timedelta, *, speed: float, wait: Callable[[float], None]) -> None:
    if speed and length > timedelta():
        wait(length.total_seconds() / speed)
