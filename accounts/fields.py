"""Text that the database never sees in clear, and the blind index that finds it again."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.lookups import Exact

NONCE_BYTES = 12


class Undecipherable(Exception):  # noqa: N818 -- says what the text is
    """No configured key opens this text: the key was removed too early, or the text was tampered with."""


class Keyring:
    """The first key encrypts, all of them decrypt; each text begins with the id of its key."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        secrets = [_decoded(key) for key in keys]
        self._ciphers = {key_id(secret): AESGCM(secret) for secret in secrets}
        self.current = key_id(secrets[0])
        self.index_secret = secrets[-1]

    def encrypt(self, text: str) -> str:
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._ciphers[self.current].encrypt(nonce, text.encode(), None)
        return f"{self.current}:{base64.b64encode(nonce + sealed).decode()}"

    def decrypt(self, stored: str) -> str:
        name, _, body = stored.partition(":")
        cipher = self._ciphers.get(name)
        if cipher is None:
            raise Undecipherable(f"No key {name[:8]!r} in FIELD_ENCRYPTION_KEYS.")
        try:
            raw = base64.b64decode(body, validate=True)
            return cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], None).decode()
        except (InvalidTag, binascii.Error, ValueError) as error:
            raise Undecipherable("The stored text was changed or cut off.") from error


def key_id(secret: bytes) -> str:
    return hashlib.sha256(b"field key id" + secret).hexdigest()[:8]


def _decoded(key: str) -> bytes:
    try:
        secret = base64.urlsafe_b64decode(key)
    except (binascii.Error, ValueError):
        secret = b""
    if len(secret) != 32:
        raise ImproperlyConfigured("Each of FIELD_ENCRYPTION_KEYS must be 32 bytes in URL-safe base64.")
    return secret


@lru_cache(maxsize=8)
def _keyring(keys: tuple[str, ...]) -> Keyring:
    return Keyring(keys)


def keyring() -> Keyring:
    return _keyring(tuple(settings.FIELD_ENCRYPTION_KEYS))


def blind_index(value: str, *, purpose: str) -> str:
    """A keyed digest to find an encrypted value by equality; empty for empty.

    `purpose` keeps two columns from being joined on it. The OLDEST key (the last of FIELD_ENCRYPTION_KEYS) makes it,
    so that prepending a key to rotate leaves every index valid. The caller normalises the value first.
    """
    if not value:
        return ""
    secret = hmac.digest(keyring().index_secret, f"blind index:{purpose}".encode(), "sha256")
    return hmac.new(secret, value.encode(), "sha256").hexdigest()


class OnlyEmpty(Exact):
    def get_prep_lookup(self) -> Any:
        if self.rhs != "":
            raise FieldError("An encrypted field can only be compared with ''; look it up by its blind index.")
        return self.rhs


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]  # generic in the stubs only
    """AES-256-GCM with a random nonce. Empty stays empty; only emptiness can be looked up (see `blind_index`)."""

    def get_prep_value(self, value: Any) -> Any:
        text = super().get_prep_value(value)
        return keyring().encrypt(text) if text else text

    def from_db_value(self, value: str | None, _expression: object, _connection: BaseDatabaseWrapper) -> str | None:
        return keyring().decrypt(value) if value else value

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name == "exact":
            return OnlyEmpty
        if lookup_name == "isnull":
            return super().get_lookup(lookup_name)
        raise FieldError("An encrypted field cannot be searched; look it up by its blind index.")
