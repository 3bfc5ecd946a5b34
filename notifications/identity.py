"""Ids that are made from the row, so that every repeat of a message carries the same."""

import uuid

from django.conf import settings

_NAMESPACE = uuid.UUID("4b1c7a52-6d0e-5e0e-9a63-3f6f0d6b8f11")


def message_id(key: str) -> str:
    """Letters, figures and hyphens: webhook-id as it stands, and the left part of a mail's Message-ID."""
    return str(uuid.uuid5(_NAMESPACE, key))


def digest_id(pk: int) -> str:
    return message_id(f"digest:{pk}")


def mail_id(name: str) -> str:
    return f"<{name}@{_domain()}>"


def _domain() -> str:
    return settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ") or "localhost"
