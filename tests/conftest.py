"""What every test finds: a small organisation, its cast, a fixed moment, and a database that forgets."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.core.management.commands import flush
from django.db import connections
from django.test import Client
from django.utils import translation
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.enums import Function, Role, UnitKind
from accounts.models import Unit, User
from accounts.services import create_token
from tests.factories.accounts import UnitFactory, UserFactory, build_department
from tests.factories.kept import lay
from tests.factories.roster import put_on_duty

SHANGHAI = ZoneInfo("Asia/Shanghai")

BRANCH_FUNCTIONS = (
    Function.GENERAL_OFFICE,
    Function.OPINION_TEAM,
    Function.CUSTOMER_SERVICE,
    Function.PR,
    Function.OPERATIONS,
)
REGION_FUNCTIONS = (Function.CUSTOMER_SERVICE, Function.PR, Function.OPERATIONS)
GROUP_FUNCTIONS = (
    Function.PR,
    Function.OPERATIONS,
    Function.LEGAL,
    Function.FINANCE,
    Function.CUSTOMER_SERVICE,
    Function.EMERGENCY_TEAM,
)


@dataclass(frozen=True)
class Organisation:
    """One group, one region with a branch, another region with another branch; every unit has its departments."""

    group: Unit
    region: Unit
    branch: Unit
    other_region: Unit
    other_branch: Unit

    def department(self, unit: Unit, function: Function | str) -> Unit:
        return Unit.objects.get(parent=unit, function=function)


# code, kind, the unit above, departments; from the top down
TREE = (
    ("group", UnitKind.GROUP, None, GROUP_FUNCTIONS),
    ("east", UnitKind.REGION, "group", REGION_FUNCTIONS),
    ("south", UnitKind.REGION, "group", REGION_FUNCTIONS),
    ("east-branch", UnitKind.BRANCH, "east", BRANCH_FUNCTIONS),
    ("south-branch", UnitKind.BRANCH, "south", BRANCH_FUNCTIONS),
)


@pytest.fixture
def org(db: None) -> Organisation:
    """Everything has a head."""
    lay([Unit, User], made_by=_found)
    units = Unit.objects.select_related("head", "parent__parent").in_bulk([row[0] for row in TREE], field_name="code")
    return Organisation(
        group=units["group"],
        region=units["east"],
        branch=units["east-branch"],
        other_region=units["south"],
        other_branch=units["south-branch"],
    )


def _found() -> None:
    units: dict[str, Unit] = {}
    for code, kind, above, _functions in TREE:
        names = {"zh-hans": code, "en": code.replace("-", " ")}
        units[code] = UnitFactory(code=code, kind=kind, parent=units.get(above or ""), name=names)
    departments = [
        build_department(units[code], function) for code, _kind, _above, functions in TREE for function in functions
    ]
    Unit.objects.bulk_create(departments)
    _give_heads([*units.values(), *departments])


def _give_heads(units: list[Unit]) -> None:
    heads = [UserFactory.build(username=f"head-of-{unit.code}", unit=unit, roles=[Role.LIAISON]) for unit in units]
    for unit, head in zip(units, User.objects.bulk_create(heads), strict=True):
        unit.head = head
        unit.path = f"{unit.parent.path if unit.parent else '/'}{unit.pk}/"
    Unit.objects.bulk_update(units, ["head", "path"])


@pytest.fixture
def agent(org: Organisation) -> User:
    """On duty for customer service of the branch, day and night."""
    unit = org.department(org.branch, Function.CUSTOMER_SERVICE)
    user: User = UserFactory(username="agent", unit=unit, roles=[Role.AGENT])
    put_on_duty(user)
    return user


@pytest.fixture
def supervisor(org: Organisation) -> User:
    unit = org.department(org.branch, Function.CUSTOMER_SERVICE)
    return UserFactory(username="supervisor", unit=unit, roles=[Role.SUPERVISOR])


@pytest.fixture
def monitor(org: Organisation) -> User:
    unit = org.department(org.group, Function.PR)
    return UserFactory(username="monitor", unit=unit, roles=[Role.MONITOR])


@pytest.fixture
def pr_officer(org: Organisation) -> User:
    unit = org.department(org.group, Function.PR)
    return UserFactory(username="pr-officer", unit=unit, roles=[Role.PR])


@pytest.fixture
def legal(org: Organisation) -> User:
    unit = org.department(org.group, Function.LEGAL)
    return UserFactory(username="legal", unit=unit, roles=[Role.LEGAL])


@pytest.fixture
def commander(org: Organisation) -> User:
    return UserFactory(username="commander", unit=org.group, roles=[Role.COMMANDER])


@pytest.fixture
def liaison(org: Organisation) -> User:
    unit = org.department(org.branch, Function.OPERATIONS)
    return UserFactory(username="liaison", unit=unit, roles=[Role.LIAISON])


@pytest.fixture
def administrator(org: Organisation) -> User:
    return UserFactory(username="administrator", unit=org.group, roles=[Role.ADMIN], is_staff=True)


@pytest.fixture
def outsider(org: Organisation) -> User:
    """On duty in the branch of the other region: must see nothing of ours."""
    unit = org.department(org.other_branch, Function.CUSTOMER_SERVICE)
    user: User = UserFactory(username="outsider", unit=unit, roles=[Role.AGENT])
    put_on_duty(user)
    return user


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 11, 21, 10, 0, tzinfo=SHANGHAI)


@pytest.fixture
def sign_in() -> Callable[[User], Client]:
    def signed_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return signed_in


@pytest.fixture
def api() -> Callable[..., APIClient]:
    """`api(agent, "cases:read")` speaks to the API with a token of the agent."""

    def client_of(user: User, *scopes: str) -> APIClient:
        _token, secret = create_token(user, scopes=scopes, name="test", now=datetime.now(SHANGHAI))
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
        return client

    return client_of


@pytest.fixture(autouse=True)
def _house(settings: Settings, tmp_path: Path) -> Iterator[None]:
    """English screens, a cheap password hash, files and mails in a folder of the test's own, an empty cache."""
    settings.LANGUAGE_CODE = "en"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.MEDIA_ROOT = tmp_path / "files"
    settings.MAIL_DIR = tmp_path / "mail"
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    cache.clear()
    with translation.override("en"):
        yield


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The stories of the whole desk are long and mostly waiting: they begin, the other process does the rest."""
    items.sort(key=lambda item: pytest.mark.xdist_group("desk").mark not in item.iter_markers())


@pytest.fixture(autouse=True, scope="session")
def _empty_static_root(tmp_path_factory: pytest.TempPathFactory) -> None:
    """WhiteNoise warns of a missing folder; served desks live as long as the session."""
    django_settings.STATIC_ROOT = tmp_path_factory.mktemp("static")


@pytest.fixture(autouse=True, scope="session")
def _flush_past_the_triggers() -> Iterator[None]:
    """Tests that commit are cleaned up by TRUNCATE, which the append-only tables refuse.

    As superuser the flush may do what the application's role may not: run with the triggers off.
    """
    original = flush.Command.handle

    def handle(self: flush.Command, **options: object) -> None:
        using = str(options["database"])
        with connections[using].cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
        try:
            # CASCADE: tables that no model names (partitions, sketches of a migration) are swept as well.
            # Ids are never given twice: `factories.kept` brings rows with theirs.
            original(self, **options | {"allow_cascade": True, "reset_sequences": False})
        finally:
            with connections[using].cursor() as cursor:
                cursor.execute("SET session_replication_role = DEFAULT")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flush.Command, "handle", handle)
        yield
