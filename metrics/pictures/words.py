"""Numbers with their nouns."""

from vibe_engine.words import grouped


def counted(number: int, noun: str) -> str:
    """Return "1 day", "1,200 days"."""
    return f"{grouped(number)} {noun}" if number == 1 else f"{grouped(number)} {noun}s"
