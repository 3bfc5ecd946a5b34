from django.db import migrations


class Migration(migrations.Migration):
    """Events people still talk about get their stage, heat and summary from the next sweep."""

    dependencies = [("monitoring", "0007_events_in_depth")]

    operations = [
        migrations.RunSQL(
            "UPDATE monitoring_event SET care_at = now() WHERE last_seen_at > now() - interval '60 days'",
            migrations.RunSQL.noop,
        )
    ]
