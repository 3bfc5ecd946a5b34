from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.enums import Role
from accounts.forms import LanguageForm
from accounts.gate import get_visible
from accounts.models import Unit
from accounts.services import revoke_token
from accounts.web import desk_view, signed_in


@desk_view
def me(request: HttpRequest) -> HttpResponse:
    """Who I am to the desk: unit, roles, language, and what acts in my name."""
    return _page(request, LanguageForm(instance=signed_in(request)))


@desk_view
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Sets the language for good, and takes back what the switch said for this browser."""
    user = signed_in(request)
    form = LanguageForm(request.POST, instance=user)
    if not form.is_valid():
        return _page(request, form, status=422)
    form.save()
    with translation.override(user.language):
        messages.success(request, _("Saved."))
    response = redirect("accounts:me")
    response.delete_cookie(settings.LANGUAGE_COOKIE_NAME)
    return response


@desk_view
@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    token = get_visible(signed_in(request).api_tokens.all(), pk=pk)
    revoke_token(token, now=timezone.now())
    messages.success(request, _("The token no longer opens anything."))
    return redirect("accounts:me")


def _page(request: HttpRequest, form: LanguageForm, *, status: int = 200) -> HttpResponse:
    user = signed_in(request)
    return render(
        request,
        "people/me.html",
        {
            "form": form,
            "units": Unit.objects.filter(pk__in=user.unit.ancestor_ids if user.unit else []),
            "roles": [Role(role).label for role in user.roles],
            "tokens": user.api_tokens.all(),
        },
        status=status,
    )
