"""Heads are rewritten with every entry: room on their pages keeps that from touching the indexes."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("timeline", "0002_append_only")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE timeline_thread SET (fillfactor = 70)", "ALTER TABLE timeline_thread RESET (fillfactor)"
        )
    ]
