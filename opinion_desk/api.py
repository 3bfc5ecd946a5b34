"""The API's root: every room's addresses, the schema, and the reference page made from it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

METHODS = ("get", "post", "put", "patch", "delete")
PROBLEM = {
    "type": "object",
    "description": "RFC 9457.",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "A stable word to act on."},
        "errors": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
    },
}


def add_problems(result: dict[str, Any], **_context: object) -> dict[str, Any]:
    """Schema hook: every operation may answer with a problem."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for _path, _method, operation in _operations(result):
        operation.setdefault("responses", {}).setdefault("default", {"description": "Refused.", "content": content})
    return result


def _operations(schema: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in schema.get("paths", {}).items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


# ---- the reference page ------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A parameter or a property: name, type in words, whether it must be given, what it is."""

    name: str
    kind: str
    is_required: bool
    text: str
    place: str = ""


@dataclass(frozen=True)
class Operation:
    anchor: str
    method: str
    path: str
    text: str
    parameters: list[Row]
    body: str
    answers: list[tuple[str, str, str]]


@dataclass(frozen=True)
class Component:
    name: str
    text: str
    rows: list[Row]
    values: list[str] = field(default_factory=list)


@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    generator: Any = SchemaGenerator  # untyped
    schema = generator(api_version="v1").get_schema(request=None, public=True)
    context = {"rooms": _rooms(schema), "components": _components(schema)}
    return render(request, "api/reference.html", context)


def _rooms(schema: dict[str, Any]) -> dict[str, list[Operation]]:
    rooms: dict[str, list[Operation]] = {}
    for path, method, operation in _operations(schema):
        tag = (operation.get("tags") or ["api"])[0]
        rooms.setdefault(tag, []).append(_operation(path, method, operation))
    return rooms


def _operation(path: str, method: str, operation: dict[str, Any]) -> Operation:
    parameters = [
        Row(
            given["name"],
            kind_of(given.get("schema", {})),
            given.get("required", False),
            given.get("description", ""),
            given["in"],
        )
        for given in operation.get("parameters", [])
    ]
    answers = [
        (status, answer.get("description", ""), _content(answer)) for status, answer in operation["responses"].items()
    ]
    text = operation.get("description") or operation.get("summary", "")
    body = _content(operation.get("requestBody", {}))
    return Operation(operation["operationId"], method.upper(), path, text, parameters, body, answers)


def _content(holder: dict[str, Any]) -> str:
    return next((kind_of(one.get("schema", {})) for one in holder.get("content", {}).values()), "")


def _components(schema: dict[str, Any]) -> list[Component]:
    return [_component(name, body) for name, body in sorted(schema.get("components", {}).get("schemas", {}).items())]


def _component(name: str, body: dict[str, Any]) -> Component:
    required = body.get("required", [])
    rows = [
        Row(key, kind_of(value), key in required, value.get("description", ""))
        for key, value in body.get("properties", {}).items()
    ]
    return Component(name, body.get("description", ""), rows, [str(value) for value in body.get("enum", [])])


def kind_of(schema: dict[str, Any]) -> str:
    """A schema's type as one would say it: `array of Case`, `string (date-time) or null`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    for key in ("allOf", "oneOf", "anyOf"):
        if key in schema:
            return " or ".join(kind_of(part) for part in schema[key])
    if "items" in schema:
        return f"array of {kind_of(schema['items'])}"
    return _plain_kind(schema)


def _plain_kind(schema: dict[str, Any]) -> str:
    kinds = schema.get("type", "")
    words = [kinds] if isinstance(kinds, str) else list(kinds)
    if words and "format" in schema:
        words[0] = f"{words[0]} ({schema['format']})"
    if "enum" in schema:
        words.append("one of " + ", ".join(str(value) for value in schema["enum"] if value is not None))
    return " or ".join(word for word in words if word) or "any"
