"""What a scenario puts on the net: entries of feeds that the desk itself serves, in demo mode only."""

from typing import ClassVar

from django.db import models


class ScenarioEntry(models.Model):
    """One published item of a made-up feed; served at `/demo/feeds/<feed>.xml`."""

    feed = models.SlugField(max_length=40)
    title = models.CharField(max_length=300)
    text = models.TextField()
    link = models.URLField(max_length=500)
    author = models.CharField(max_length=80, blank=True)
    published_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-published_at", "-pk"]
        indexes: ClassVar = [models.Index(fields=["feed", "-published_at"], name="scenario_feed_newest")]

    def __str__(self) -> str:
        return self.title
