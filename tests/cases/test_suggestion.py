"""The category suggested from the words: chosen beforehand, explained, and never in the way of the person."""

import pytest
from django.core.management import call_command
from django.urls import reverse

from cases.suggestion import suggest_category
from tests.factories.cases import CaseFactory

pytestmark = pytest.mark.django_db
LEAK = "热水器安装后漏水，地板全泡坏了，质量太差"


@pytest.fixture
def categories():
    call_command("load_categories", verbosity=0)


def test_it_says_what_a_complaint_seems_to_be_and_which_words_say_so(categories):
    suggestion = suggest_category(LEAK)

    assert suggestion is not None
    assert (suggestion.category.code, suggestion.severity) == ("product_quality", 2)
    assert suggestion.reasons
    assert set(suggestion.reasons) <= {word for word in suggestion.reasons if word in LEAK}


def test_a_few_signs_say_nothing(categories):
    assert suggest_category("漏水") is None


def test_the_new_complaint_shows_it_while_one_types(categories, agent, sign_in):
    answer = sign_in(agent).post(reverse("cases:new_hints"), {"title": LEAK})

    assert "Product quality" in answer.content.decode()
    assert "Suggested, " in answer.content.decode()


def test_the_form_of_classifying_has_it_chosen_beforehand(categories, agent, sign_in, org):
    case = CaseFactory(unit=org.branch, title=LEAK)
    page = sign_in(agent).get(reverse("cases:act", args=[case.number, "classify"])).content.decode()

    suggestion = suggest_category(LEAK)
    assert suggestion is not None
    assert f'<option value="{suggestion.category.pk}" selected>' in page
    assert str(suggestion.because) in page.replace("&#x27;", "'")
