"""Units and people. Names are in English on purpose: tests read the English screens."""

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


def build_department(parent: Unit, function: Function) -> Unit:
    """Not saved yet: the whole organisation's departments go in at once."""
    code = f"{parent.code}-{function.replace('_', '-')}"
    department: Unit = DepartmentFactory.build(code=code, parent=parent, function=function)
    return department
