"""What people fill in for sources that are more than an address, and for what they bring themselves."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from django import forms
from django.utils.translation import gettext as _gettext
from django.utils.translation import gettext_lazy as _

from accounts.errors import Invalid
from accounts.models import User
from accounts.refusable import Refusable
from monitoring.enums import MailSecurity, SourceKind, SourceType
from monitoring.formats.dates import YEARS
from monitoring.formats.parsing import absolute
from monitoring.forms import Paced, offer_states, units_for
from monitoring.mentions.ingest import Incoming
from monitoring.models import ImportBatch, Mailbox, Source, SourceSettings
from monitoring.rules import may_allow_private
from monitoring.sources.columns import FIELDS
from monitoring.sources.routes import Route, platforms

if TYPE_CHECKING:
    _SourceForm: TypeAlias = forms.ModelForm[Source]
    _SettingsForm: TypeAlias = forms.ModelForm[SourceSettings]
else:
    _SourceForm = _SettingsForm = forms.ModelForm  # Django's is generic for the type checker only

CHARSETS = (("utf-8", "UTF-8"), ("gb18030", "GB18030 (GBK, GB2312)"), ("big5hkscs", "Big5"), ("utf-16", "UTF-16"))


class RouteForm(Paced, Refusable, _SourceForm):
    """A route of RSSHub with its parameters; of a source that is there already, with what was picked."""

    class Meta:
        model = Source
        fields = ("name", "unit", "interval_seconds", "longest_seconds", "state")

    def __init__(self, *args: Any, user: User, route: Route, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        self.route = route
        offer_states(self)
        own = {
            each.name: forms.CharField(
                label=each.words,
                max_length=200,
                required=not each.is_optional,
                initial=self.instance.route_params.get(each.name, ""),
                widget=forms.TextInput({"placeholder": each.example}),
            )
            for each in route.parameters
        }
        self.fields = own | self.fields
        if not self.initial.get("name"):
            self.initial["name"] = f"{route.platform_words} · {route.words}"

    @property
    def given(self) -> dict[str, str]:
        """The parameters, of a bound form."""
        return {each.name: str(self.data.get(each.name, "")).strip() for each in self.route.parameters}


class HotListForm(Paced, Refusable, _SourceForm):
    platform = forms.ChoiceField(label=_("Platform"))

    class Meta:
        model = Source
        fields = ("name", "unit", "interval_seconds", "longest_seconds")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        field = cast(forms.ChoiceField, self.fields["platform"])
        field.choices = [(each.code, each.words) for each in platforms().values()]
        self.fields = {"platform": field} | self.fields
        self.fields["name"].required = False
        self.fields["name"].help_text = _("Left empty it is called like the list.")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not given.get("name") and given.get("platform"):
            self.instance.name = given["name"] = platforms()[given["platform"]].words
        return given


class MailboxForm(Paced, Refusable, _SourceForm):
    host = forms.CharField(
        label=_("Server"), max_length=253, widget=forms.TextInput({"placeholder": "imap.example.com"})
    )
    port = forms.IntegerField(label=_("Port"), min_value=1, max_value=65_535, initial=993)
    security = forms.ChoiceField(label=_("Encryption"), choices=MailSecurity.choices)
    username = forms.CharField(label=_("User name"), max_length=200, widget=forms.TextInput({"autocomplete": "off"}))
    password = forms.CharField(
        label=_("Password"),
        max_length=500,
        required=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
        help_text=_("Many providers want a password made for other programs. It is stored encrypted and never shown."),
    )
    folder = forms.CharField(label=_("Folder"), max_length=200, initial="INBOX")

    class Meta:
        model = Source
        fields = ("name", "source_type", "unit", "interval_seconds", "longest_seconds", "allow_private", "state")

    OF_BOX = ("host", "port", "security", "username", "folder")

    def __init__(self, *args: Any, user: User, box: Mailbox, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        self.box = box
        offer_states(self)
        if not may_allow_private(user):
            del self.fields["allow_private"]
        if not self.instance.pk:
            self.fields["password"].required = True
        else:
            self.fields["password"].help_text = _("Left empty the stored one stays.")
            self.initial.update({name: getattr(box, name) for name in self.OF_BOX})

    def filled_box(self) -> Mailbox:
        """Of a valid form."""
        for name in (*self.OF_BOX, "password"):
            setattr(self.box, name, self.cleaned_data[name])
        return self.box

    def box_to_try(self) -> Mailbox:
        """Of a form of which only the mailbox itself need be right; raises `Invalid`."""
        wrong = {name: list(self.errors[name]) for name in (*self.OF_BOX, "password") if name in self.errors}
        if wrong:
            labels = [f"{self.fields[name].label}: {messages[0]}" for name, messages in wrong.items()]
            raise Invalid(_gettext("Some fields are missing or wrong."), fields={"host": labels})
        self.instance.allow_private = self.cleaned_data.get("allow_private", self.instance.allow_private)
        return self.filled_box()


class SettingsForm(Refusable, _SettingsForm):
    class Meta:
        model = SourceSettings
        fields = ("rsshub_url", "hotlist_url", "allow_private")
        widgets = {
            "rsshub_url": forms.URLInput({"placeholder": "http://rsshub.internal:1200"}),
            "hotlist_url": forms.URLInput({"placeholder": "https://newsnow.example.com"}),
        }
        help_texts = {
            "rsshub_url": _("Your own server: public ones are slow and are turned away by the platforms."),
            "hotlist_url": _("Serves the hot lists of the platforms."),
            "allow_private": _("Tick it where they run in your own network."),
        }


class ImportForm(Refusable, forms.Form):
    file = forms.FileField(
        label=_("Table"), help_text=_("CSV or Excel, at most 10 MB and 20,000 rows, headings in the first row.")
    )
    source = forms.ModelChoiceField(label=_("Into"), queryset=Source.objects.none(), required=False)
    name = forms.CharField(label=_("Name of a new source"), max_length=120, required=False)
    source_type = forms.ChoiceField(label=_("Where people talk"), choices=SourceType.choices)
    unit = forms.ModelChoiceField(label=_("Unit"), queryset=Source.objects.none())

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kept = Source.objects.visible_to(user).filter(kind=SourceKind.IMPORT)
        field = cast("forms.ModelChoiceField[Source]", self.fields["source"])
        field.queryset, field.empty_label = kept, _("a new source")
        unit = cast("forms.ModelChoiceField[Any]", self.fields["unit"])
        unit.queryset = units_for(user)
        unit.initial = units_for(user).first()
        self.fields["source"].initial = kept.order_by("-pk").first()

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not given.get("source") and not given.get("name"):
            self.add_error("name", _("Give the new source a name."))
        return given


class ColumnsForm(Refusable, forms.Form):
    """Which column is what."""

    def __init__(self, *args: Any, batch: ImportBatch, headers: list[str], charset: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", "—"), *((str(n), name or str(n + 1)) for n, name in enumerate(headers))]
        if batch.charset:
            self.fields["charset"] = forms.ChoiceField(
                choices=CHARSETS, initial=charset, widget=forms.HiddenInput, required=False
            )
        for name, words in FIELDS.items():
            column = batch.mapping.get(name)
            initial = "" if column is None or column >= len(headers) else str(column)
            self.fields[name] = forms.ChoiceField(label=str(words), choices=choices, initial=initial, required=False)

    @property
    def mapping(self) -> dict[str, int]:
        """Of a valid form."""
        return {name: int(self.cleaned_data[name]) for name in FIELDS if self.cleaned_data.get(name)}


class EnterForm(Refusable, forms.Form):
    """A mention that somebody found by eye."""

    url = forms.CharField(label=_("Link"), max_length=2000, required=False, widget=forms.URLInput({"autofocus": True}))
    title = forms.CharField(label=_("Title"), max_length=500, required=False)
    text = forms.CharField(label=_("Text"), max_length=20_000, required=False, widget=forms.Textarea({"rows": 6}))
    author = forms.CharField(label=_("Author"), max_length=200, required=False)
    reach = forms.IntegerField(label=_("Followers of the author"), min_value=0, max_value=10**12, required=False)
    published_at = forms.DateTimeField(
        label=_("Time of publication"), required=False, widget=forms.DateTimeInput({"type": "datetime-local"})
    )
    source_type = forms.ChoiceField(label=_("Where people talk"), choices=SourceType.choices, initial=SourceType.SOCIAL)
    unit = forms.ModelChoiceField(label=_("Unit"), queryset=Source.objects.none())

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        unit = cast("forms.ModelChoiceField[Any]", self.fields["unit"])
        unit.queryset = units_for(user)
        unit.initial = units_for(user).first()

    def clean_url(self) -> str:
        given: str = self.cleaned_data["url"].strip()
        if given and absolute(given, base="") is None:
            raise forms.ValidationError(_("Give a link that begins with http:// or https://."))
        return given

    def clean_published_at(self) -> datetime | None:
        given: datetime | None = self.cleaned_data["published_at"]
        if given and given.year not in YEARS:
            raise forms.ValidationError(_("This date cannot be right."))
        return given

    @property
    def incoming(self) -> Incoming:
        """Of a valid form."""
        names = ("url", "title", "text", "author", "reach", "published_at")
        return Incoming(external_id="", **{name: self.cleaned_data[name] for name in names})
