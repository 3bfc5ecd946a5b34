"""What this room brings to runbooks: the deliverables of its work, and the runbooks it starts."""

from django.utils.translation import gettext_lazy as _

from escalation.registry import register_deliverables, register_kept, register_starter

register_deliverables(
    {
        "case_classified": _("The case is classified"),
        "first_contact": _("The complainant was contacted"),
        "investigation_finished": _("The investigation is finished"),
        "plan_submitted": _("The plan is submitted"),
        "plan_approved": _("The plan is approved"),
        "outcome_told": _("The complainant was told the outcome"),
        "measures_evidenced": _("The measures are evidenced"),
        "callback_done": _("The call-back is made"),
        "decided": _("A plan or reply is decided"),
        "task_answered": _("The department's answer"),
    },
    by_itself=True,
)
register_deliverables(
    {
        "acceptance_told": _("The authority's decision whether to accept"),
        "mediation_ended": _("The end of the mediation"),
        "termination_told": _("Word that the mediation was ended"),
        "clue_checked": _("The result of checking the report"),
        "filing_told": _("Word whether the report is pursued"),
        "hotline_answered": _("The answer to the hotline"),
    },
    by_itself=False,
)
register_starter("complaint", "case", _("every new case"))
register_starter("approval", "plan", _("every plan that is submitted"))
register_starter("department_task", "task", _("every task to a department"))
register_starter("regulator", "12315", _("every complaint that 12315 hands over"), needed=False)
register_starter("regulator_report", "12315", _("every report of wrongdoing that 12315 hands over"), needed=False)
register_starter("hotline_12345", "12345", _("every case that 12345 hands over"), needed=False)
register_kept(
    "department_task",
    _("Decide it on the page of the task: there it is withdrawn, given another time or given to somebody."),
)
