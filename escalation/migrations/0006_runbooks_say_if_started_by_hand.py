from typing import Any

from django.db import migrations

# What was offered on every case before runbooks said so themselves: whatever no room starts.
STARTED_BY_ROOMS = (
    "alert", "approval", "complaint", "department_task", "handover", "hotline_12345", "media", "regulator",
    "regulator_report",
)  # fmt: skip


def mark(apps: Any, _editor: Any) -> None:
    version = apps.get_model("escalation", "RunbookVersion")
    for each in version.objects.filter(is_current=True).exclude(runbook__code__in=STARTED_BY_ROOMS):
        each.body = {**each.body, "started_by_hand": True}
        each.save(update_fields=["body"])


class Migration(migrations.Migration):
    dependencies = [
        ("escalation", "0005_rungs_say_when_they_were_claimed"),
    ]

    operations = [
        migrations.RunPython(mark, migrations.RunPython.noop),
    ]
