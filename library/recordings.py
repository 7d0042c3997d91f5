"""Which tracks are the same recording, under a key that is stable everywhere."""

import hashlib
import re
import unicodedata

LENGTH_BUCKET_MS = 4_000
"""Releases of one recording differ by less: trailing silence, another master."""

_GUESTS = re.compile(r"[(\[]\s*(?:feat|ft|featuring|with)\b[^)\]]*[)\]]")
_NOT_WORD = re.compile(r"[\W_]+")


def recording_key(
    *, isrc: str, title: str, artist_id: str, duration_ms: int, track_id: str
) -> str:
    """Return a key of at most 64 characters, equal for the same recording.

    The ISRC where it is known, else a hash of normalised title, primary artist and
    length bucket. A track without a title is a recording of its own.
    """
    if isrc:
        return f"isrc:{isrc.strip().upper()[:50]}"
    words = normalised_title(title)
    if not words:
        return f"track:{track_id}"
    bucket = round(duration_ms / LENGTH_BUCKET_MS)
    text = "\0".join((words, artist_id, str(bucket)))
    return f"sound:{hashlib.sha256(text.encode()).hexdigest()[:40]}"


def normalised_title(title: str) -> str:
    """Return a title as compared: case, accents, marks and named guests left out.

    A title of marks alone keeps them.
    """
    plain = title.casefold()
    if not title.isascii():
        folded = unicodedata.normalize("NFKD", title).casefold()
        plain = "".join(char for char in folded if not unicodedata.combining(char))
    words = _NOT_WORD.sub(" ", _GUESTS.sub(" ", plain)).strip()
    return words or " ".join(plain.split())


def recording_number(key: str) -> int:
    """Return a recording key as a number below 2**63, the same in every process."""
    digest = hashlib.blake2b(key.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1
