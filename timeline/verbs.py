"""What each verb of the record reads like. Every app registers its own in `<app>/verbs.py`, from AppConfig.ready()."""

from collections.abc import Collection, Mapping

from django.utils.functional import Promise

Label = str | Promise

_labels: dict[str, Label] = {}
_tones: dict[str, str] = {}


def register(labels: Mapping[str, Label], *, big: Collection[str] = (), bad: Collection[str] = ()) -> None:
    """`big` verbs are the milestones of a file, `bad` ones are what went wrong."""
    if unknown := (set(big) | set(bad)) - set(labels):
        raise ValueError(f"No label for {sorted(unknown)}.")
    _labels.update(labels)
    _tones.update(dict.fromkeys(big, "big"))
    _tones.update(dict.fromkeys(bad, "bad"))


def label(verb: str) -> Label:
    """A verb nobody registered reads as its own last word, so that an old record stays readable."""
    return _labels.get(verb) or verb.rpartition(".")[2].replace("_", " ")


def tone(verb: str) -> str:
    return _tones.get(verb, "")
