"""What a clock tells next moves out of its wide row into a narrow one of its own."""

import django.db.models.deletion
from django.db import migrations, models

# Constraints are looked at there and then: rows that wait for that keep the table from being changed.
FILL = """
SET CONSTRAINTS ALL IMMEDIATE;
INSERT INTO escalation_alarm (clock_id, next_rung, at)
SELECT id, next_rung, CASE WHEN state = 'running' THEN next_fire_at END FROM escalation_clock WHERE state <> 'stopped';
SET CONSTRAINTS ALL DEFERRED;
"""
BACK = """
UPDATE escalation_clock clock SET next_rung = alarm.next_rung,
    next_fire_at = coalesce(alarm.at, (clock.ladder -> alarm.next_rung ->> 'at')::timestamptz)
FROM escalation_alarm alarm WHERE alarm.clock_id = clock.id;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('escalation', '0006_runbooks_say_if_started_by_hand'),
    ]

    operations = [
        migrations.CreateModel(
            name='Alarm',
            fields=[
                ('clock', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='alarm', serialize=False, to='escalation.clock')),
                ('next_rung', models.PositiveSmallIntegerField(default=0)),
                ('at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.RunSQL(FILL, BACK),
        migrations.AddIndex(
            model_name='alarm',
            index=models.Index(condition=models.Q(('at__isnull', False)), fields=['at'], name='alarm_at'),
        ),
        migrations.RemoveIndex(
            model_name='clock',
            name='clock_next_fire',
        ),
        migrations.RemoveField(
            model_name='clock',
            name='next_fire_at',
        ),
        migrations.RemoveField(
            model_name='clock',
            name='next_rung',
        ),
    ]
