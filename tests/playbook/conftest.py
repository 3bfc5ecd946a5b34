"""The demo's people and rules, and the port its feeds are served at while a story plays."""

from collections.abc import Callable, Iterator
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.test import override_settings
from django.utils import translation

from accounts.enums import Function, UnitKind
from accounts.models import Unit, User
from playbook.feeds import feeds_served
from playbook.replay import Played, replay
from playbook.scenario import Scenario, read_scenario
from tests.factories.accounts import UserFactory
from tests.monitoring.web_server import closed_port

STORY = django_settings.BASE_DIR / "fixtures" / "scenarios" / "jinqiao-leak.yaml"
Tell = Callable[[Scenario, datetime], list[Played]]


def demo_settings(folder: Path) -> Any:
    return override_settings(
        DEMO=True,
        SITE_URL=f"http://127.0.0.1:{closed_port()}",
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        MEDIA_ROOT=folder / "files",
        MAIL_DIR=folder / "mail",
        STATIC_ROOT=folder,
        STORAGES=django_settings.STORAGES
        | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}},
    )


def tell(story: Scenario, present: datetime) -> list[Played]:
    with feeds_served() as address:
        return list(replay(story, present=present, feed_address=address))


@pytest.fixture(scope="module")
def told(
    django_db_setup: None, django_db_blocker: Any, _empty_static_root: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Played]]:
    """The demo's story told once for all tests of a module, ending on 21 November 2026 at 17:00 in Shanghai."""
    present = datetime.fromisoformat("2026-11-21T17:00+08:00")
    with django_db_blocker.unblock(), demo_settings(tmp_path_factory.mktemp("told")), translation.override("en"):
        call_command("load_defaults", verbosity=0, stdout=StringIO())
        try:
            yield tell(read_scenario(STORY), present)
        finally:
            call_command("flush", interactive=False, verbosity=0)


@pytest.fixture
def demo(transactional_db: None, tmp_path: Path) -> Iterator[None]:
    with demo_settings(tmp_path):
        yield


@pytest.fixture
def somebody(demo: None) -> User:
    """An agent at a desk, for stories of a few lines."""
    call_command("load_runbooks", verbosity=0)
    call_command("load_categories", verbosity=0)
    branch = Unit.objects.create(code="branch", kind=UnitKind.BRANCH, name={"en": "Branch"})
    desk = Unit.objects.create(
        code="desk",
        kind=UnitKind.DEPARTMENT,
        function=Function.CUSTOMER_SERVICE,
        parent=branch,
        name={"en": "Customer service"},
    )
    user: User = UserFactory(username="agent", unit=desk, roles=["agent"])
    return user
