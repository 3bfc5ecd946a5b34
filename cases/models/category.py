from typing import ClassVar

from django.db import models
from django.utils.translation import get_language

FALLBACK_LANGUAGE = "zh-hans"


class Category(models.Model):
    """A node of the category tree; rows come from `fixtures/categories.yaml` by `load_categories`."""

    code = models.SlugField(max_length=60, unique=True)
    title = models.JSONField()
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    position = models.PositiveSmallIntegerField(default=0)
    severity = models.PositiveSmallIntegerField(default=1)
    is_active = models.BooleanField(default=True)

    objects: ClassVar[models.Manager["Category"]] = models.Manager()

    class Meta:
        ordering = ["position", "pk"]
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.label()

    def label(self, language: str | None = None) -> str:
        wanted = (language or get_language() or FALLBACK_LANGUAGE).lower()
        return str(self.title.get(wanted) or self.title.get(FALLBACK_LANGUAGE) or self.code)

    @property
    def full_label(self) -> str:
        """“Product quality › Installation”; reads `parent`, so fetch it with the case."""
        return f"{self.parent} › {self}" if self.parent else str(self)
