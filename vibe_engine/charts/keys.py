"""Musical keys on the Camelot wheel: neighbours by number mix well."""

from collections.abc import Mapping

MAJOR: Mapping[int, int] = {
    0: 8, 1: 3, 2: 10, 3: 5, 4: 12, 5: 7, 6: 2, 7: 9, 8: 4, 9: 11, 10: 6, 11: 1,
}  # fmt: skip
MINOR: Mapping[int, int] = {
    0: 5, 1: 12, 2: 7, 3: 2, 4: 9, 5: 4, 6: 11, 7: 6, 8: 1, 9: 8, 10: 3, 11: 10,
}  # fmt: skip
NOTES = ("C", "D♭", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")


def camelot(key: int | None, mode: int | None) -> tuple[int, str] | None:
    """Return place on the wheel (1 to 12) and letter ("B" major, "A" minor).

    `key` counts semitones from C (0 to 11; Spotify gives -1 for unknown), `mode`
    is 1 for major. `None` where either is unknown.
    """
    if key is None or mode is None or key not in MAJOR:
        return None
    return (MAJOR[key], "B") if mode else (MINOR[key], "A")


def name(key: int, mode: int) -> str:
    """Return the name of a key: "A minor"."""
    return f"{NOTES[key]} {'major' if mode else 'minor'}"
