"""Typed readers of the environment: a wrong value stops the start with a sentence that names it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

from django.core.exceptions import ImproperlyConfigured


def env_str(name: str, default: str = "") -> str:
    """The variable, or the content of the file that `NAME_FILE` points at (container secrets); empty means not set."""
    if path := os.environ.get(f"{name}_FILE"):
        return Path(path).read_text(encoding="utf-8").strip()
    return os.environ.get(name) or default


def env_bool(name: str, default: bool) -> bool:
    value = env_str(name, "1" if default else "0").lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} must be 1 or 0, not {value!r}.")


def env_int(name: str, default: int) -> int:
    value = env_str(name, str(default))
    try:
        return int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from None


def env_list(name: str, default: str = "") -> list[str]:
    return [item.strip() for item in env_str(name, default).split(",") if item.strip()]


def database_from_url(url: str) -> dict[str, Any]:
    """Django's settings of a `postgresql://user:pass@host:port/name?host=/socket` address."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured("DATABASE_URL must begin with postgresql://.")
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    host = query.pop("host", None) or unquote(parts.hostname or "")
    port = query.pop("port", None) or parts.port or ""
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "opinion_desk",
        "USER": unquote(parts.username or "") or query.pop("user", ""),
        "PASSWORD": unquote(parts.password or "") or query.pop("password", ""),
        "HOST": host,
        "PORT": str(port),
        "OPTIONS": query,
    }


def url_of_database(database: Mapping[str, Any]) -> str:
    """The address again, to tell another process: host and port as parameters, so that a socket's folder will do."""
    password = f":{quote(database['PASSWORD'], safe='')}" if database["PASSWORD"] else ""
    options = {key: str(value) for key, value in database.get("OPTIONS", {}).items() if isinstance(value, str | int)}
    places = {"host": database["HOST"], "port": str(database["PORT"])}
    query = urlencode({key: value for key, value in (places | options).items() if value})
    return f"postgresql://{quote(database['USER'], safe='')}{password}@/{quote(database['NAME'], safe='')}?{query}"
