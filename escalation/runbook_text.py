"""The text form of a runbook: YAML that people read, keep and send, in one fixed order; read back it is the same."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import yaml
from django.utils.translation import gettext as _

from escalation.faults import BadRunbook, Fault, Path, faults_of

LONGEST = 200_000
DEEPEST = 20  # tables and lists within each other; the runbooks of the house need seven
ORDER = (
    *("code", "title", "counts_working_time", "started_by_hand", "pausable", "backdating_needs_reason_after"),
    *("ladder", "steps"),
    *("warnings", "climbs", "repeat", "position", "zh-hans", "zh-hant", "en", "due", "lead", "co_lead", "supporting"),
    *("shared", "by_hand", "follows_owner", "remind_after", "completes_on", "deliverable", "source"),
    *("earlier_of", "first_known", "after", "from", "tell", "every", "at_most", "function", "level"),
    *("law", "article", "effective_from", "checked"),
)
PLACE = {name: place for place, name in enumerate(ORDER)}


def text_of(body: Mapping[str, Any]) -> str:
    return yaml.safe_dump(_ordered(body), allow_unicode=True, sort_keys=False, width=110)


def _ordered(value: Any) -> Any:
    """As one writes it: the database keeps no order of keys. Grades are numbers again."""
    if isinstance(value, Mapping):
        keys = sorted(value, key=lambda key: (PLACE.get(key, len(PLACE)), key))
        return {int(key) if key.isdigit() else key: _ordered(value[key]) for key in keys}
    return [_ordered(each) for each in value] if isinstance(value, list) else value


def parse(text: str) -> dict[str, Any]:
    """The checked body, or BadRunbook with the line of every fault."""
    try:
        lines = _lines(text)
        body = as_json(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise BadRunbook([_not_yaml(error)]) from error
    if found := faults_of(body):
        raise BadRunbook([_at_line(fault, lines) for fault in found], found=found)
    checked: dict[str, Any] = body
    return checked


def as_json(value: Any) -> Any:
    """As JSON would keep it: keys are text (grades are written as numbers), days are text."""
    if isinstance(value, dict):
        return {str(key): as_json(each) for key, each in value.items()}
    if isinstance(value, list):
        return [as_json(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value


def _lines(text: str) -> dict[Path, int]:
    """Where every part stands, lines counted from 1."""
    if len(text) > LONGEST:
        raise BadRunbook([_("the text is longer than %(most)s characters") % {"most": LONGEST}])
    _refuse_bombs(text)
    lines: dict[Path, int] = {}
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if node is not None:
        _walk(node, (), lines)
    return lines


def _refuse_bombs(text: str) -> None:
    """References would let a small text grow huge, and the time for nested brackets grows with the square of them."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise BadRunbook([_("references (& and *) are not possible here; write the part out")])
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise BadRunbook([_("too deeply nested; a runbook is a flat table")])


def _walk(node: yaml.Node, path: Path, lines: dict[Path, int]) -> None:
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*path, str(key.value))
            _walk(value, inner, lines)
            lines[inner] = key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for place, value in enumerate(node.value):
            _walk(value, (*path, place), lines)


def _at_line(fault: Fault, lines: Mapping[Path, int]) -> str:
    path: Sequence[str | int] = fault.path
    while path and tuple(path) not in lines:
        path = path[:-1]
    line = lines.get(tuple(path), 1)
    where = ".".join(str(part + 1) if isinstance(part, int) else part for part in fault.path)
    words = _("line %(line)s, %(path)s: %(text)s") if where else _("line %(line)s: %(text)s")
    return words % {"line": line, "path": where, "text": fault.text}


def _not_yaml(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return _("not YAML: %(error)s") % {"error": str(error)[:200]}
    words = _("line %(line)s: not YAML (%(problem)s); compare it with an exported runbook")
    return words % {"line": mark.line + 1, "problem": getattr(error, "problem", "") or ""}
