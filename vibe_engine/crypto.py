"""Secrets at rest: AES-256-GCM, bound to the row they belong to.

A stored value reads `v1.<key id>.<nonce and ciphertext in base64>`. The row's
identity is the associated data, so a value copied into another row does not
decrypt. Keys come from a `KeyProvider`; a KMS can take the place of the default.
"""

import base64
import os
from functools import cache
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from vibe_engine.errors import VibeError

FORMAT = "v1"
NONCE_BYTES = 12


class DecryptError(VibeError):
    """A stored secret cannot be read: wrong key, wrong row or damaged text."""


class UnknownKeyError(DecryptError):
    """The key that sealed a stored secret is not there; `key_id` names it."""

    def __init__(self, key_id: str) -> None:
        super().__init__(
            f"The stored secret cannot be decrypted: there is no key “{key_id[:32]}”."
        )
        self.key_id = key_id


class KeyProvider(Protocol):
    """Where encryption keys come from."""

    def current(self) -> tuple[str, bytes]:
        """Return id and bytes (32) of the key that new values are sealed with."""

    def by_id(self, key_id: str) -> bytes:
        """Return the 32 bytes of a key; :raises KeyError: when it is unknown."""


class EnvironmentKeys:
    """Keys from `TOKEN_KEYS`: `id:base64` entries, the first one is current."""

    def __init__(self, entries: list[str]) -> None:
        self._keys = dict(self._parse(entry.strip()) for entry in entries)
        if not self._keys:
            raise ImproperlyConfigured("TOKEN_KEYS holds no key.")
        if len(self._keys) < len(entries):
            raise ImproperlyConfigured("TOKEN_KEYS holds two keys of the same id.")

    def __repr__(self) -> str:
        return f"EnvironmentKeys({', '.join(self._keys)})"

    @staticmethod
    def _parse(entry: str) -> tuple[str, bytes]:
        key_id, _, encoded = entry.partition(":")
        try:
            key = base64.urlsafe_b64decode(encoded)
        except ValueError:
            key = b""
        if not key_id or "." in key_id or len(key) != 32:
            raise ImproperlyConfigured(
                "Each entry of TOKEN_KEYS reads id:base64 of 32 bytes."
            )
        return key_id, key

    def current(self) -> tuple[str, bytes]:
        """Return the first key of the list."""
        return next(iter(self._keys.items()))

    def by_id(self, key_id: str) -> bytes:
        """Return a key of the list."""
        return self._keys[key_id]


@cache
def keys() -> KeyProvider:
    """Return the provider in force."""
    return EnvironmentKeys(settings.TOKEN_KEYS)


def encrypt(text: str, *, identity: str) -> str:
    """Seal `text` for the row named by `identity`, for example "token:7:access"."""
    key_id, key = keys().current()
    nonce = os.urandom(NONCE_BYTES)
    sealed = nonce + AESGCM(key).encrypt(nonce, text.encode(), identity.encode())
    return f"{FORMAT}.{key_id}.{base64.urlsafe_b64encode(sealed).decode()}"


def decrypt(stored: str, *, identity: str) -> str:
    """Open a value sealed by `encrypt` for the same `identity`.

    :raises UnknownKeyError: the key that sealed it is not there (any more).
    :raises DecryptError: the row is another one, or the stored text is damaged.
    """
    try:
        version, key_id, encoded = stored.split(".")
        sealed = base64.urlsafe_b64decode(encoded)
        if version != FORMAT:
            raise DecryptError("The stored secret has an unknown format.")
        plain = AESGCM(_key(key_id)).decrypt(
            sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], identity.encode()
        )
    except (ValueError, InvalidTag) as error:
        raise DecryptError("The stored secret cannot be decrypted.") from error
    return plain.decode()


def reseal(stored: str, *, identity: str) -> str:
    """Return a stored value sealed with the current key; itself if it is so already.

    It is opened in any case, so that what cannot be read shows.

    :raises DecryptError: as `decrypt`.
    """
    plain = decrypt(stored, identity=identity)
    is_current = key_id_of(stored) == keys().current()[0]
    return stored if is_current else encrypt(plain, identity=identity)


def _key(key_id: str) -> bytes:
    try:
        return keys().by_id(key_id)
    except KeyError:
        raise UnknownKeyError(key_id) from None


def key_id_of(stored: str) -> str:
    """Return the id of the key that sealed a stored value, or an empty text."""
    parts = stored.split(".")
    return parts[1] if len(parts) == 3 else ""
