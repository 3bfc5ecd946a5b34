from cases.models.access import Named, Share
from cases.models.attachment import Attachment
from cases.models.case import Case
from cases.models.category import Category
from cases.models.complainant import Complainant
from cases.models.counter import DailyCounter
from cases.models.plan import Measure, Plan
from cases.models.task import DepartmentTask
from cases.models.work import CallBack, Contact, Finding, Note, Suggestion, Waiver

__all__ = [
    "Attachment",
    "CallBack",
    "Case",
    "Category",
    "Complainant",
    "Contact",
    "DailyCounter",
    "DepartmentTask",
    "Finding",
    "Measure",
    "Named",
    "Note",
    "Plan",
    "Share",
    "Suggestion",
    "Waiver",
]
