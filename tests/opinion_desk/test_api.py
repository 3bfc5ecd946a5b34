import json
from io import StringIO

import pytest
from django.core.management import call_command
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from opinion_desk.api import kind_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def schema(client):
    return json.loads(client.get("/api/v1/schema/?format=json").content)


def test_the_schema_is_valid_openapi_3_1(schema):
    validate(schema, cls=OpenAPIV31SpecValidator)

    assert schema["openapi"] == "3.1.1"


def test_the_schema_is_made_without_a_warning():
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=StringIO())


def test_every_operation_may_answer_with_a_problem(schema):
    operations = [op for item in schema["paths"].values() for name, op in item.items() if name in {"get", "post"}]

    answers = {json.dumps(list(op["responses"]["default"]["content"])) for op in operations}

    assert answers == {'["application/problem+json"]'}


def test_every_operation_wants_a_token(schema):
    open_to_all = [
        f"{name} {path}"
        for path, item in schema["paths"].items()
        for name, operation in item.items()
        if name != "parameters" and operation.get("security") != [{"bearer": []}]
    ]

    assert open_to_all == []


def test_the_reference_page_names_every_operation_and_schema(client, schema):
    page = client.get("/api/v1/docs/").content.decode()

    anchors = [
        op["operationId"] for item in schema["paths"].values() for key, op in item.items() if key != "parameters"
    ]
    missing = [anchor for anchor in anchors if f'id="{anchor}"' not in page]
    assert missing == []
    assert [name for name in schema["components"]["schemas"] if f'id="schema-{name}"' not in page] == []


def test_the_reference_page_has_nothing_inline(client):
    page = client.get("/api/v1/docs/").content.decode()

    assert " style=" not in page
    assert "<script>" not in page


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"$ref": "#/components/schemas/Case"}, "Case"),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Case"}}, "array of Case"),
        ({"type": ["string", "null"], "format": "date-time"}, "string (date-time) or null"),
        ({"oneOf": [{"type": "string"}, {"type": "null"}]}, "string or null"),
        ({"type": "integer", "enum": [1, 2]}, "integer or one of 1, 2"),
        ({}, "any"),
    ],
)
def test_a_type_is_said_in_words(schema, words):
    assert kind_of(schema) == words
