"""The timeline of a case refers to notes, contacts and findings; here their words are laid beside it, all at once."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Model

from cases.models import CallBack, Contact, DepartmentTask, Finding, Measure, Note, Suggestion
from escalation.models import Step
from timeline.models import Entry

WORDS = (CallBack, Contact, DepartmentTask, Finding, Measure, Note, Step, Suggestion)
WORDED: Mapping[str, type[Model]] = {model._meta.model_name or "": model for model in WORDS}


def with_words(entries: Sequence[Entry]) -> list[Entry]:
    """Each entry gets `.words`: the row it is about, or None. Cost: one query per kind of row on the page."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for entry in entries:
        kind, _colon, pk = entry.subject.partition(":")
        if kind in WORDED and pk.isdigit():
            wanted[kind].add(int(pk))
    found: dict[str, Any] = {}
    for kind, pks in wanted.items():
        rows = WORDED[kind]._default_manager.in_bulk(pks)
        found |= {f"{kind}:{pk}": row for pk, row in rows.items()}
    for entry in entries:
        entry.words = found.get(entry.subject)  # type: ignore[attr-defined] # for the templates of the verbs
    return list(entries)
