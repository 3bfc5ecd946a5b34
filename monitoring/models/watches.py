"""What the desk looks out for, and what a find weighs."""

from typing import Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, User
from language.elements import in_words
from language.rules import Rule, RuleError
from monitoring.enums import ListKind, WatchTrouble
from monitoring.models.versions import RulesVersion
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
    closely = models.BooleanField(_("watch closely"), default=False)  # its sources are read every minute
    weight = models.PositiveSmallIntegerField(
        _("extra weight"), default=0, validators=[MinValueValidator(0), MaxValueValidator(50)]
    )
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    last_hit_at = models.DateTimeField(null=True, blank=True)
    trouble = models.CharField(max_length=20, choices=WatchTrouble, blank=True, default="")
    trouble_details = models.CharField(max_length=200, blank=True, default="")
    trouble_at = models.DateTimeField(null=True, blank=True)

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
    def rule_text(self) -> str:
        """The rule as people write it; empty where this version of the desk cannot read it any more."""
        return rule_text(self.rule)

    @property
    def terms(self) -> dict[str, list[str]]:
        """The words of each part, for showing."""
        try:
            rule = Rule.from_dict(self.rule)
        except RuleError:
            return {"any": [], "all": [], "none": []}
        groups = {"any": rule.any_of, "all": rule.all_of, "none": rule.none_of}
        return {part: [_shown(in_words(element)) for element in elements] for part, elements in groups.items()}


def rule_text(data: dict[str, Any]) -> str:
    """The text of a stored rule."""
    try:
        return Rule.from_dict(data).to_text()
    except RuleError:
        return ""


def _shown(words: dict[str, Any]) -> str:
    return (" … " if words["kind"] == "near" else " / ").join(words["words"])


class WatchVersion(models.Model):
    """A watch as it was saved once: who, when, why. Never changed."""

    watch = models.ForeignKey(Watch, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    rule = models.JSONField()
    facts = models.JSONField(default=dict)  # name, is_active and the other fields, for the difference
    why = models.CharField(_("why"), max_length=300, blank=True, default="")
    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["watch", "number"], name="watch_version_once")]

    @property
    def rule_text(self) -> str:
        return rule_text(self.rule)


class NamedList(models.Model):
    """A list of the desk that rules may ask for by name. Key customers, products and regions weigh by themselves."""

    name = models.CharField(_("name"), max_length=60)
    key = models.CharField(max_length=60, unique=True)  # folded name: 品牌 and 「品牌」 in another width are one list
    kind = models.CharField(_("kind"), max_length=12, choices=ListKind, default=ListKind.WORDS)
    entries = models.TextField(_("entries"), help_text=_("One a line. Exclude phrases stand in braces."))
    weight = models.PositiveSmallIntegerField(
        _("extra weight"), default=0, validators=[MinValueValidator(0), MaxValueValidator(50)]
    )
    version = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField()
    updated_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["name", "pk"]
        verbose_name = _("list")
        verbose_name_plural = _("lists")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("monitoring:list", args=[self.pk])


class GradingRules(RulesVersion):
    """What a find weighs."""

    class Meta(RulesVersion.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["is_current"], name="one_current_grading_rules", condition=Q(is_current=True)
            )
        ]
