import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

GRADES = [
    (1, "Grade I, extraordinary"),
    (2, "Grade II, major"),
    (3, "Grade III, serious"),
    (4, "Grade IV, ordinary"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("monitoring", "0005_watches"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            "alert",
            "weighed",
            models.PositiveSmallIntegerField(choices=GRADES, default=4),
            preserve_default=False,
        ),
        migrations.RunSQL("UPDATE monitoring_alert SET weighed = grade", migrations.RunSQL.noop),
        migrations.AddField("eventmention", "severity", models.PositiveSmallIntegerField(default=1)),
        migrations.AddField(
            "gradingrules",
            "note",
            models.CharField(blank=True, default="", max_length=500, verbose_name="why"),
        ),
        migrations.AddField(
            "gradingrules",
            "created_by",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.CreateModel(
            name="AlertVerdict",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "verdict",
                    models.CharField(
                        choices=[
                            ("right", "The grade is right"),
                            ("too_high", "Graded too gravely"),
                            ("too_low", "Graded too lightly"),
                            ("noise", "Noise: nothing to look at"),
                        ],
                        max_length=10,
                        verbose_name="verdict",
                    ),
                ),
                (
                    "should_be",
                    models.PositiveSmallIntegerField(
                        blank=True, choices=GRADES, null=True, verbose_name="it should be"
                    ),
                ),
                ("was", models.PositiveSmallIntegerField(choices=GRADES)),
                ("rules_number", models.PositiveIntegerField(default=0)),
                ("note", models.CharField(blank=True, default="", max_length=500, verbose_name="note")),
                ("at", models.DateTimeField()),
                (
                    "alert",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="verdicts",
                        to="monitoring.alert",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-pk"],
                "indexes": [models.Index(fields=["at"], name="verdict_by_time")],
                "constraints": [
                    models.UniqueConstraint(fields=("alert", "user"), name="one_verdict_of_a_person")
                ],
            },
        ),
    ]
