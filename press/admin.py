from django.contrib import admin

from press.models import Outlet, WordingRule


@admin.register(Outlet)
class OutletAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    list_display = ["name", "type", "level", "is_active"]
    list_filter = ["type", "level", "is_active"]
    search_fields = ["name"]


@admin.register(WordingRule)
class WordingRuleAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    list_display = ["code", "kind", "severity", "is_active"]
    list_filter = ["kind", "severity", "is_active"]
    search_fields = ["code"]
