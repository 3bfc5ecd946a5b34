from django.apps import AppConfig


class PressConfig(AppConfig):
    name = "press"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from press import messages, panels, runbook_codes, verbs, waiting  # noqa: F401, PLC0415 -- registries fill once apps are loaded
