"""What differs between two versions of a runbook, in sentences. Pure: bodies in, words in the reader's language out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import pgettext

from accounts.errors import Text
from escalation.faults import LANGUAGES
from escalation.runbook_words import (
    climb_words,
    deliverable_words,
    due_words,
    place_words,
    places_words,
    repeat_words,
    source_words,
    span_words,
    titles_of,
    warnings_words,
    working_words,
)
from escalation.spans import spoken
from notifications.messages import in_language

Body = Mapping[str, Any]
Say = Callable[[Any], str]
NAMES = {"zh-hans": "简体中文", "zh-hant": "繁體中文", "en": "English"}


def differences(old: Body, new: Body) -> list[str]:
    """The general part, the ladder, then the steps: gone, new, in another order, changed."""
    return [*_general(old, new), *_ladder(old["ladder"], new["ladder"]), *_steps(old, new)]


# ---- the general part ---------------------------------------------------------------------------
def _general(old: Body, new: Body) -> Iterator[str]:
    yield from (_("Runbook: %(what)s") % {"what": each} for each in _worded(_lazy("name"), old["title"], new["title"]))
    pairs: Sequence[tuple[Text, str, Say]] = (
        (_lazy("counts"), "counts_working_time", working_words),
        (_lazy("dating back needs a reason after"), "backdating_needs_reason_after", spoken_or_none),
        (_lazy("reasons for a pause"), "pausable", _reasons),
        (_lazy("may be started on a case by hand"), "started_by_hand", _yes_no),
    )
    for label, key, say in pairs:
        yield from (
            _("Runbook: %(what)s") % {"what": each} for each in _changed(label, old.get(key), new.get(key), say)
        )


def _ladder(old: Body, new: Body) -> Iterator[str]:
    pairs: Sequence[tuple[Text, str, Say]] = (
        (_lazy("warnings at"), "warnings", warnings_words),
        (_lazy("tells"), "climbs", lambda climbs: ", ".join(map(climb_words, climbs))),
        (_lazy("says it again"), "repeat", repeat_words),
    )
    for label, key, say in pairs:
        yield from (_("Ladder: %(what)s") % {"what": each} for each in _changed(label, old.get(key), new.get(key), say))


def spoken_or_none(text: Any) -> str:
    return spoken(text) if text else ""


def _reasons(reasons: Any) -> str:
    return ", ".join(in_language(reason["title"]) for reason in reasons or ())


# ---- the steps ----------------------------------------------------------------------------------
def _steps(old: Body, new: Body) -> Iterator[str]:
    before = {step["code"]: step for step in _in_order(old)}
    after = {step["code"]: step for step in _in_order(new)}
    for code, step in before.items():
        if code not in after:
            yield _("Step “%(step)s” is gone") % {"step": in_language(step["title"])}
    was, now = titles_of(old), titles_of(new)
    for code, step in after.items():
        if code not in before:
            words = {"step": now[code], "due": due_words(step["due"], titles=now), "lead": place_words(step["lead"])}
            yield _("Step “%(step)s” is new: %(due)s, led by %(lead)s") % words
    yield from _reordered([c for c in before if c in after], [c for c in after if c in before], titles=now)
    for code in (c for c in after if c in before):
        for what in _step(before[code], after[code], was=was, now=now):
            yield _("Step “%(step)s”: %(what)s") % {"step": now[code], "what": what}


def _in_order(body: Body) -> list[Body]:
    return sorted(body["steps"], key=lambda step: step["position"])


def _reordered(old: list[str], new: list[str], *, titles: Mapping[str, str]) -> Iterator[str]:
    """Only what moved against the others: the longest common order stays unsaid."""
    stayed = {
        code
        for block in SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
        for code in old[block.a : block.a + block.size]
    }
    for place, code in enumerate(new):
        if code in stayed:
            continue
        if place == 0:
            yield _("Step “%(step)s” now comes first") % {"step": titles[code]}
        else:
            yield _("Step “%(step)s” now comes after “%(other)s”") % {
                "step": titles[code],
                "other": titles[new[place - 1]],
            }


def _step(old: Body, new: Body, *, was: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    yield from _worded(_lazy("name"), old["title"], new["title"])
    if old["due"] != new["due"]:
        yield _deadline(old["due"], new["due"], was=was, now=now)
    pairs: Sequence[tuple[Text, str, Say]] = (
        (_lazy("led by"), "lead", place_words),
        (_lazy("led together with"), "co_lead", _listed),
        (_lazy("supported by"), "supporting", _listed),
        (_lazy("done by"), "completes_on", deliverable_words),
        (_lazy("completed by hand"), "by_hand", _yes_no),
        (_lazy("shared by enquiries"), "shared", _yes_no),
        (_lazy("goes to whoever has the case"), "follows_owner", _yes_no),
        (_lazy("asks for a date after"), "remind_after", spoken_or_none),
        (_lazy("source"), "source", _source),
    )
    for label, key, say in pairs:
        yield from _changed(label, old.get(key), new.get(key), say)
    yield from _worded(_lazy("deliverable"), old["deliverable"], new["deliverable"])


def _deadline(old: Body, new: Body, *, was: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Only the figure where only the figure changed: “deadline 30 min → 20 min after: the start”."""
    before = due_words(old, titles=was)
    if old.get("after") and new.get("after") and set(old) == set(new) and old.get("from") == new.get("from"):
        before = span_words(old["after"])
    words = {"old": before, "new": due_words(new, titles=now)}
    return _("deadline %(old)s → %(new)s") % words


def _listed(places: Any) -> str:
    return places_words(places or ())


def _yes_no(value: Any) -> str:
    return _("yes") if value else _("no")


def _source(source: Any) -> str:
    if not source:
        return ""
    checked = _("checked") if source.get("checked") else _("to be checked")
    return f"{source_words(source)} ({checked})"


def _changed(label: Text, old: Any, new: Any, say: Say) -> Iterator[str]:
    before, after = say(old), say(new)
    if before != after:
        nothing = pgettext("difference", "nothing")
        yield _("%(label)s %(old)s → %(new)s") % {"label": label, "old": before or nothing, "new": after or nothing}


def _worded(label: Text, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    for language in LANGUAGES:
        if old.get(language) != new.get(language):
            words = {
                "label": label,
                "language": NAMES[language],
                "old": old.get(language, ""),
                "new": new.get(language, ""),
            }
            yield _("%(label)s (%(language)s) “%(old)s” → “%(new)s”") % words
