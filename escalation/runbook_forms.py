"""The fields of the runbook editor. They hold a draft; what is wrong with it the runbook's own rules say."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from django import forms
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from accounts.enums import Function
from escalation.drafts import LISTS, Draft, Raw, due_of, place_named, place_of
from escalation.enums import Base, Tier
from escalation.faults import CODE, GRADES, LEVELS, LONGEST_TEXT, OWN_UNIT, STEP_BASE, Fault
from escalation.registry import deliverables
from escalation.runbook_words import due_words, place_words
from notifications.messages import in_language

Choices = list[tuple[str, Any]]
Text = partial(forms.CharField, required=False, max_length=LONGEST_TEXT)
Time = partial(forms.CharField, required=False, max_length=12, widget=forms.TextInput(attrs={"placeholder": "30m"}))
Tick = partial(forms.BooleanField, required=False)


class Departments(forms.SelectMultiple):
    """A select for each department named, and one more to name another."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:  # noqa: ARG002 -- Django's signature
        chosen = [each for each in value or [] if each]
        given = self.build_attrs(self.attrs, attrs)
        given.pop("multiple", None)
        return format_html_join(
            "\n", "{}", ((self._select(name, each, place, given),) for place, each in enumerate([*chosen, ""]))
        )

    def _select(self, name: str, value: str, place: int, attrs: dict[str, Any]) -> str:
        own = attrs if place == 0 else {**attrs, "id": f"{attrs.get('id', name)}_{place}"}
        label = _("Department %(number)s") % {"number": place + 1}
        one = forms.Select(attrs=own | {"aria-label": label}, choices=[("", "—"), *self.choices])
        return one.render(name, value)


class ListField(forms.MultipleChoiceField):
    widget = Departments


class DraftForm(forms.Form):
    """Shows a draft and the faults found in it; never validates by itself."""

    def __init__(self, raw: Raw, *, prefix: str = "") -> None:
        super().__init__(prefix=prefix or None)
        self.raw = raw
        self._errors = None
        self.full_clean()
        self.cleaned_data: dict[str, Any] = {}
        for name, found in self.fields.items():
            values = raw.get(name, [])
            if isinstance(found, forms.MultipleChoiceField):
                self.initial[name] = values
            else:
                self.initial[name] = next(iter(values), "")

    def mark(self, name: str, text: str) -> bool:
        if name not in self.fields:
            return False
        self.add_error(name, text)
        return True


class HeadForm(DraftForm):
    title_zh_hans = Text(label=_lazy("Name, Simplified Chinese"))
    title_zh_hant = Text(label=_lazy("Name, Traditional Chinese"))
    title_en = Text(label=_lazy("Name, English"))
    working_1 = Tick(label=_lazy("Grade I"))
    working_2 = Tick(label=_lazy("Grade II"))
    working_3 = Tick(label=_lazy("Grade III"))
    working_4 = Tick(label=_lazy("Grade IV"))
    backdating = Time(
        label=_lazy("Dating back needs a reason after"), help_text=_lazy("Empty: the start may always be dated back.")
    )
    started_by_hand = Tick(
        label=_lazy("A supervisor may start it on a case"),
        help_text=_lazy(
            "For what comes to a case from outside: an authority's hand-over, a city's hotline. It is offered on every "
            "open case on which it is not under way, and its steps count from the day given there."
        ),
    )
    warnings = Text(label=_lazy("Warnings, in percent of the time"), help_text=_lazy("For example 50, 80"))
    repeat_every = Time(
        label=_lazy("Say it again every"),
        help_text=_lazy("After the breach, until somebody acknowledges. Empty: never."),
    )
    repeat_at_most = forms.CharField(label=_lazy("At most so many times"), required=False, max_length=3)

    WORKING: ClassVar = tuple(f"working_{grade}" for grade in GRADES)

    @property
    def working(self) -> list[forms.BoundField]:
        return [self[name] for name in self.WORKING]


class ClimbForm(DraftForm):
    after = Time(label=_lazy("After the breach"))
    tell = forms.ChoiceField(label=_lazy("Who is told"), required=False, choices=Tier.choices)


class PauseReasonForm(DraftForm):
    code = forms.CharField(label=_lazy("Code"), required=False, max_length=40)
    title_zh_hans = Text(label=_lazy("Simplified Chinese"))
    title_zh_hant = Text(label=_lazy("Traditional Chinese"))
    title_en = Text(label=_lazy("English"))


class StepForm(DraftForm):
    code = forms.CharField(
        label=_lazy("Code"),
        required=False,
        max_length=40,
        help_text=_lazy("Small letters, digits, “_”; stays as it is."),
    )
    title_zh_hans = Text(label=_lazy("Name, Simplified Chinese"))
    title_zh_hant = Text(label=_lazy("Name, Traditional Chinese"))
    title_en = Text(label=_lazy("Name, English"))
    due_kind = forms.ChoiceField(label=_lazy("Deadline"), required=False)
    from_a = forms.ChoiceField(label=_lazy("Counted from"), required=False)
    after_a = Time(label=_lazy("Time, for all grades"))
    after_a_1 = Time(label=_lazy("Grade I"))
    after_a_2 = Time(label=_lazy("Grade II"))
    after_a_3 = Time(label=_lazy("Grade III"))
    after_a_4 = Time(label=_lazy("Grade IV"))
    from_b = forms.ChoiceField(label=_lazy("Second moment: counted from"), required=False)
    after_b = Time(label=_lazy("Time, for all grades"))
    after_b_1 = Time(label=_lazy("Grade I"))
    after_b_2 = Time(label=_lazy("Grade II"))
    after_b_3 = Time(label=_lazy("Grade III"))
    after_b_4 = Time(label=_lazy("Grade IV"))
    remind_after = Time(label=_lazy("While there is no date, remind after"))
    lead = forms.ChoiceField(label=_lazy("Led by"), required=False)
    co_lead = ListField(label=_lazy("Led together with"), required=False)
    supporting = ListField(label=_lazy("Supported by"), required=False)
    follows_owner = Tick(label=_lazy("Goes to whoever has the case; the department is asked while nobody has it"))
    shared = Tick(label=_lazy("Shared by all enquiries on one case"))
    completes_on = forms.ChoiceField(label=_lazy("Done by"), required=False)
    by_hand = Tick(label=_lazy("A person completes it by hand, saying what was done"))
    deliverable_zh_hans = Text(label=_lazy("Deliverable, Simplified Chinese"))
    deliverable_zh_hant = Text(label=_lazy("Deliverable, Traditional Chinese"))
    deliverable_en = Text(label=_lazy("Deliverable, English"))
    law = Text(label=_lazy("Law or rule"))
    article = Text(label=_lazy("Article"))
    effective_from = forms.CharField(
        label=_lazy("In force from"), required=False, max_length=10, widget=forms.DateInput(attrs={"type": "date"})
    )
    checked = Tick(label=_lazy("Somebody has checked it against the text of the law"))

    def __init__(self, raw: Raw, *, prefix: str, others: Sequence[tuple[str, str]]) -> None:
        super().__init__(raw, prefix=prefix)
        self.titles = dict(others)
        moments: Choices = [
            *Base.choices,
            *((f"{STEP_BASE}{code}", _("the end of “%(step)s”") % {"step": title}) for code, title in others),
        ]
        self._choose("from_a", moments)
        self._choose("from_b", moments)
        self._choose("due_kind", due_kinds())
        self._choose("lead", [("", _("Choose")), (OWN_UNIT, _("the unit itself")), *departments()])
        self._choose("co_lead", departments())
        self._choose("supporting", departments())
        self._choose("completes_on", [("", _("Choose")), *((code, d.label) for code, d in deliverables().items())])

    def _choose(self, name: str, choices: Choices) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]  # a choice field

    @property
    def name(self) -> str:
        return named(self.raw) or _("New step")

    @property
    def summary(self) -> str:
        """Deadline and lead as they stand, as far as they make sense already."""
        try:
            due = due_words(due_of(self.raw), titles=self.titles)
            return f"{due} · {place_words(place_named(next(iter(self.raw.get('lead', [])), '')) or None)}"
        except ValueError:
            return ""

    def _row(self, letter: str) -> list[forms.BoundField]:
        return [self[f"after_{letter}_{grade}"] for grade in GRADES]

    @property
    def grades_a(self) -> list[forms.BoundField]:
        return self._row("a")

    @property
    def grades_b(self) -> list[forms.BoundField]:
        return self._row("b")


def due_kinds() -> Choices:
    return [
        ("one", _("one moment")),
        ("earlier_of", _("the earlier of two moments")),
        ("first_known", _("the first moment; while it is not known, the second")),
    ]


def departments() -> Choices:
    """Every function at the nearest place that has it, and at each level."""
    choices: Choices = []
    for level in ("", *LEVELS):
        for function in Function.values:
            place = {"function": function, "level": level} if level else {"function": function}
            choices.append((f"{function}:{level}", place_words(place)))
    return choices


@dataclass
class Editor:
    """Every form of the page, and what belongs to no single field."""

    head: HeadForm
    climbs: list[ClimbForm]
    reasons: list[PauseReasonForm]
    steps: list[StepForm]
    faults: list[str]

    @property
    def wrong_forms(self) -> list[DraftForm]:
        return [form for form in (self.head, *self.climbs, *self.reasons, *self.steps) if form.errors]

    @property
    def wrong(self) -> bool:
        return bool(self.faults or self.wrong_forms)


def editor_of(draft: Draft, faults: Sequence[Fault] = ()) -> Editor:
    names = [(next(iter(raw.get("code", [])), ""), raw) for raw in draft.steps]
    titles = [(code, named(raw) or code) for code, raw in names]
    editor = Editor(
        head=HeadForm(draft.head),
        climbs=[ClimbForm(raw, prefix=f"climbs-{n}") for n, raw in enumerate(draft.climbs)],
        reasons=[PauseReasonForm(raw, prefix=f"reasons-{n}") for n, raw in enumerate(draft.reasons)],
        steps=[StepForm(raw, prefix=f"steps-{n}", others=_others(titles, n)) for n, raw in enumerate(draft.steps)],
        faults=[],
    )
    for fault in faults:
        _place(editor, fault)
    return editor


def named(raw: Raw) -> str:
    """What a row is called so far: in the reader's language where it has such a name."""
    names = ((each.replace("_", "-"), raw.get(f"title_{each}") or [""]) for each in ("zh_hans", "zh_hant", "en"))
    return in_language({language: name for language, (name, *_more) in names if name})


def _others(titles: Sequence[tuple[str, str]], place: int) -> list[tuple[str, str]]:
    return [(code, title) for n, (code, title) in enumerate(titles) if n != place and CODE.fullmatch(code)]


def _place(editor: Editor, fault: Fault) -> None:
    kind, row, name = place_of(fault)
    if not kind:
        told = editor.head.mark(name, fault.text)
    else:
        forms_ = getattr(editor, kind) if kind in LISTS else []
        told = row < len(forms_) and forms_[row].mark(name, fault.text)
    if not told:
        editor.faults.append(str(fault))


class NoteForm(forms.Form):
    note = forms.CharField(
        label=_lazy("Why"),
        help_text=_lazy("Stands in the history beside the version."),
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=1000,
    )


class CopyForm(NoteForm):
    code = forms.CharField(label=_lazy("Code of the copy"), max_length=40)
    title_zh_hans = forms.CharField(label=_lazy("Name, Simplified Chinese"), max_length=LONGEST_TEXT)
    title_zh_hant = forms.CharField(label=_lazy("Name, Traditional Chinese"), max_length=LONGEST_TEXT)
    title_en = forms.CharField(label=_lazy("Name, English"), max_length=LONGEST_TEXT)
    field_order = ("code", "title_zh_hans", "title_zh_hant", "title_en", "note")


class TextForm(NoteForm):
    text = forms.CharField(
        label=_lazy("Text form (YAML)"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 24, "spellcheck": "false", "class": "code"}),
    )
    file = forms.FileField(label=_lazy("or a file"), required=False)
    field_order = ("text", "file", "note")
