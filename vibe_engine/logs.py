"""Lines of the log: for people, or as JSON for machines; never a secret.

Each line says what it is about where a piece of work goes on: the run with its kind
and its account's lane, or the request (vibe_engine/tracing.py).
"""

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import Any

from vibe_engine import tracing

FORMATS = ("line", "json")
HIDDEN = "[hidden]"
FACTS = ("run", "kind", "lane", "request")
"""What lines carry of the work they belong to."""

_SCHEMES = re.compile(r"\b(bearer|basic|token) +[^\s\"',;}\]]{8,}", re.IGNORECASE)
_NAMED = re.compile(
    r"\b((?:access_|refresh_|csrf_?|api_)?(?:token|secret|password|passwd|apikey|key)"
    r"|client_secret|code|code_verifier|authorization|cookie|dashboard_session)"
    r"([\"']?\s*[=:]\s*[\"']?)(?!\d{1,7}\b)[^\s\"'&,;}\])]{6,}",
    re.IGNORECASE,
)
_IN_ADDRESS = re.compile(r"(://[^\s/:@]*:)[^\s/@]+(?=@)")
_LONG = re.compile(r"(?<![\w-])(?=[\w-]*[A-Za-z])(?=[\w-]*\d)[\w-]{60,}(?:\.[\w-]+)*")
"""Nothing of ours is so long but tokens and digests; the latter help nobody."""


def hide_secrets(text: str) -> str:
    """Return a text without what looks like a token, a password or a key."""
    text = _SCHEMES.sub(rf"\1 {HIDDEN}", text)
    text = _NAMED.sub(rf"\1\2{HIDDEN}", text)
    text = _IN_ADDRESS.sub(rf"\1{HIDDEN}", text)
    return _LONG.sub(HIDDEN, text)


class LineFormatter(logging.Formatter):
    """One line for people; a traceback follows where there is one."""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name}: {message}", style="{")

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, with what it is about at its end."""
        about = " ".join(f"{name}={value}" for name, value in _facts().items())
        head, newline, rest = super().format(record).partition("\n")
        return hide_secrets(f"{head} [{about}]" if about else head) + (
            newline + hide_secrets(rest)
        )


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return time (UTC), level, logger, message, and what the line is about."""
        at = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, Any] = {
            "time": at.isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": hide_secrets(record.getMessage()),
            **_facts(),
        }
        if record.exc_info:
            line["error"] = hide_secrets(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False, default=str)


def _facts() -> dict[str, object]:
    """Return what the work that goes on here is about, without what is unknown."""
    known = tracing.current_facts()
    return {name: known[name] for name in FACTS if known.get(name)}


def configuration(*, style: str, level: str) -> dict[str, Any]:
    """Return the configuration of Python's logging, for every process of ours."""
    formatter = JsonFormatter if style == "json" else LineFormatter
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"ours": {"()": formatter}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "ours",
                "stream": sys.stderr,
            }
        },
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "spotipy": {"level": "ERROR"},
            "urllib3": {"level": "WARNING"},
            "celery": {"level": "WARNING"},
            "django_celery_beat": {"level": "WARNING"},
            "axes": {"level": "WARNING"},
            "environ": {"level": "WARNING"},
            "gunicorn.error": {"level": "WARNING"},
        },
    }
