"""Names as they are stored: one line, nothing invisible that misleads, no novel."""

import unicodedata

NAME_LENGTH = 500
_JOINERS = frozenset("\u200c\u200d")
"""Invisible, but they belong to the spelling of some scripts and of many emoji."""


def clean_name(text: str, *, length: int = NAME_LENGTH) -> str:
    """Return a name on one line without control characters, cut at `length`.

    Marks that turn the direction of writing go as well, since they would turn what
    stands after the name. A name of which nothing is visible is empty.
    """
    kept = (c for c in text if c.isspace() or c in _JOINERS or not _is_control(c))
    name = " ".join("".join(kept).split())
    if all(c in _JOINERS or c == " " for c in name):
        return ""
    return name if len(name) <= length else f"{name[: length - 1].rstrip()}…"


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cf", "Cs"}


def artist_line(names: list[str]) -> str:
    """Return the names of credited artists as one line."""
    return clean_name(", ".join(name for name in names if name))
