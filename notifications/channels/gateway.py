"""
A call to a gateway for text messages or telephone calls: for the last rungs, when nobody looks at a screen.

Signed like a webhook; the body is written by an administrator. As JSON it is a document whose strings hold words in
braces; as a form it is one `name=value` a line. Words are put in after the text was taken apart, so nothing that
people wrote can change the shape of the call.

Options: `form` json (the default) | form; `text_bytes` how long {text} may be; `ok_field` and `ok_values` where the
gateway says in its body whether it took the call ("result.code", "0,OK"); `ids_only`.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from accounts.errors import Invalid
from notifications.channels.base import ChannelBroken, Outcome, Outgoing, Pace, Rejected, Sent, Target
from notifications.channels.layout import fitted, plain, without_words
from notifications.channels.robot import Reply, by_status, called, check_address, check_reachable, explained
from notifications.channels.webhook import check_secret, signed
from notifications.messages import Text

TEXT_BYTES = 600  # about 200 Chinese characters: three parts of a text message
NAMES = ("to", "text", "title", "url", "level", "id", "time")
_NAME = re.compile(r"\{([a-z_]+)\}")
_NUMBER = re.compile(r"\+?[0-9][0-9 -]{4,18}[0-9]")

WORDS: dict[str, Text] = {
    "no_receiver": _lazy("Nobody's number is on file for this channel, so nobody was called."),
    "bad_template": _lazy("The body of the call cannot be read. Mend it on the channel."),
    "refused": _lazy("The gateway answered, but not with what the channel expects of a success."),
}


class Gateway:
    kind = "gateway"
    pace = Pace(spacing_seconds=0.2, penalty_seconds=60)
    words: ClassVar = WORDS

    def send(self, target: Target, message: Outgoing, *, now: datetime) -> Outcome:
        numbers = [handle for handle in message.mentions if _NUMBER.fullmatch(handle)]
        if not numbers and "{to}" in target.template:
            return Rejected("no_receiver", "")
        spoken = without_words(message) if target.options.get("ids_only") else message
        try:
            body, content_type = written(target, _words(target, spoken, numbers, now=now))
        except ValueError:
            return ChannelBroken("bad_template", "")
        headers = signed(target, message.message_id, body, now=now)
        if isinstance(headers, ChannelBroken):
            return headers
        reply = called(target, target.url, body, {"Content-Type": content_type} | headers)
        return _read(reply, target.options, now=now) if isinstance(reply, Reply) else reply

    def check(self, target: Target) -> None:
        check_address(target.url, allow_private=target.allow_private)
        check_secret(target.secret)
        check_template(target)
        check_reachable(target.url, allow_private=target.allow_private)

    def check_handle(self, handle: str) -> str:
        handle = handle.strip()
        if not _NUMBER.fullmatch(handle):
            raise Invalid(_("A gateway calls telephone numbers: digits, with the country's code where it is not ours."))
        return handle.replace(" ", "").replace("-", "")

    def explain(self, outcome: Outcome) -> str:
        return explained(outcome, self.words)


def check_template(target: Target) -> None:
    unknown = sorted({name for name in _NAME.findall(target.template) if name not in NAMES})
    known = ", ".join(f"{{{name}}}" for name in NAMES)
    sentence = ""
    if unknown:
        sentence = _("%(unknown)s is not filled in by the desk; these are: %(known)s.") % {
            "unknown": ", ".join(f"{{{name}}}" for name in unknown),
            "known": known,
        }
    elif not {"text", "title", "id"} & set(_NAME.findall(target.template)):
        sentence = _("The body says nothing. Put {text} where the words belong.")
    else:
        try:
            written(target, dict.fromkeys(NAMES, ""))
        except ValueError:
            sentence = _("The body is not readable: JSON with quotation marks, or one name=value a line.")
    if sentence:
        raise Invalid(sentence, fields={"template": sentence})


def written(target: Target, words: Mapping[str, str]) -> tuple[bytes, str]:
    """The body and its type; ValueError where the template is none."""

    def filled(text: str) -> str:
        return _NAME.sub(lambda found: words.get(found.group(1), found.group()), text)

    if target.options.get("form") == "form":
        lines = [line for line in target.template.splitlines() if line.strip()]
        pairs = [line.partition("=") for line in lines]
        if not pairs or not all(equals and name.strip() for name, equals, _value in pairs):
            raise ValueError("A form is one name=value a line.")
        body = urlencode([(name.strip(), filled(value.strip())) for name, _equals, value in pairs])
        return body.encode(), "application/x-www-form-urlencoded; charset=utf-8"
    try:
        document = _filled_in(json.loads(target.template), filled)
    except RecursionError as error:
        raise ValueError("Nobody nests that deep.") from error
    return json.dumps(document, ensure_ascii=False).encode(), "application/json; charset=utf-8"


def _filled_in(part: Any, filled: Callable[[str], str]) -> Any:
    """Every string of the document; a list of {to} alone becomes a list of the numbers."""
    if isinstance(part, str):
        return filled(part)
    if part == ["{to}"]:
        return [number for number in filled("{to}").split(",") if number]
    if isinstance(part, list):
        return [_filled_in(inner, filled) for inner in part]
    if isinstance(part, dict):
        return {name: _filled_in(inner, filled) for name, inner in part.items()}
    return part


def _words(target: Target, message: Outgoing, numbers: list[str], *, now: datetime) -> dict[str, str]:
    size = int(target.options.get("text_bytes") or TEXT_BYTES)
    sheet = fitted(message, lambda sheet: len(plain(sheet).encode()) <= size)
    first = message.news[0] if message.news else None
    return {
        "to": ",".join(numbers),
        "text": plain(sheet),
        "title": sheet.heading,
        "url": (first.url if first and len(message.news) == 1 else "") or message.more_url,
        "level": sheet.heading.partition(" · ")[0],
        "id": message.message_id,
        "time": now.isoformat(timespec="seconds"),
    }


def _read(reply: Reply, options: Mapping[str, Any], *, now: datetime) -> Outcome:
    if not 200 <= reply.status < 300:
        return by_status(reply, now=now)
    field = str(options.get("ok_field", "")).strip()
    if not field:
        return Sent(str(reply.status), reply.text)
    value: Any = reply.data
    for name in field.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    expected = {text.strip() for text in str(options.get("ok_values", "0")).split(",")}
    if isinstance(value, str | int) and str(value) in expected:
        return Sent(str(value), reply.text)
    return Rejected("refused", reply.text)
