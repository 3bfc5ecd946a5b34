"""The form of a person's own wishes: one group of fields a kind of channel that reaches them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.refusable import Refusable
from notifications.enums import ROBOTS, ChannelKind, Rhythm
from notifications.messages import Text
from notifications.wishes import Wish, Wishes

_HANDLES: Mapping[str, tuple[Text, Text]] = {
    ChannelKind.WECOM: (_("WeCom account or mobile number"), _("You are called by it in the group.")),
    ChannelKind.DINGTALK: (_("DingTalk mobile number"), _("You are called by it in the group.")),
    ChannelKind.FEISHU: (_("Feishu open_id"), _("It begins with ou_; an administrator of Feishu knows it.")),
    ChannelKind.SLACK: (_("Slack member ID"), _("In Slack: your profile, then “Copy member ID”.")),
    ChannelKind.GATEWAY: (_("Mobile number"), _("For text messages and calls when something urgent reaches you.")),
}


@dataclass(frozen=True)
class Group:
    """The fields of one kind of channel, as the page shows them."""

    label: str
    fields: list[forms.BoundField]


class _Clock(forms.TimeInput):
    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


class WishesForm(Refusable, forms.Form):
    quiet_from = forms.TimeField(label=_("Quiet from"), required=False, widget=_Clock())
    quiet_to = forms.TimeField(label=_("Quiet until"), required=False, widget=_Clock())

    def __init__(self, data: QueryDict | None = None, *, kinds: Sequence[str], wishes: Wishes) -> None:
        super().__init__(data, initial={"quiet_from": wishes.quiet_from, "quiet_to": wishes.quiet_to})
        self.kinds, self._kept = kinds, wishes
        for kind in kinds:
            self._add(kind, wishes.wishes.get(kind, Wish()), wishes.handles.get(kind, ""))

    def _add(self, kind: str, wish: Wish, handle: str) -> None:
        label = ChannelKind(kind).label
        if kind != ChannelKind.GATEWAY:
            sentence = _("Tell me by %(channel)s what is not urgent") % {"channel": label}
            self.fields[f"on_{kind}"] = forms.BooleanField(label=sentence, required=False, initial=wish.is_on)
        if kind == ChannelKind.EMAIL:
            self.fields["rhythm"] = forms.ChoiceField(label=_("How often"), choices=Rhythm.choices, initial=wish.rhythm)
        if kind in _HANDLES:
            name, help_text = _HANDLES[kind]
            self.fields[f"handle_{kind}"] = forms.CharField(
                label=str(name), help_text=str(help_text), max_length=80, required=False, initial=handle
            )

    @property
    def groups(self) -> Iterator[Group]:
        for kind in self.kinds:
            names = [f"on_{kind}", f"handle_{kind}"] + ["rhythm"] * (kind == ChannelKind.EMAIL)
            yield Group(str(ChannelKind(kind).label), [self[name] for name in names if name in self.fields])

    def wanted(self) -> Wishes:
        """What is not asked here (kinds that do not reach the person now) stays as it was."""
        data = self.cleaned_data
        wishes, handles = dict(self._kept.wishes), dict(self._kept.handles)
        for kind in self.kinds:
            if kind == ChannelKind.EMAIL:
                wishes[kind] = Wish(data["on_email"], data["rhythm"])
            elif kind in ROBOTS:
                wishes[kind] = Wish(data[f"on_{kind}"])
            if f"handle_{kind}" in data:
                handles[kind] = data[f"handle_{kind}"]
        return Wishes(wishes, handles, data["quiet_from"], data["quiet_to"])
