"""Spotify ids: 22 base-62 characters, which are 128 bits."""

import hashlib
import re
import secrets
import string

ALPHABET = string.digits + string.ascii_lowercase + string.ascii_uppercase
ID_LENGTH = 22

_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_WELL_FORMED = re.compile(r"[0-9A-Za-z]{22}")
_CHECK_BITS = 96
_CHECK_MASK = (1 << _CHECK_BITS) - 1


def is_well_formed(text: str) -> bool:
    """Tell whether the text could be a Spotify id."""
    return _WELL_FORMED.fullmatch(text) is not None


def random_id() -> str:
    """Return a new id that nobody can guess."""
    return encode62(secrets.randbits(128))


def encode62(value: int) -> str:
    """Return a number below 2**128 as 22 base-62 characters."""
    characters = []
    for _ in range(ID_LENGTH):
        value, digit = divmod(value, 62)
        characters.append(ALPHABET[digit])
    return "".join(reversed(characters))


def decode62(text: str) -> int:
    """Return the number that well-formed base-62 text stands for."""
    value = 0
    for character in text:
        value = value * 62 + _VALUES[character]
    return value


def stable_hash(*parts: object) -> int:
    """Return 64 bits that depend on the parts alone, the same in every process."""
    text = "\x1f".join(map(str, parts)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest())


class IdCodec:
    """Turns (kind, index) into an id and back, without a table.

    The lower 96 bits are a checksum of kind and index, the upper 32 the index
    hidden behind a hash of that checksum: so an id that was never given out is
    recognised as unknown, and looking one up takes the same time in a catalogue
    of any size.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def encode(self, kind: str, index: int) -> str:
        """Return the id of the index-th thing of that kind."""
        check = self._checksum(kind, index)
        return encode62((self._mask(kind, check) ^ index) << _CHECK_BITS | check)

    def decode(self, kind: str, spotify_id: str) -> int | None:
        """Return the index behind an id, or None where it is not one of ours."""
        if not is_well_formed(spotify_id):
            return None
        value = decode62(spotify_id)
        check = value & _CHECK_MASK
        index = (value >> _CHECK_BITS) ^ self._mask(kind, check)
        return index if self._checksum(kind, index) == check else None

    def _checksum(self, kind: str, index: int) -> int:
        text = f"{self._seed}/{kind}/{index}".encode()
        return int.from_bytes(hashlib.blake2b(text, digest_size=12).digest())

    def _mask(self, kind: str, check: int) -> int:
        return stable_hash(self._seed, kind, check) & 0xFFFFFFFF
