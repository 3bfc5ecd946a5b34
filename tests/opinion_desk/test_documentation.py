"""The documentation says what is so: its links lead somewhere, its variables, commands, files and sweeps exist."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from django.conf import settings
from django.core.management import get_commands

ROOT: Path = settings.BASE_DIR
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
# Set by the desk for its own processes, and said in a sentence below the table.
OWN = {"DESK_LOCAL", "DESK_TESTING"}
# Made when somebody first needs it.
OPTIONAL = {"locale/zh_Hant.overrides.yaml"}


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def anchors_of(page: Path) -> set[str]:
    """Of headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(page: Path) -> Iterator[str]:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        path, _hash, anchor = unquote(target).partition("#")
        found = (page.parent / path).resolve() if path else page
        if not found.exists() or (anchor and anchor not in anchors_of(found)):
            yield target


def variables_of_the_code() -> set[str]:
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "opinion_desk").glob("*.py"))
    read = set(re.findall(r"env_(?:str|bool|int|list)\(\s*[\"']([A-Z_]+)[\"']", text))
    return (read | set(re.findall(r"\"(DESK_CLOCK_\w+)\"", text_of("timeline/now.py")))) - OWN


def variables_of_the_table(name: str) -> set[str]:
    rows = re.findall(r"^\| (`[A-Z_]+`[^|]*) \|", text_of(name), flags=re.MULTILINE)
    return {variable for row in rows for variable in re.findall(r"`([A-Z_]+)`", row)}


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_somewhere(name):
    assert list(broken_links(ROOT / name)) == []


@pytest.mark.parametrize("name", NAMES)
def test_every_file_that_is_named_exists(name):
    named = re.findall(r"`([\w.-]+(?:/[\w.-]+)*/[\w.-]+\.(?:py|yaml|html|js|css|toml|sh|po))`", text_of(name))

    assert [path for path in named if path not in OPTIONAL and not (ROOT / path).exists()] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_command_that_is_named_exists(name):
    named = set(re.findall(r"manage\.py ([a-z][a-z_]+)", text_of(name)))

    assert sorted(named - set(get_commands())) == []


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_table_of_configuration_is_complete(name):
    assert variables_of_the_table(name) == variables_of_the_code()


def test_every_sweep_stands_in_the_operations_page():
    named = re.findall(r"^\| `([a-z-]+)` \| (?:every|once)", text_of("docs/operations.md"), flags=re.MULTILINE)

    assert sorted(named) == sorted(settings.CELERY_BEAT_SCHEDULE)


def test_guides_come_in_both_languages():
    english, chinese = ({page.name for page in (ROOT / "docs/guide" / code).iterdir()} for code in ("en", "zh"))

    assert english == chinese
