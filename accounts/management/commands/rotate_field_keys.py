from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand
from django.db import models

from accounts.fields import EncryptedTextField, keyring

BATCH = 500


class Command(BaseCommand):
    help = "Encrypt every personal field anew with the first of FIELD_ENCRYPTION_KEYS; safe to repeat and to interrupt."

    def handle(self, *args: Any, **options: Any) -> None:
        for model in apps.get_models():
            for field in model._meta.concrete_fields:
                if isinstance(field, EncryptedTextField):
                    count = _rotate(model, field.name)
                    self.stdout.write(f"{model._meta.label}.{field.name}: {count} encrypted anew.")


def _rotate(model: type[models.Model], name: str) -> int:
    """Row by row, and only where the text is still the one that was read: somebody may be typing a new one."""
    stored = models.functions.Cast(name, models.TextField())
    old = model._default_manager.exclude(**{name: ""}).annotate(stored=stored)
    stale = old.exclude(stored__startswith=f"{keyring().current}:").values_list("pk", "stored", name)
    count = 0
    for pk, cipher, clear in stale.iterator(chunk_size=BATCH):
        still = model._default_manager.annotate(stored=stored).filter(pk=pk, stored=cipher)
        count += still.update(**{name: clear})
    return count
