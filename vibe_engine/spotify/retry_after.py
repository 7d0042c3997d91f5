"""How long a server asks to wait: the Retry-After header in all its forms."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

FLOOR_S = 1.0
CAP_S = 25 * 3600.0

_SECONDS = re.compile(r"[+-]?\d{1,300}(\.\d{1,300})?", re.ASCII)


def parse_retry_after(value: str | None, *, date: str | None = None) -> float | None:
    """Return the wait in seconds, from 1 s to 25 h, or None if there is no telling.

    Takes whole and fractional seconds and HTTP dates (RFC 9110, section 10.2.3). A
    date counts from `date`, the Date header of the same answer, so that neither
    side's clock matters. Of several values, as a proxy may join them, the longest
    wait counts. Bans of a day have been seen; nothing asks for more in earnest.
    """
    text, sent = value or "", _http_date(date or "")
    waits = [_wait_s(part.strip(), sent) for part in (text, *text.split(","))]
    told = [wait_s for wait_s in waits if wait_s is not None]
    return _bounded(max(told)) if told else None


def _wait_s(text: str, sent: datetime | None) -> float | None:
    if _SECONDS.fullmatch(text):
        return float(text)
    until = _http_date(text)
    if until is None or sent is None:
        return None
    return (until - sent).total_seconds()


def _bounded(wait_s: float) -> float:
    return min(max(wait_s, FLOOR_S), CAP_S)


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
