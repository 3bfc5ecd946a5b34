"""
What all chat robots have in common: an address with a secret in it, a JSON body, and an answer that has to be read.

The Chinese ones answer 200 whatever happened; the code stands in the body, and an answer without one is a refusal.
"""

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from accounts.errors import Invalid
from notifications.channels.base import ChannelBroken, Outcome, Outgoing, Pace, Rejected, RetryAfter, Sent, Target
from notifications.channels.layout import without_words
from notifications.messages import Text
from outbound.addresses import Refused, check_url, resolve
from outbound.posting import SECONDS_IN_ALL, Answer, NoAnswer, post
from outbound.waiting import retry_after

ANSWER_CHARACTERS = 500
_UNKNOWN_YET = frozenset({"too_slow", "disconnected"})  # it may have been taken: the same message goes again
_WRONG_PLACE = frozenset({401, 403, 404, 410})

WORDS: dict[str, Text] = {
    "connection": _lazy("Nobody answers at this address. Check host and port, and whether the desk may reach them."),
    "unknown_host": _lazy("No server has this name. Check the spelling of the address."),
    "private_address": _lazy(
        "The address leads into a private network. If it is meant so, allow that on the channel; metadata addresses of "
        "clouds, such as 169.254.169.254, are never called."
    ),
    "bad_address": _lazy("This is not an address that can be called. Enter it anew."),
    "credentials_in_address": _lazy("The address holds a user and a password. Take them out of it."),
    "tls": _lazy("The server's certificate does not hold. Its owner has to renew it; the desk does not look away."),
    "too_slow": _lazy("The server took too long to answer. The message goes out again."),
    "disconnected": _lazy("The server hung up in the middle. The message goes out again."),
    "no_code": _lazy("The answer holds no code that says it was taken, so it does not count as sent."),
    "429": _lazy("Too many messages in a short time. The desk waits as long as it was asked to."),
}


@dataclass(frozen=True)
class Reply:
    """An answer as adapters read it. `data` is the JSON object of the body, empty where there is none."""

    status: int
    headers: Mapping[str, str]
    text: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Codes:
    """What the codes of a robot's answers mean; every other one is a refusal of the message."""

    throttled: frozenset[str] = frozenset()
    later: frozenset[str] = frozenset()
    broken: frozenset[str] = frozenset()


class Robot(ABC):
    """`hosts` and `path` say what an address of this kind looks like; `words` explain its codes to people."""

    kind: ClassVar[str]
    pace: ClassVar[Pace]
    hosts: ClassVar[tuple[str, ...]]
    hosts_abroad: ClassVar[tuple[str, ...]] = ()
    path: ClassVar[re.Pattern[str]]
    address_like: ClassVar[str]
    codes: ClassVar[Codes] = Codes()
    words: ClassVar[Mapping[str, Text]] = {}

    def send(self, target: Target, message: Outgoing, *, now: datetime) -> Outcome:
        url, payload = self.compose(target, without_words(message) if self.is_mute(target) else message, now=now)
        body = json.dumps(payload, ensure_ascii=False).encode()
        reply = called(target, url, body, {"Content-Type": "application/json; charset=utf-8"})
        return reply if not isinstance(reply, Reply) else self._read(reply, now=now)

    def is_mute(self, target: Target) -> bool:
        """Numbers and addresses only; so it is abroad, unless an administrator decides otherwise."""
        is_abroad = (urlsplit(target.url).hostname or "") in self.hosts_abroad
        return bool(target.options.get("ids_only", is_abroad))

    @abstractmethod
    def compose(self, target: Target, message: Outgoing, *, now: datetime) -> tuple[str, dict[str, Any]]:
        """The address of this one call and its JSON body."""

    @abstractmethod
    def judge(self, reply: Reply) -> Outcome | None:
        """By the code of the body; None where there is none."""

    def _read(self, reply: Reply, *, now: datetime) -> Outcome:
        outcome = self.judge(reply) if reply.status < 500 else None
        if outcome is None or (isinstance(outcome, Sent) and reply.status != 200):
            return by_status(reply, now=now)
        return outcome

    def by_code(self, code: str, said: str) -> Outcome:
        if code == "0":
            return Sent(code, said)
        if code in self.codes.throttled:
            return RetryAfter(code, said, self.pace.penalty_seconds, throttled=True)
        if code in self.codes.later:
            return RetryAfter(code, said)
        return ChannelBroken(code, said) if code in self.codes.broken else Rejected(code, said)

    def check(self, target: Target) -> None:
        """An address of the vendor's own, or of a relay of ours where the administrator says that it is one."""
        check_address(target.url, allow_private=target.allow_private)
        parts = urlsplit(target.url)
        at_home = (parts.hostname or "") in self.hosts and parts.scheme == "https" and parts.port in {None, 443}
        if not (at_home or target.options.get("relay")) or not self.path.search(_tail(target.url)):
            sentence = _("This is not a robot address of this kind. Copy it whole from the group's settings: %(like)s")
            sentence %= {"like": self.address_like}
            raise Invalid(sentence, fields={"url": sentence})
        if not at_home:
            check_reachable(target.url, allow_private=target.allow_private)

    def explain(self, outcome: Outcome) -> str:
        return explained(outcome, self.words)


def called(target: Target, url: str, body: bytes, headers: Mapping[str, str]) -> Reply | ChannelBroken | RetryAfter:
    """One POST. Whatever comes back holds no secret of the target: servers like to quote what they were asked."""
    answer = post(url, body, headers=headers, allow_private=target.allow_private, seconds=SECONDS_IN_ALL)
    if isinstance(answer, NoAnswer):
        detail = scrubbed(answer.detail, target)
        later = answer.code in _UNKNOWN_YET
        return RetryAfter(answer.code, detail) if later else ChannelBroken(answer.code, detail)
    text = scrubbed(answer.body.decode("utf-8", "replace"), target)
    return Reply(answer.status, answer.headers, text[:ANSWER_CHARACTERS], _object_in(answer, target))


def by_status(reply: Reply, *, now: datetime) -> Outcome:
    """Where the body says nothing: 429 and 5xx later, a wrong place breaks the channel, all else is a refusal."""
    code, status = str(reply.status), reply.status
    if status == 429 or status >= 500:
        return RetryAfter(code, reply.text, asked_to_wait(reply, now=now), throttled=status == 429)
    if 300 <= status < 400 or status in _WRONG_PLACE:
        return ChannelBroken(code, reply.text)
    return Rejected("no_code" if status < 300 else code, reply.text)


def asked_to_wait(reply: Reply, *, now: datetime) -> float | None:
    return retry_after(reply.headers.get("retry-after", ""), now=now)


def explained(outcome: Outcome, words: Mapping[str, Text]) -> str:
    """In the active language: what this answer means and what to do."""
    if isinstance(outcome, Sent):
        return _("It was taken.")
    known = words.get(outcome.code) or WORDS.get(outcome.code)
    if known:
        return str(known)
    if outcome.code.isdigit() and len(outcome.code) == 3:
        return _by_status_in_words(int(outcome.code))
    return _("The other side refused it with a code that is not known here. Its own words stand beside it.")


def _by_status_in_words(status: int) -> str:
    if 300 <= status < 400:
        return _("The address leads elsewhere, and the desk follows nobody. Enter the address it leads to.")
    if status >= 500:
        return _("The server is out of order. The message goes out again.")
    return _("The server does not take this. Check the address and what the channel was set up with.")


def check_address(url: str, *, allow_private: bool) -> None:
    """https, and nothing in it that does not belong there; http only inside one's own network."""
    try:
        check_url(url)
    except Refused as refused:
        sentence = WORDS.get(refused.code, WORDS["bad_address"])
        raise Invalid(sentence, fields={"url": sentence}) from None
    if urlsplit(url).scheme != "https" and not allow_private:
        sentence = _("The address has to begin with https. Plain http is for one's own network only.")
        raise Invalid(sentence, fields={"url": sentence})


def check_reachable(url: str, *, allow_private: bool) -> None:
    """The name is known and leads to no private network, now; it is asked again at every sending."""
    parts = urlsplit(url)
    try:
        resolve(
            parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80), allow_private=allow_private
        )
    except Refused as refused:
        sentence = WORDS.get(refused.code, WORDS["bad_address"])
        raise Invalid(sentence, fields={"url": sentence}) from None


def shown(url: str) -> str:
    """An address for the eyes: its host and the last four characters."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        host = ""
    return f"{host} …{url[-4:]}" if host else "…" + url[-4:]


def scrubbed(text: str, target: Target) -> str:
    """Without the secrets of the target, and without what a database or a terminal would stumble over."""
    text = _without_secrets(text, target)
    return "".join(c if c.isprintable() or c in "\n\t" else "�" for c in text)


def _without_secrets(text: str, target: Target) -> str:
    for secret in sorted(_secrets_of(target), key=len, reverse=True):
        text = text.replace(secret, "****")
    return text


def _secrets_of(target: Target) -> set[str]:
    try:
        parts = urlsplit(target.url)
    except ValueError:
        return {target.url} - {""}
    found = {value for _name, value in parse_qsl(parts.query)} | {parts.query, parts.path.rpartition("/")[2]}
    found |= {target.url, target.secret, target.previous_secret}
    return {secret for secret in found if len(secret) >= 8}


def _tail(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _object_in(answer: Answer, target: Target) -> dict[str, Any]:
    """Without secrets before it is read: no field of it can carry one further."""
    try:
        data = json.loads(_without_secrets(answer.body.decode("utf-8"), target))
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def code_in(data: Mapping[str, Any], *names: str) -> str | None:
    """The first of these fields that holds a number, as text."""
    for name in names:
        value = data.get(name)
        if isinstance(value, bool):
            continue
        if isinstance(value, int) or (isinstance(value, str) and value.lstrip("-").isdigit()):
            return str(value)
    return None


def said(reply: Reply, *names: str) -> str:
    """The sentence beside the code, else the whole body."""
    words = next((reply.data[name] for name in names if isinstance(reply.data.get(name), str)), reply.text)
    return "".join(c for c in words if c.isprintable())[:ANSWER_CHARACTERS]
