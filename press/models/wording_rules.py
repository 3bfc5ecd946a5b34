from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from press import wording
from press.enums import WordingKind, WordingSeverity


class WordingRule(models.Model):
    """Words that never go to a journalist, why, and what to say instead (both in three languages)."""

    code = models.SlugField(_("code"), unique=True, max_length=60)
    kind = models.CharField(_("kind"), max_length=20, choices=WordingKind)
    severity = models.CharField(_("severity"), max_length=5, choices=WordingSeverity, default=WordingSeverity.WARN)
    patterns = ArrayField(models.CharField(max_length=300), verbose_name=_("patterns"))
    reason = models.JSONField(_("reason"), default=dict)
    better = models.JSONField(_("a better way"), default=dict)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("wording rule")
        verbose_name_plural = _("wording rules")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code

    def clean(self) -> None:
        if bad := wording.problems_of(self.patterns or []):
            raise ValidationError(
                {"patterns": _("These patterns hold an empty part: %(bad)s") % {"bad": ", ".join(bad)}}
            )

    def as_rule(self) -> wording.Rule:
        return wording.Rule(self.code, self.kind, self.severity, tuple(self.patterns), self.reason, self.better)
