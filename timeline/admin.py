from django.contrib import admin

from accounts.admin import ReadOnly
from timeline.models import Entry


@admin.register(Entry)
class EntryAdmin(ReadOnly):
    list_display = ["thread", "seq", "at", "actor", "verb", "from_state", "to_state", "reason", "is_drill"]
    list_select_related = ["actor"]
    search_fields = ["=thread", "=subject"]
    ordering = ["-pk"]
    show_full_result_count = False
