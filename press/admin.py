from typing import ClassVar

from django.contrib import admin

from press.models import Outlet, WordingRule


@admin.register(Outlet)
class OutletAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    list_display: ClassVar = ["name", "type", "level", "is_active"]
    list_filter: ClassVar = ["type", "level", "is_active"]
    search_fields: ClassVar = ["name"]


@admin.register(WordingRule)
class WordingRuleAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    list_display: ClassVar = ["code", "kind", "severity", "is_active"]
    list_filter: ClassVar = ["kind", "severity", "is_active"]
    search_fields: ClassVar = ["code"]
