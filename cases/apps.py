from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CasesConfig(AppConfig):
    name = "cases"
    verbose_name = _("Cases")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # They register themselves once the apps are there.
        from cases import authority, messages, runbook_codes, task_panel, told, verbs  # noqa: F401, PLC0415 -- as said
        from cases.visibility import narrowed_clocks  # noqa: PLC0415 -- as said
        from escalation.gate import register  # noqa: PLC0415 -- as said

        register(narrowed_clocks)
