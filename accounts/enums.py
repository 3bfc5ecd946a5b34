from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Role(TextChoices):
    AGENT = "agent", _("Agent")
    SUPERVISOR = "supervisor", _("Supervisor")
    MONITOR = "monitor", _("Monitor")
    PR = "pr", _("PR officer")
    LEGAL = "legal", _("Legal counsel")
    COMMANDER = "commander", _("Commander")
    LIAISON = "liaison", _("Liaison")
    ADMIN = "admin", _("Administrator")


class UnitKind(TextChoices):
    GROUP = "group", _("Group")
    REGION = "region", _("Region")
    BRANCH = "branch", _("Branch")
    DEPARTMENT = "department", _("Department")


class Function(TextChoices):
    """What a department does; runbooks name functions, the organisation's map finds the department."""

    GENERAL_OFFICE = "general_office", _("General office")
    OPINION_TEAM = "opinion_team", _("Public opinion team")
    CUSTOMER_SERVICE = "customer_service", _("Customer service")
    PR = "pr", _("Public relations")
    OPERATIONS = "operations", pgettext_lazy("department", "Operations")
    LEGAL = "legal", _("Legal affairs")
    FINANCE = "finance", _("Finance")
    EMERGENCY_TEAM = "emergency_team", _("Emergency team")
    PRODUCT = "product", _("Product")
    OTHER = "other", _("Other")


class Scope(TextChoices):
    """What an access token may do."""

    CASES_READ = "cases:read", _("Read cases")
    CASES_WRITE = "cases:write", _("Open and change cases")
    MENTIONS_WRITE = "mentions:write", _("Push mentions")
    ALERTS_READ = "alerts:read", _("Read alerts")
    ALERTS_WRITE = "alerts:write", _("Acknowledge and dismiss alerts")
    DUTY_READ = "duty:read", _("Read rosters, absences and the calendar")
    DUTY_WRITE = "duty:write", _("Keep rosters, absences and the calendar")


class AccessAction(TextChoices):
    VIEW_PERSONAL = "view_personal", _("Looked at personal data")
    EXPORT = "export", _("Exported")
    SIGN_IN = "sign_in", _("Signed in")
    SIGN_IN_FAILED = "sign_in_failed", _("Failed to sign in")
