"""The door of this room: everything other rooms call, from one place."""

from escalation.auditor import audit
from escalation.clocks import Plan, acknowledge, pause, resume, start_clock
from escalation.handover import move_runs
from escalation.reopening import reopen_step, take_back
from escalation.runs import cancel_run, regrade, relabel, set_base, set_owner, start_run
from escalation.steps import assign_step, complete_step, deliver, move_step, waive_step
from escalation.tick import tick

__all__ = [
    "Plan",
    "acknowledge",
    "assign_step",
    "audit",
    "cancel_run",
    "complete_step",
    "deliver",
    "move_runs",
    "move_step",
    "pause",
    "regrade",
    "relabel",
    "reopen_step",
    "resume",
    "set_base",
    "set_owner",
    "start_clock",
    "start_run",
    "take_back",
    "tick",
    "waive_step",
]
