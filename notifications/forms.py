"""What an administrator fills in for a channel: the fields of its kind and no others."""

from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.enums import UnitKind
from accounts.models import Unit
from accounts.refusable import Refusable
from notifications.channels.registry import is_abroad
from notifications.enums import ROBOTS, ChannelKind, Level
from notifications.models import Channel
from notifications.tiers import choices as tier_choices
from notifications.tiers import from_on, lowest_of

if TYPE_CHECKING:
    _ChannelForm: TypeAlias = forms.ModelForm[Channel]
else:
    _ChannelForm = forms.ModelForm  # Django's is generic for the type checker only

WECOM_FORMS = (("text", _("Text, readable in every client")), ("markdown", _("Markdown, with a coloured heading")))
GATEWAY_FORMS = (("json", "JSON"), ("form", _("Form, one name=value a line")))

ADDRESS_HELP = {
    ChannelKind.WECOM: _("In the group: settings, message push, add. The key in the address is the secret."),
    ChannelKind.DINGTALK: _("In the group: settings, robots, custom. Choose “sign” there and enter its secret below."),
    ChannelKind.FEISHU: _("In the group: settings, bots, custom bot. Addresses of Lark are taken too."),
    ChannelKind.SLACK: _("In Slack: an app with incoming webhooks, one address a channel."),
    ChannelKind.WEBHOOK: _("Events are posted here, signed after Standard Webhooks 1.0, with ids only."),
    ChannelKind.GATEWAY: _("The call is signed after Standard Webhooks 1.0; its body is written below."),
}
SECRET_HELP = {
    ChannelKind.DINGTALK: _("Begins with SEC. Leave it empty if the robot checks keywords or addresses instead."),
    ChannelKind.FEISHU: _("Leave it empty if signing is switched off on the robot."),
    ChannelKind.WEBHOOK: _("Leave it empty and the desk makes one, shown once after saving."),
    ChannelKind.GATEWAY: _("Leave it empty and the desk makes one, shown once after saving."),
}
TEMPLATE_HELP = _(
    "{to} the numbers, {text} the whole message, {title} its heading, {url}, {level}, {id}, {time}. "
    'For example: {"mobiles": ["{to}"], "content": "{text}"}'
)
LARK_HELP = _(
    "For addresses of Lark, which stand abroad: otherwise they get numbers and links only. Personal data may leave the "
    "country by this."
)
OPTION_FIELDS = {
    ChannelKind.WECOM: ("format", "relay"),
    ChannelKind.DINGTALK: ("keyword", "relay"),
    ChannelKind.FEISHU: ("keyword", "relay"),
    ChannelKind.SLACK: ("relay",),
    ChannelKind.WEBHOOK: (),
    ChannelKind.GATEWAY: ("form", "text_bytes", "ok_field", "ok_values"),
}


class ChannelForm(Refusable, _ChannelForm):
    """`address` and `secret` are never shown: empty keeps what stands there."""

    renamed: ClassVar = {"url": "address"}

    address = forms.CharField(label=_("Address"), max_length=2000, widget=forms.URLInput({"autocomplete": "off"}))
    secret = forms.CharField(
        label=_("Signing secret"), max_length=200, required=False, widget=forms.TextInput({"autocomplete": "off"})
    )
    format = forms.ChoiceField(label=_("Form of the message"), choices=WECOM_FORMS)
    keyword = forms.CharField(
        label=_("Keyword"),
        max_length=40,
        required=False,
        help_text=_("Where the robot's security setting asks for one, it is added to each message."),
    )
    relay = forms.BooleanField(
        label=_("The address is our own installation's or relay's"),
        required=False,
        help_text=_("Otherwise only the vendor's own addresses are taken."),
    )
    template = forms.CharField(
        label=_("Body of the call"), max_length=8000, widget=forms.Textarea({"rows": 5}), help_text=TEMPLATE_HELP
    )
    form = forms.ChoiceField(label=_("Form of the body"), choices=GATEWAY_FORMS)
    text_bytes = forms.IntegerField(
        label=_("Longest {text}, in bytes"),
        min_value=120,
        max_value=4000,
        initial=600,
        help_text=_("A Chinese character is three bytes; what is longer is cut, its link stays."),
    )
    ok_field = forms.CharField(
        label=_("Field of the answer that says it was taken"),
        max_length=80,
        required=False,
        help_text=_("Such as result.code. Empty: any answer of 2xx counts."),
    )
    ok_values = forms.CharField(
        label=_("Values of success"), max_length=80, required=False, help_text=_("Such as 0,OK.")
    )
    may_carry_words = forms.BooleanField(
        label=_("Send titles and texts of cases abroad as well"),
        required=False,
        help_text=_("Otherwise it gets numbers and links only. Personal data may leave the country by this."),
    )
    from_tier = forms.ChoiceField(
        label=_("From which tier of the ladder on"),
        required=False,
        help_text=_(
            "When a clock has run out, the ladder climbs from the person who acts up to command. Whoever is told as "
            "this tier or a higher one is called; news of no ladder, such as a new alert, go other ways. Without a "
            "tier whatever is urgent is called through, from the first minute of the delay on."
        ),
    )
    levels = forms.MultipleChoiceField(
        label=_("What is sent this way"),
        choices=Level.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Nothing ticked: everything."),
    )
    kinds = forms.CharField(
        label=_("Only these kinds of news"),
        required=False,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("One a line, such as clock.breach or clock.*; empty: all."),
    )

    class Meta:
        model = Channel
        fields = ("name", "address", "secret", "template", "unit", "language", "rank", "is_foreign", "allow_private")
        labels: ClassVar = {
            "language": _("Language of the messages"),
            "allow_private": _("May stand in our own network"),
            "is_foreign": _("The gateway stands abroad"),
        }

    field_order = (
        "name", "address", "secret", "form", "template", "text_bytes", "ok_field", "ok_values", "format", "keyword",
        "from_tier", "levels", "kinds", "unit", "language", "rank", "may_carry_words", "is_foreign",
        "allow_private", "relay",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = ChannelKind(self.instance.kind)
        units = Unit.objects.filter(is_active=True).exclude(kind=UnitKind.DEPARTMENT).order_by("path")
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]  # a ModelChoiceField
        self.fields["unit"].empty_label = str(_("The whole organisation"))  # type: ignore[attr-defined]  # as above
        self.fields["address"].help_text = ADDRESS_HELP[self.kind]
        self.fields["secret"].help_text = SECRET_HELP.get(self.kind, "")
        if self.kind == ChannelKind.FEISHU:
            self.fields["may_carry_words"].help_text = LARK_HELP
        every = ("", _("Whatever is urgent, on every tier"))
        self.fields["from_tier"].choices = [every, *tier_choices()]  # type: ignore[attr-defined]  # a ChoiceField
        self._keep_what_is_there()
        self._leave_out()
        self._fill_in_options()

    def _keep_what_is_there(self) -> None:
        """Neither address nor secret is written into a page."""
        if not self.instance.pk:
            return
        self.initial["address"] = ""
        self.fields["address"].required = False
        self.fields["address"].help_text = _("Now %(shown)s. Leave it empty to keep it.") % {
            "shown": self.instance.shown
        }

    def _leave_out(self) -> None:
        options = {name for names in OPTION_FIELDS.values() for name in names}
        unwanted = options - set(OPTION_FIELDS[self.kind])
        if self.instance.pk or self.kind not in SECRET_HELP:
            unwanted.add("secret")
        if self.kind != ChannelKind.GATEWAY:
            unwanted |= {"template", "is_foreign", "from_tier"}
        else:
            unwanted.add("levels")  # it calls people: for what is urgent, and nothing else
        if self.kind not in ROBOTS:
            unwanted.add("language")
        if self.kind not in {ChannelKind.SLACK, ChannelKind.FEISHU}:
            unwanted.add("may_carry_words")
        if self.kind == ChannelKind.WEBHOOK:
            unwanted.add("rank")
        for name in unwanted:
            self.fields.pop(name, None)

    def _fill_in_options(self) -> None:
        options = self.instance.options
        for name in OPTION_FIELDS[self.kind]:
            if name in options:
                self.initial[name] = options[name]
        self.initial["levels"] = options.get("levels", [])
        self.initial["from_tier"] = lowest_of(options.get("tiers"))
        self.initial["kinds"] = "\n".join(options.get("kinds", []))
        self.initial["may_carry_words"] = bool(self.instance.pk) and not self.instance.is_foreign and self._is_abroad()

    def _is_abroad(self) -> bool:
        return is_abroad(self.kind, self.instance.address)

    def clean_address(self) -> str:
        return str(self.cleaned_data["address"]).strip() or str(self.instance.address)

    def clean_kinds(self) -> list[str]:
        return [line.strip() for line in str(self.cleaned_data["kinds"]).splitlines() if line.strip()]

    def clean(self) -> dict[str, Any]:
        """What the form does not know of stays in the options."""
        given = super().clean() or {}
        names = [name for name in (*OPTION_FIELDS[self.kind], "levels", "kinds") if name in self.fields]
        if "from_tier" in self.fields:
            given["tiers"] = from_on(given.get("from_tier", ""))
            names.append("tiers")
        kept = {name: value for name, value in self.instance.options.items() if name not in names}
        self.instance.options = kept | {name: given[name] for name in names if given.get(name)}
        return given


class SecretForm(Refusable, forms.Form):
    secret = forms.CharField(
        label=_("New secret"), max_length=200, required=False, widget=forms.TextInput({"autocomplete": "off"})
    )


class ReasonForm(Refusable, forms.Form):
    reason = forms.CharField(label=_("Why?"), max_length=300, required=False)
