"""A service's no, put where the person looks for it."""

import pytest
from django import forms

from accounts.errors import Conflict, Invalid, Refusal
from accounts.refusable import Refusable


class Visit(Refusable, forms.Form):
    renamed = {"guest.name": "name"}

    name = forms.CharField()
    day = forms.CharField()


@pytest.mark.parametrize(
    ("refused", "errors", "above"),
    [
        (Conflict("It is over."), {}, "It is over."),
        (Invalid("Wrong.", fields={"day": "A Sunday."}), {"day": ["A Sunday."]}, ""),
        (Invalid("Wrong.", fields={"day": ["A Sunday.", "Past."]}), {"day": ["A Sunday.", "Past."]}, ""),
        (Invalid("Wrong.", fields={"guest.name": "Who?"}), {"name": ["Who?"]}, ""),
        (Invalid("Wrong.", fields={"hour": "Too late."}), {}, "Wrong."),
        (Invalid("Wrong.", fields={"day": "A Sunday.", "hour": "Too late."}), {"day": ["A Sunday."]}, "Wrong."),
    ],
)
def test_a_no_stands_at_the_field_it_is_about_or_above_the_form(
    refused: Refusal, errors: dict[str, list[str]], above: str
) -> None:
    form = Visit({"name": "赵磊", "day": "2025-11-09"})
    assert form.is_valid()

    form.take(refused)

    assert {name: list(messages) for name, messages in form.errors.items()} == errors
    assert (form.refusal, form["name"].value()) == (above, "赵磊")
