"""Everything that changes a case. Browser, API, mail and background work call these, and nothing else writes."""

from cases.services.attachments import NewFile, attach_file
from cases.services.file import (
    add_finding,
    add_note,
    add_suggestion,
    record_callback,
    record_contact,
    schedule_callback,
    verify_finding,
)
from cases.services.handling import (
    add_flags,
    assign_case,
    change_confidentiality,
    edit_facts,
    hand_over,
    name_person,
    reclassify,
    release_person,
    share_with_unit,
)
from cases.services.intake import open_case
from cases.services.people import ComplainantData, change_complainant, reveal_personal
from cases.services.performing import allowed_transitions, perform
from cases.services.plans import (
    MeasureData,
    add_measure,
    complete_measure,
    draft_plan,
    plan_changes,
    remove_measure,
)
from cases.services.runbooks import start_runbook
from cases.services.tasks import answer_task, ask_department, assign_task, give_time, pass_on, withdraw_task

__all__ = [
    "ComplainantData",
    "MeasureData",
    "NewFile",
    "add_finding",
    "add_flags",
    "add_measure",
    "add_note",
    "add_suggestion",
    "allowed_transitions",
    "answer_task",
    "ask_department",
    "assign_case",
    "assign_task",
    "attach_file",
    "change_complainant",
    "change_confidentiality",
    "complete_measure",
    "draft_plan",
    "edit_facts",
    "give_time",
    "hand_over",
    "name_person",
    "open_case",
    "pass_on",
    "perform",
    "plan_changes",
    "reclassify",
    "record_callback",
    "record_contact",
    "release_person",
    "remove_measure",
    "reveal_personal",
    "schedule_callback",
    "share_with_unit",
    "start_runbook",
    "verify_finding",
    "withdraw_task",
]
