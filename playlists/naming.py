"""Names, markers and what Spotify takes as text."""

import secrets

from vibe_engine.errors import InputError

NAME_LONGEST = 100
"""Spotify's own apps allow 100 characters; longer names have met errors."""
PREFIX_LONGEST = 64
LABEL_LONGEST = 64
DESCRIPTION_LONGEST = 300
"""Characters of a description (Web API, "Change Playlist Details")."""

_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
_MARKER_LENGTH = 10


def playlist_name(prefix: str, index: int) -> str:
    """Return "Vibe Collection • 001"; four digits from 1000 on."""
    return f"{prefix} • {index:03d}"


def new_marker() -> str:
    """Return a word that no text holds by chance: "ve" and ten base32 characters.

    Letters and digits only, since Spotify escapes everything else in descriptions.
    """
    return "ve" + "".join(secrets.choice(_BASE32) for _ in range(_MARKER_LENGTH))


def clean_prefix(text: str) -> str:
    """Return a prefix with its white space tidied up.

    :raises InputError: it is empty, too long, or holds characters nobody sees.
    """
    return _clean(text, field="prefix", what="A prefix", longest=PREFIX_LONGEST)


def clean_name(text: str) -> str:
    """Return a playlist's name with its white space tidied up.

    :raises InputError: it is empty, too long, or holds characters nobody sees.
    """
    return _clean(text, field="name", what="A name", longest=NAME_LONGEST)


def clean_label(text: str) -> str:
    """Return a label's name with its white space tidied up.

    :raises InputError: it is empty, too long, or holds a comma (labels are typed
        parted by commas) or characters nobody sees.
    """
    line = _clean(text, field="labels", what="A label", longest=LABEL_LONGEST)
    if "," in line:
        raise InputError("A label holds no comma.", field="labels")
    return line


def clean_description(text: str) -> str:
    """Return a description as Spotify takes it: one line, no markup, "" for none.

    :raises InputError: it is too long or holds markup.
    """
    line = " ".join(text.split())
    if not line:
        return ""
    if "<" in line or ">" in line:
        raise InputError(
            "A description holds no markup: leave out “<” and “>”.", field="description"
        )
    return _clean(
        line, field="description", what="A description", longest=DESCRIPTION_LONGEST
    )


def _clean(text: str, *, field: str, what: str, longest: int) -> str:
    line = " ".join(text.split())
    if not 1 <= len(line) <= longest:
        raise InputError(f"{what} has 1 to {longest} characters.", field=field)
    if any(ord(char) < 32 or 0xD800 <= ord(char) <= 0xDFFF for char in line):
        raise InputError(f"{what} holds visible characters only.", field=field)
    return line
