"""How many of an hour's mentions were negative, for those stored before as well."""

from django.db import migrations, models

FILL = """
UPDATE monitoring_sourcehour AS row SET negative = least(counted.negatives, row.new)
FROM (
    SELECT source_id, date_trunc('hour', first_seen_at, 'UTC') AS hour, count(*) AS negatives
    FROM monitoring_mention WHERE is_negative GROUP BY 1, 2
) AS counted
WHERE counted.source_id = row.source_id AND counted.hour = row.hour
"""


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0009_linked_cases")]
    operations = [
        migrations.AddField("sourcehour", "negative", models.PositiveIntegerField(default=0)),
        migrations.AddIndex("sourcehour", models.Index(fields=["hour"], name="source_hour_by_hour")),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
