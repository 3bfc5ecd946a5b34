"""What the desk looks out for, and what a find weighs."""

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from monitoring.visibility import ByUnit


class Watch(models.Model):
    """A rule over texts: any of these terms, all of those, none of these. Its unit decides who is alerted."""

    name = models.CharField(_("name"), max_length=120)
    rule = models.JSONField(_("rule"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("unit"))
    is_active = models.BooleanField(_("active"), default=True)
    negative_only = models.BooleanField(_("only negative talk"), default=False)
    is_key_customer = models.BooleanField(_("key customer"), default=False)
    is_key_product = models.BooleanField(_("key product"), default=False)
    is_key_region = models.BooleanField(_("key region"), default=False)
    weight = models.PositiveSmallIntegerField(
        _("extra weight"), default=0, validators=[MinValueValidator(0), MaxValueValidator(50)]
    )
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    last_hit_at = models.DateTimeField(null=True, blank=True)

    objects = ByUnit["Watch"].as_manager()

    class Meta:
        ordering: ClassVar = ["name", "pk"]
        verbose_name = _("watch")
        verbose_name_plural = _("watches")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("monitoring:watch", args=[self.pk])

    @property
    def terms(self) -> dict[str, list[str]]:
        """The words of each part, for showing."""
        return {
            part: [term if isinstance(term, str) else term["term"] for term in self.rule.get(part, [])]
            for part in ("any", "all", "none")
        }


class GradingRules(models.Model):
    """The weights of one version; a changed body makes the next one."""

    number = models.PositiveIntegerField(unique=True)
    body = models.JSONField()
    created_at = models.DateTimeField()
    is_current = models.BooleanField(default=True)

    class Meta:
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["is_current"], name="one_current_grading_rules", condition=Q(is_current=True)
            )
        ]
