"""Units and people. Names are in English on purpose: tests read the English screens."""

from typing import Any

import factory
from factory.django import DjangoModelFactory

from accounts.enums import Function, UnitKind
from accounts.models import Unit, User

PASSWORD = "a-long-enough-password"


class UnitFactory(DjangoModelFactory[Unit]):
    class Meta:
        model = Unit

    code = factory.Sequence(lambda n: f"unit-{n}")
    name = factory.LazyAttribute(lambda unit: {"zh-hans": unit.code, "en": unit.code})
    kind = UnitKind.BRANCH


class DepartmentFactory(UnitFactory):
    kind = UnitKind.DEPARTMENT
    function = Function.CUSTOMER_SERVICE


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"person-{n}")
    display_name = factory.LazyAttribute(lambda user: user.username.capitalize())
    email = factory.LazyAttribute(lambda user: f"{user.username}@desk.example")
    roles: list[str] = []
    language = "en"
    password = factory.django.Password(PASSWORD)


def make_department(parent: Unit, function: Function, *, head: User | None = None, **fields: Any) -> Unit:
    fields.setdefault("code", f"{parent.code}-{function.replace('_', '-')}")
    return DepartmentFactory(parent=parent, function=function, head=head, **fields)
