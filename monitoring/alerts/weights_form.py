"""The weights of grading as a form: every figure with its signal, and back into the body of a version."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from monitoring.alerts.grading import DOWNWARD, MOST, STEPS, STORM
from monitoring.enums import RiskKind, SourceType

ROWS = 7  # lines of a signal that goes by steps
SIGNALS = {
    "negative": _lazy("The most negative mention (0 to 1)"),
    "negative_share": _lazy("Share of negative mentions (0 to 1)"),
    "severity": _lazy("How severe what is told is (1 to 3)"),
    "volume": _lazy("Mentions in all"),
    "speed": _lazy("Mentions within an hour"),
    "spread": _lazy("Different sources"),
    "reach": _lazy("Followers of the author with most"),
    "media": _lazy("News sources that took it up"),
    "hot_rank": _lazy("Place on a hot list, 1 is the top"),
    "hot_climb": _lazy("Places climbed on it within an hour"),
}
WATCHED = {
    "key_customer": _lazy("Key customer"),
    "key_product": _lazy("Key product"),
    "key_region": _lazy("Key region"),
    "closely": _lazy("Watched closely"),
}
STORMY = {
    "alerts": _lazy("Alerts of a unit, more than"),
    "minutes": _lazy("Counted within minutes"),
}
GRADED = {"1": _lazy("Grade I from"), "2": _lazy("Grade II from"), "3": _lazy("Grade III from")}


def _points(label: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=0, max_value=MOST, required=False)


class WeightsForm(forms.Form):
    """Empty lines of a signal are left out; lines may come in any order. `body()` is a whole set of weights."""

    note = forms.CharField(
        label=_lazy("Why"), max_length=500, widget=forms.Textarea({"rows": 2}), help_text=_lazy("Kept in the history.")
    )
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, body: Mapping[str, Any], number: int) -> None:
        super().__init__(data, initial={**_flat(body), "seen": number})
        self.fields["note"].required = not (data and "try" in data)  # a reason is asked for where it counts
        for signal in STEPS:
            for row in range(ROWS):
                self.fields[f"{signal}-{row}-from"] = forms.FloatField(label=_lazy("from"), min_value=0, required=False)
                self.fields[f"{signal}-{row}-points"] = _points(_lazy("points"))
        for kind in RiskKind:
            self.fields[f"kind-{kind.value}"] = _points(kind.label)
            self.fields[f"terms-{kind.value}"] = forms.CharField(
                label=kind.label, required=False, widget=forms.Textarea({"rows": 2})
            )
        self.fields["further"] = _points(_lazy("Every further kind adds at most"))
        for source_type in SourceType:
            self.fields[f"type-{source_type.value}"] = _points(source_type.label)
        for name, label in WATCHED.items():
            self.fields[f"watch-{name}"] = _points(label)
        for name, label in STORMY.items():
            least, most = STORM[name]
            self.fields[f"storm-{name}"] = forms.IntegerField(label=label, min_value=least, max_value=most)
        for number_, label in GRADED.items():
            self.fields[f"grade-{number_}"] = forms.IntegerField(label=label, min_value=1, max_value=1000)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        for signal in STEPS:
            self._check_steps(signal, given)
        least = [given[name] for number in GRADED if given.get(name := f"grade-{number}") is not None]
        if len(least) == len(GRADED) and not least[0] > least[1] > least[2]:
            self.add_error("grade-1", _("A graver grade begins at more points: I above II, II above III."))
        return given

    def _check_steps(self, signal: str, given: Mapping[str, Any]) -> None:
        begun: set[float] = set()
        for row in range(ROWS):
            start, points = given.get(f"{signal}-{row}-from"), given.get(f"{signal}-{row}-points")
            if (start is None) != (points is None):
                name = f"{signal}-{row}-{'points' if points is None else 'from'}"
                self.add_error(name, _("Fill in both, or leave both empty."))
            elif start in begun:
                self.add_error(f"{signal}-{row}-from", _("This begins where another line begins."))
            elif start is not None:
                begun.add(start)

    def body(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {
            **{signal: _steps(signal, given) for signal in STEPS},
            "kinds": {
                "further": given["further"] or 0,
                "points": {kind: points for kind in RiskKind.values if (points := given[f"kind-{kind}"])},
            },
            "source_type": {kind: given[f"type-{kind}"] or 0 for kind in SourceType.values},
            "watch": {name: given[f"watch-{name}"] or 0 for name in WATCHED},
            "storm": {name: given[f"storm-{name}"] for name in STORMY},
            "grades": {number: given[f"grade-{number}"] for number in GRADED},
            "terms": {kind: words for kind in RiskKind.values if (words := _words(given[f"terms-{kind}"]))},
        }

    # ---- for the template
    def signals(self) -> Iterator[tuple[Any, str, list[tuple[forms.BoundField, forms.BoundField]]]]:
        """Label, the sign its lines are read with, and the lines."""
        for signal, label in SIGNALS.items():
            rows = [(self[f"{signal}-{row}-from"], self[f"{signal}-{row}-points"]) for row in range(ROWS)]
            filled = sum(1 for start, points in rows if start.value() not in {None, ""} or points.value())
            # one empty line to add; the next one comes with the next look
            yield label, "≤" if signal in DOWNWARD else "≥", rows[: filled + 1]

    def kinds(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return [(self[f"kind-{kind}"], self[f"terms-{kind}"]) for kind in RiskKind.values]

    def places(self) -> list[forms.BoundField]:
        return [self[f"type-{kind}"] for kind in SourceType.values]

    def watched(self) -> list[forms.BoundField]:
        return [self[f"watch-{name}"] for name in WATCHED]

    def storm(self) -> list[forms.BoundField]:
        return [self[f"storm-{name}"] for name in STORMY]

    def grades(self) -> list[forms.BoundField]:
        return [self[f"grade-{number}"] for number in GRADED]


def _flat(body: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {"further": body["kinds"]["further"]}
    for signal in STEPS:
        for row, step in enumerate(body[signal][:ROWS]):
            flat |= {f"{signal}-{row}-from": step["from"], f"{signal}-{row}-points": step["points"]}
    flat |= {f"kind-{kind}": points for kind, points in body["kinds"]["points"].items()}
    flat |= {f"terms-{kind}": "、".join(map(str, words)) for kind, words in body["terms"].items()}
    flat |= {f"type-{kind}": points for kind, points in body["source_type"].items()}
    flat |= {f"watch-{name}": points for name, points in body["watch"].items()}
    flat |= {f"storm-{name}": figure for name, figure in body["storm"].items()}
    return flat | {f"grade-{number}": least for number, least in body["grades"].items()}


def _steps(signal: str, given: Mapping[str, Any]) -> list[dict[str, float]]:
    """The furthest first: the first line that is reached counts."""
    pairs = [(given[f"{signal}-{row}-from"], given[f"{signal}-{row}-points"]) for row in range(ROWS)]
    given_pairs = ((start, points) for start, points in pairs if start is not None)
    filled = sorted(given_pairs, reverse=signal not in DOWNWARD)
    return [{"from": int(start) if float(start).is_integer() else start, "points": points} for start, points in filled]


def _words(text: str) -> list[str]:
    parts = (part.strip() for part in text.replace("\n", "、").replace("，", "、").replace(",", "、").split("、"))
    return list(dict.fromkeys(part for part in parts if part))
