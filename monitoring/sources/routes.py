"""Routes of RSSHub and platforms of NewsNow, as data: what a person picks instead of writing an address.

Not checked against a running upstream unless `checked` says so: routes change, and each asks for what its platform
asks for.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import yaml
from django.conf import settings
from django.utils.translation import get_language

_PARAMETER = re.compile(r":([a-z_]+)(\?)?")
Names = Mapping[str, str]


@dataclass(frozen=True)
class Parameter:
    name: str
    title: Names
    example: str
    is_optional: bool

    @property
    def words(self) -> str:
        return in_language(self.title)


@dataclass(frozen=True)
class Route:
    code: str
    platform: Names
    title: Names
    template: str  # "/weibo/keyword/:keyword"
    source_type: str
    parameters: tuple[Parameter, ...]
    needs: tuple[str, ...]  # "cookies", "browser", "proxy"
    is_checked: bool

    @property
    def platform_words(self) -> str:
        return in_language(self.platform)

    @property
    def words(self) -> str:
        return in_language(self.title)

    def path(self, given: Mapping[str, str]) -> str:
        """The template with its parameters in place, each a single safe segment; raises KeyError for a missing one."""

        def put(found: re.Match[str]) -> str:
            value = str(given.get(found[1], "")).strip()
            if not value and not found[2]:
                raise KeyError(found[1])
            return quote(value, safe="") if value not in {".", ".."} else ""

        return _PARAMETER.sub(put, self.template).rstrip("/")


@dataclass(frozen=True)
class Platform:
    """A hot list: links of its answers must lead to these domains."""

    code: str
    title: Names
    domains: tuple[str, ...]
    source_type: str

    @property
    def words(self) -> str:
        return in_language(self.title)

    def owns(self, url: str) -> bool:
        """https and on one of the platform's domains, by host name and not by substring."""
        try:
            parts = urlsplit(url)
            host = (parts.hostname or "").rstrip(".")
        except ValueError:
            return False
        return parts.scheme == "https" and any(host == own or host.endswith(f".{own}") for own in self.domains)


def in_language(names: Names) -> str:
    return names.get(get_language() or "") or names.get(settings.LANGUAGE_CODE) or names.get("zh-hans", "")


@lru_cache(maxsize=1)
def routes() -> dict[str, Route]:
    return {row["code"]: _route(row) for row in _loaded("routes")}


def route_of(code: str) -> Route | None:
    return routes().get(code)


@lru_cache(maxsize=1)
def platforms() -> dict[str, Platform]:
    return {
        row["code"]: Platform(row["code"], row["title"], tuple(row["domains"]), row["source_type"])
        for row in _loaded("hotlists")
    }


def _route(row: dict[str, Any]) -> Route:
    optional = {name: bool(mark) for name, mark in _PARAMETER.findall(row["template"])}
    parameters = tuple(
        Parameter(each["name"], each["title"], str(each["example"]), optional[each["name"]])
        for each in row.get("parameters", ())
    )
    return Route(
        code=row["code"],
        platform=row["platform"],
        title=row["title"],
        template=row["template"],
        source_type=row["source_type"],
        parameters=parameters,
        needs=tuple(row.get("needs", ())),
        is_checked=bool(row.get("checked")),
    )


def _loaded(name: str) -> list[dict[str, Any]]:
    path = Path(settings.BASE_DIR) / "fixtures" / "monitoring" / f"{name}.yaml"
    rows: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return rows
