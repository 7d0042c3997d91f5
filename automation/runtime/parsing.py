"""What turns what a person or an environment says into the value of a setting.

Each function takes the key of a setting and returns a parser; a parser takes text (or
a value that was stored) and raises InputError with the key as `field`.
"""

import re
from collections.abc import Callable
from typing import Any

from automation.runtime.values import PLACEHOLDERS, Options
from vibe_engine.errors import InputError


def whole(key: str, low: int, high: int, unit: str) -> Callable[[Any], int]:
    """Return what reads a whole number; `unit` is named when it is out of range."""

    def parse(raw: Any) -> int:
        text = str(raw).strip().replace(",", "")
        if isinstance(raw, bool) or not re.fullmatch(r"[+-]?\d{1,9}", text):
            raise InputError(f"A whole number is wanted, not “{text[:40]}”.", field=key)
        if not low <= int(text) <= high:
            raise InputError(f"{low:,} to {high:,} {unit} are possible.", field=key)
        return int(text)

    return parse


def switch(key: str) -> Callable[[Any], bool]:
    """Return what reads "on" or "off", in the words of forms and environments."""

    def parse(raw: Any) -> bool:
        text = str(raw).strip().lower()
        if text in {"true", "on", "yes", "1"}:
            return True
        if text in {"false", "off", "no", "0", ""}:
            return False
        raise InputError("Either on or off is wanted.", field=key)

    return parse


def one_of(key: str, options: Options) -> Callable[[Any], str]:
    """Return what reads the name of one of the options."""

    def parse(raw: Any) -> str:
        text = str(raw).strip()
        if text not in dict(options):
            possible = ", ".join(name for name, _ in options)
            raise InputError(f"One of {possible} is wanted.", field=key)
        return text

    return parse


def some_of(key: str, options: Options) -> Callable[[Any], tuple[str, ...]]:
    """Return what reads several of the options, in their order, one a line."""

    def parse(raw: Any) -> tuple[str, ...]:
        lines = raw.splitlines() if isinstance(raw, str) else raw
        wanted = {str(line).strip() for line in lines} - {""}
        if wanted - set(dict(options)):
            possible = ", ".join(name for name, _ in options)
            raise InputError(f"Possible are {possible}, one a line.", field=key)
        return tuple(name for name, _ in options if name in wanted)

    return parse


def text(key: str, longest: int) -> Callable[[Any], str]:
    """Return what reads one line of visible characters."""

    def parse(raw: Any) -> str:
        line = " ".join(str(raw).split())
        if not 1 <= len(line) <= longest or not line.isprintable():
            raise InputError(f"1 to {longest} visible characters, please.", field=key)
        return line

    return parse


def templates(key: str) -> Callable[[Any], tuple[str, ...]]:
    """Return what reads sentences for descriptions, one a line."""

    def parse(raw: Any) -> tuple[str, ...]:
        lines = raw.splitlines() if isinstance(raw, str) else raw
        sentences = tuple(" ".join(str(line).split()) for line in lines)
        sentences = tuple(sentence for sentence in sentences if sentence)
        if not 1 <= len(sentences) <= 20:
            raise InputError("1 to 20 sentences, one a line.", field=key)
        for sentence in sentences:
            _check_template(sentence, key)
        return sentences

    return parse


def _check_template(sentence: str, key: str) -> None:
    start = f"“{sentence[:60]}”: "
    unknown = set(re.findall(r"\{([^{}]*)\}", sentence)) - set(PLACEHOLDERS)
    if unknown or set("{}") & set(re.sub(r"\{[^{}]*\}", "", sentence)):
        raise InputError(
            f"{start}possible in braces are {', '.join(PLACEHOLDERS)}.", field=key
        )
    if len(sentence) > 200 or set("<>") & set(sentence) or not sentence.isprintable():
        raise InputError(
            f"{start}at most 200 characters and no markup, since Spotify takes "
            "300 in all.",
            field=key,
        )
