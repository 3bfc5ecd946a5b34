"""People and units. A unit's `path` ("/1/4/") holds the ids from the top down to itself, so a subtree is one prefix."""

import zoneinfo
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models.functions import Concat, Lower, Substr
from django.utils import timezone
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.enums import AccessAction, Function, Role, Scope, UnitKind
from accounts.fields import EncryptedTextField

LANGUAGES = ["zh-hans", "zh-hant", "en"]


def validate_names(value: object) -> None:
    """Names in the languages of the desk; Simplified Chinese is the one every other falls back to."""
    if not isinstance(value, dict) or not value.get("zh-hans"):
        raise ValidationError(_('Give the name as {"zh-hans": "…", "zh-hant": "…", "en": "…"}; zh-hans is required.'))
    if set(value) - set(LANGUAGES) or not all(isinstance(name, str) for name in value.values()):
        raise ValidationError(_("Only zh-hans, zh-hant and en are known."))


def validate_time_zone(value: str) -> None:
    if value not in zoneinfo.available_timezones():
        raise ValidationError(_("“%(zone)s” is not a time zone, such as Asia/Shanghai."), params={"zone": value})


class Unit(models.Model):
    """Group, region, branch or one of their departments."""

    name = models.JSONField(_("name"), validators=[validate_names])
    code = models.SlugField(_("code"), max_length=60, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=UnitKind)
    function = models.CharField(_("function"), max_length=20, choices=Function, blank=True, default="")
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    path = models.CharField(max_length=200, editable=False, default="", db_index=True)
    head = models.ForeignKey("User", models.SET_NULL, null=True, blank=True, related_name="heads")
    time_zone = models.CharField(max_length=40, default="Asia/Shanghai", validators=[validate_time_zone])
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        ordering: ClassVar = ["path"]
        verbose_name = _("unit")
        verbose_name_plural = _("units")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="unit_function_of_departments_only",
                condition=models.Q(function="") | models.Q(kind=UnitKind.DEPARTMENT),
            ),
        ]

    def __str__(self) -> str:
        return self.label()

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Also keeps the paths of the unit and of everything below it right."""
        with transaction.atomic():
            paths = dict(Unit.objects.select_for_update().order_by("pk").values_list("pk", "path"))
            self.path = paths.get(self.pk, "")
            super().save(*args, **kwargs)
            self._repair_paths(above=paths[self.parent_id] if self.parent_id else "/")

    def label(self, lang: str | None = None) -> str:
        names: dict[str, str] = self.name
        return names.get(lang or get_language() or "zh-hans") or names.get("zh-hans") or self.code

    @property
    def ancestor_ids(self) -> list[int]:
        """From the top down to the unit itself; no query."""
        return [int(part) for part in self.path.split("/") if part]

    def clean(self) -> None:
        if self.pk and self.parent and self.pk in self.parent.ancestor_ids:
            raise ValidationError({"parent": _("A unit cannot stand below itself.")})
        if self.function and self.kind != UnitKind.DEPARTMENT:
            raise ValidationError({"function": _("Only departments have a function.")})

    def _repair_paths(self, *, above: str) -> None:
        if f"/{self.pk}/" in above:
            raise ValidationError({"parent": _("A unit cannot stand below itself.")})
        old, new = self.path, f"{above}{self.pk}/"
        if old == new:
            return
        self.path = new
        if old:
            moved = Concat(models.Value(new), Substr("path", len(old) + 1))
            Unit.objects.filter(path__startswith=old).update(path=moved)
        else:
            Unit.objects.filter(pk=self.pk).update(path=new)


class PersonManager(UserManager["User"]):
    use_in_migrations = False

    def create_superuser(self, username: str, *args: Any, **kwargs: Any) -> "User":
        """`manage.py createsuperuser` makes an administrator."""
        return super().create_superuser(username, *args, **{"roles": [Role.ADMIN]} | kwargs)


class User(AbstractUser):
    """Somebody who works with the desk. Never deleted, only deactivated: the record refers to them."""

    first_name = None  # type: ignore[assignment]  # display_name is the one name: Chinese names do not split
    last_name = None  # type: ignore[assignment]  # as above
    display_name = models.CharField(pgettext_lazy("person", "name"), max_length=80)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="people")
    roles = ArrayField(models.CharField(max_length=12, choices=Role), verbose_name=_("roles"), default=list, blank=True)
    phone = EncryptedTextField(_("phone"), blank=True, default="")
    language = models.CharField(
        _("language"),
        max_length=10,
        default="zh-hans",
        choices=[("zh-hans", "简体中文"), ("zh-hant", "繁體中文"), ("en", "English")],
    )

    objects: ClassVar[PersonManager] = PersonManager()

    REQUIRED_FIELDS: ClassVar = ["email", "display_name"]

    class Meta:
        ordering: ClassVar = ["username"]
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints: ClassVar = [
            models.UniqueConstraint(
                Lower("username"), name="user_username_any_case", violation_error_message=_("This name is taken.")
            ),
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_any_case",
                condition=~models.Q(email=""),
                violation_error_message=_("Somebody else has this e-mail address."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return self.display_name or self.username

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name

    def has_role(self, *roles: str) -> bool:
        """Any of them."""
        return not set(roles).isdisjoint(self.roles)

    def has_perm(self, perm: str, obj: object = None) -> bool:  # noqa: ARG002 -- Django's signature
        """Django's own permissions guard its admin only; there the role decides, not a second set of rights."""
        return self.is_active and self.has_role(Role.ADMIN)

    def has_module_perms(self, app_label: str) -> bool:  # noqa: ARG002 -- Django's signature
        return self.has_perm("")

    @property
    def desk_unit(self) -> Unit | None:
        """The group, region or branch they work for: their unit, or the nearest one above that is no department."""
        unit = self.unit
        while unit is not None and unit.kind == UnitKind.DEPARTMENT:
            unit = unit.parent
        return unit


class ApiToken(models.Model):
    """Lets another system act as a person within scopes. Only the digest of the secret is kept."""

    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens")
    name = models.CharField(_("name"), max_length=80)
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope), verbose_name=_("scopes"))
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-pk"]
        verbose_name = _("access token")
        verbose_name_plural = _("access tokens")

    def __str__(self) -> str:
        return f"{self.prefix}… ({self.name})"


class AccessLog(models.Model):
    """Who looked at, exported or signed in to what. A trigger lets rows in and never out."""

    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    action = models.CharField(_("action"), max_length=20, choices=AccessAction)
    subject = models.CharField(_("subject"), max_length=80, blank=True, default="")
    field = models.CharField(_("field"), max_length=40, blank=True, default="")
    reason = models.TextField(_("reason"), blank=True, default="")
    ip = models.GenericIPAddressField("IP", null=True, blank=True)
    at = models.DateTimeField(_("time"), default=timezone.now)

    class Meta:
        ordering: ClassVar = ["-pk"]
        verbose_name = _("access")
        verbose_name_plural = _("access log")
        indexes: ClassVar = [
            models.Index(fields=["subject", "at"], name="accesslog_subject"),
            models.Index(fields=["ip", "at"], name="accesslog_ip"),
            models.Index(fields=["user", "at"], name="accesslog_user"),
        ]


class IdempotentAnswer(models.Model):
    """The answer given to a POST under an Idempotency-Key, kept to be given again instead of doing it twice."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.JSONField(null=True)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_once")]
