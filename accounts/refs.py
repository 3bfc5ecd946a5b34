"""How one row points at another of any kind, without a foreign key: `case:12`."""

from django.db.models import Model


def ref(obj: Model) -> str:
    return f"{obj._meta.model_name}:{obj.pk}"
