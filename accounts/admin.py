from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.enums import Role
from accounts.forms import NewPersonForm, PersonForm, UnitForm
from accounts.models import AccessLog, ApiToken, Unit, User

# Roles are the desk's, and a person has one address: these would only promise something.
admin.site.unregister([Group, EmailAddress])


class NothingIsDeleted(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002 -- Django's signature
        return False


class ReadOnly(NothingIsDeleted):
    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 -- Django's signature
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002 -- Django's signature
        return False


@admin.register(Unit)
class UnitAdmin(NothingIsDeleted):
    form = UnitForm
    list_display = ["indented", "code", "kind", "function", "head", "is_active"]
    list_filter = ["kind", "function", "is_active"]
    list_select_related = ["head"]
    search_fields = ["code", "name"]
    autocomplete_fields = ["parent", "head"]
    fields = [
        "name_zh_hans", "name_zh_hant", "name_en", "code", "kind", "function", "parent", "head", "time_zone",
        "is_active",
    ]  # fmt: skip

    @admin.display(description=_("unit"), ordering="path")
    def indented(self, unit: Unit) -> str:
        return "· " * (len(unit.ancestor_ids) - 1) + unit.label()


@admin.register(User)
class PersonAdmin(UserAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    form = PersonForm
    add_form = NewPersonForm
    list_display = ["username", "display_name", "unit", "role_names", "is_active", "last_login"]
    list_filter = ["is_active", "unit__kind"]
    list_select_related = ["unit"]
    search_fields = ["username", "display_name", "email"]
    ordering = ["username"]
    filter_horizontal = []
    autocomplete_fields = ["unit"]
    fieldsets = [
        (None, {"fields": ["username", "password", "is_active"]}),
        (_("Person"), {"fields": ["display_name", "email", "phone", "language"]}),
        (_("Work"), {"fields": ["unit", "roles"]}),
    ]
    add_fieldsets = [
        (
            None,
            {
                "fields": [
                    "username", "display_name", "email", "unit", "roles", "language",
                    "usable_password", "password1", "password2",
                ]
            },
        ),
    ]  # fmt: skip

    @admin.display(description=_("roles"))
    def role_names(self, user: User) -> str:
        return ", ".join(str(Role(role).label) for role in user.roles)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002 -- Django's signature
        return False


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnly):
    list_display = ["prefix", "name", "user", "scopes", "created_at", "expires_at", "last_used_at"]
    list_select_related = ["user"]
    exclude = ["digest"]


@admin.register(AccessLog)
class AccessLogAdmin(ReadOnly):
    list_display = ["at", "user", "action", "subject", "field", "reason", "ip"]
    list_filter = ["action", "at"]
    list_select_related = ["user"]
    show_full_result_count = False
