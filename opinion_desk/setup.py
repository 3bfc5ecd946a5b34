"""The first administrator of an empty desk: a signed link, good until one administrator exists."""

from django import forms
from django.contrib.auth import login, password_validation
from django.core import signing
from django.db import connection, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts.enums import Role, UnitKind
from accounts.models import Unit, User

SALT = "opinion_desk.setup"
VALID_FOR = 7 * 24 * 3600
_LOCK = 7_363_140_001  # any number nobody else uses: two people with the link must not both be first


def link_path() -> str:
    return reverse("setup", args=[signing.dumps("first administrator", salt=SALT)])


def has_administrator() -> bool:
    return User.objects.filter(roles__contains=[Role.ADMIN]).exists()


class FirstAdministratorForm(forms.ModelForm):  # type: ignore[type-arg]  # cannot be subscripted at run time
    organisation = forms.CharField(label=_("Organisation"), max_length=80)
    password = forms.CharField(
        label=_("Password"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )
    again = forms.CharField(
        label=_("Password again"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    class Meta:
        model = User
        fields = ("organisation", "display_name", "username", "email")

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        password_validation.validate_password(password, self.instance)
        return password

    def clean(self) -> dict[str, object]:
        values = super().clean() or self.cleaned_data
        if values.get("password") and values.get("again") and values["password"] != values["again"]:
            self.add_error("again", _("The two passwords differ."))
        return values

    def save(self, commit: bool = True) -> User:
        group, _made = Unit.objects.get_or_create(
            code="group", defaults={"name": {"zh-hans": self.cleaned_data["organisation"]}, "kind": UnitKind.GROUP}
        )
        user: User = self.instance
        user.unit, user.roles, user.language = group, [Role.ADMIN], get_language() or "zh-hans"
        user.is_staff = user.is_superuser = True
        user.set_password(self.cleaned_data["password"])
        super().save(commit)
        return user


@never_cache
@sensitive_post_parameters()
@transaction.atomic
def first_administrator(request: HttpRequest, token: str) -> HttpResponse:
    _check(token)
    form = FirstAdministratorForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        user = form.save()
        login(request, user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return redirect("home")
    return render(request, "setup/first_administrator.html", {"form": form}, status=422 if form.is_bound else 200)


def _check(token: str) -> None:
    """A forged, old or spent link is an address where nothing is."""
    try:
        signing.loads(token, salt=SALT, max_age=VALID_FOR)
    except signing.BadSignature:
        raise Http404("unknown set-up link") from None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    if has_administrator():
        raise Http404("the desk has an administrator")
