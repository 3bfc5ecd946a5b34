from cases.queries.duplicates import (
    Duplicate,
    cases_of_person,
    complainants_by_phone,
    duplicates_of,
    duplicates_of_case,
)
from cases.queries.listing import CaseFilters, find_cases, search
from cases.queries.mine import approvals_waiting_for, case_from, cases_of

__all__ = [
    "CaseFilters",
    "Duplicate",
    "approvals_waiting_for",
    "case_from",
    "cases_of",
    "cases_of_person",
    "complainants_by_phone",
    "duplicates_of",
    "duplicates_of_case",
    "find_cases",
    "search",
]
