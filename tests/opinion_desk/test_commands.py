import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from cases.models import Category
from escalation.models import RunbookVersion
from opinion_desk import alive

pytestmark = pytest.mark.django_db


def counts():
    return RunbookVersion.objects.count(), Category.objects.count(), User.objects.count()


def test_default_rules_are_loaded_once_however_often(settings):
    settings.DEMO = False
    call_command("load_defaults", verbosity=0)
    first = counts()

    call_command("load_defaults", verbosity=0)

    assert counts() == first
    assert first[0] > 0
    assert first[1] > 0
    assert first[2] == 0


def test_the_demo_brings_its_people(settings):
    settings.DEMO = True

    call_command("load_defaults", verbosity=0)

    accounts = {"agent", "supervisor", "monitor", "pr", "legal", "commander", "liaison", "admin"}
    assert set(User.objects.filter(username__in=accounts).values_list("username", flat=True)) == accounts
    assert User.objects.get(username="agent").check_password("opinion-desk")


def test_a_sign_of_life_is_asked_for_by_containers(monkeypatch, capsys):
    monkeypatch.setattr(alive, "_noted", {})
    alive.note("worker")

    call_command("sign_of_life", "worker")

    assert capsys.readouterr().out.endswith("s ago\n")
    with pytest.raises(CommandError, match="No sign of life"):
        call_command("sign_of_life", "beat")
