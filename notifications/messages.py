"""
Kinds of messages and their words.

A row keeps kind and params; the words are made when it is read or sent, in the recipient's language. In params a dict
of languages becomes the recipient's one, and a name that ends in `_at` (ISO 8601) becomes a moment of the desk's zone.
Personal data never stands in params: they refer to the case, and the gate decides who sees it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.utils import formats, timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

LANGUAGES = ("zh-hans", "zh-hant", "en")
Text = str | Promise


@dataclass(frozen=True)
class Action:
    """A button beside an inbox item: it posts to the address."""

    label: Text
    url: str


# Params, the person's id and the desk's own address make an absolute link that acts without signing in.
Quick = Callable[[dict[str, Any], int, str], Action | None]


@dataclass(frozen=True)
class Kind:
    title: Text
    body: Text
    words: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    action: Callable[[dict[str, Any]], Action | None] | None = None
    quick: Quick | None = None
    link: Callable[[dict[str, Any]], Action | None] | None = None


class Message(Protocol):
    @property
    def kind(self) -> str: ...
    @property
    def params(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Rendered:
    title: str
    body: str


_kinds: dict[str, Kind] = {}
UNKNOWN = Kind(title=_("News from the desk"), body=_("Open the desk to read it."))


def register(
    kind: str,
    *,
    title: Text,
    body: Text = "",
    words: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
    action: Callable[[dict[str, Any]], Action | None] | None = None,
    quick: Quick | None = None,
    link: Callable[[dict[str, Any]], Action | None] | None = None,
) -> None:
    """`words` may add params made at reading time (in the reader's language); `action` offers a button in the inbox,
    `quick` a signed link in mail and robot messages, `link` a second address in the inbox where something is asked."""
    _kinds[kind] = Kind(title, body, words, action, quick, link)


def in_language(words: Any, language: str | None = None) -> str:
    """One of the languages of a name in rule data: the wanted one, else Simplified Chinese, else any."""
    if not isinstance(words, Mapping):
        return str(words or "")
    wanted = (language or translation.get_language() or LANGUAGES[0]).lower()
    return str(words.get(wanted) or words.get(LANGUAGES[0]) or next(iter(words.values()), ""))


def render(message: Message, *, language: str | None = None) -> Rendered:
    """In the given language, else the active one. A message whose params are short still reaches people."""
    kind = _kinds.get(message.kind, UNKNOWN)
    with translation.override(language or translation.get_language()):
        params = _readable(message.params)
        if kind.words is not None:
            params |= kind.words(message.params)
        return Rendered(title=_filled(kind.title, params), body=_filled(kind.body, params))


def action_of(message: Message) -> Action | None:
    kind = _kinds.get(message.kind, UNKNOWN)
    return kind.action(message.params) if kind.action is not None else None


def link_of(message: Message) -> Action | None:
    kind = _kinds.get(message.kind, UNKNOWN)
    return kind.link(message.params) if kind.link is not None else None


def quick_of(message: Message, *, user_id: int, base_url: str) -> Action | None:
    kind = _kinds.get(message.kind, UNKNOWN)
    return kind.quick(message.params, user_id, base_url) if kind.quick is not None else None


def _filled(text: Text, params: dict[str, Any]) -> str:
    return str(text) % _Blanks(params)


class _Blanks(dict[str, Any]):
    def __missing__(self, _key: str) -> str:
        return "…"


def _readable(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _word(name, value) for name, value in params.items()}


def _word(name: str, value: Any) -> Any:
    if isinstance(value, Mapping) and any(language in value for language in LANGUAGES):
        return in_language(value)
    if name.endswith("_at") and isinstance(value, str):
        return moment_words(value)
    return value


def moment_words(iso: str) -> str:
    try:
        moment = datetime.fromisoformat(iso)
    except ValueError:
        return iso
    return formats.date_format(timezone.localtime(moment), "Y-m-d H:i")
