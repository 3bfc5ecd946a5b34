from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EscalationConfig(AppConfig):
    name = "escalation"
    verbose_name = _("Clocks")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from escalation import messages, runbook_codes, verbs  # noqa: F401, PLC0415 -- models are not loaded before ready()

        messages.register_all()
