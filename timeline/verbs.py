"""What each verb of the record reads like. Every app registers its own in `<app>/verbs.py`, from AppConfig.ready()."""

from collections.abc import Collection, Mapping
from typing import Any

from django.utils.functional import Promise

Label = str | Promise

_labels: dict[str, Label] = {}
_tones: dict[str, str] = {}
_people: dict[str, str] = {}


def register(
    labels: Mapping[str, Label],
    *,
    big: Collection[str] = (),
    bad: Collection[str] = (),
    people: Mapping[str, str] | None = None,
) -> None:
    """`big` verbs are the milestones of a file, `bad` ones are what went wrong.

    `people` says which of a verb's details holds ids of people, so that a page can name them.
    """
    people = people or {}
    if unknown := (set(big) | set(bad) | set(people)) - set(labels):
        raise ValueError(f"No label for {sorted(unknown)}.")
    _labels.update(labels)
    _tones.update(dict.fromkeys(big, "big"))
    _tones.update(dict.fromkeys(bad, "bad"))
    _people.update(people)


def label(verb: str) -> Label:
    """A verb nobody registered reads as its own last word, so that an old record stays readable."""
    return _labels.get(verb) or verb.rpartition(".")[2].replace("_", " ")


def tone(verb: str) -> str:
    return _tones.get(verb, "")


def people_in(verb: str, details: Mapping[str, Any]) -> list[int]:
    """Ids of the people whom a row's details name."""
    named = details.get(_people.get(verb, ""))
    return [user for user in (named if isinstance(named, list) else [named]) if isinstance(user, int)]
