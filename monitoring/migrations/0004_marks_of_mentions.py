"""Mentions stored before get their key and their marks."""

from typing import Any

from django.db import migrations

from monitoring.mentions.marks import marks_of

KEYS = """
INSERT INTO monitoring_mentionkey (source_id, digest, mention_id, first_seen_at)
SELECT source_id, md5(external_id)::uuid, id, first_seen_at FROM monitoring_mention
"""
BATCH = 1_000


def fill(apps: Any, _editor: Any) -> None:
    mentions, hits = apps.get_model("monitoring", "Mention"), apps.get_model("monitoring", "WatchHit")
    batch: list[Any] = []
    for mention in mentions.objects.select_related("source").order_by("pk").iterator(chunk_size=BATCH):
        mention.marks = marks_of(
            f"{mention.title}\n{mention.text}" if mention.title else mention.text,
            source_id=mention.source_id,
            source_type=mention.source.source_type,
            author=mention.author,
            reach=mention.reach,
            is_negative=mention.is_negative,
            kinds=mention.risk_kinds,
            watches=hits.objects.filter(mention=mention.pk).values_list("watch_id", flat=True),
        )
        batch.append(mention)
        if len(batch) == BATCH:
            mentions.objects.bulk_update(batch, ["marks"])
            batch = []
    mentions.objects.bulk_update(batch, ["marks"])


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0003_mentions_by_month")]
    operations = [
        migrations.RunSQL(KEYS, "DELETE FROM monitoring_mentionkey"),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
