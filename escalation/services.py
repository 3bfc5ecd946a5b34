"""The door of this room: everything other rooms call, from one place."""

from escalation.auditor import audit
from escalation.breaches import give_reason
from escalation.clocks import Plan, acknowledge, pause, resume, start_clock
from escalation.handover import move_runs, pass_run
from escalation.reopening import reopen_step, take_back
from escalation.runs import cancel_run, regrade, regrade_all, relabel, set_base, set_owner
from escalation.shift_change import confirm_handover, hand_shift_over, refuse_handover
from escalation.starting import Start, start_run, start_runs
from escalation.steps import assign_step, complete_step, deliver, move_step, set_time, waive_step
from escalation.tick import tick

__all__ = [
    "Plan",
    "Start",
    "acknowledge",
    "assign_step",
    "audit",
    "cancel_run",
    "complete_step",
    "confirm_handover",
    "deliver",
    "give_reason",
    "hand_shift_over",
    "move_runs",
    "move_step",
    "pass_run",
    "pause",
    "refuse_handover",
    "regrade",
    "regrade_all",
    "relabel",
    "reopen_step",
    "resume",
    "set_base",
    "set_owner",
    "set_time",
    "start_clock",
    "start_run",
    "start_runs",
    "take_back",
    "tick",
    "waive_step",
]
