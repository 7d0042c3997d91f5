"""Numbers, spans and moments as people read them."""

from datetime import datetime

MINUTE_S = 60
HOUR_S = 60 * MINUTE_S
DAY_S = 24 * HOUR_S


def grouped(number: float | None) -> str:
    """Group thousands with commas; whole numbers without decimals, others with one."""
    if number is None:
        return ""
    if isinstance(number, float) and not number.is_integer():
        return f"{number:,.1f}"
    return f"{int(number):,}"


def duration(seconds: float) -> str:
    """Say a span with its two largest units: "0.2 s", "1 min 52 s", "3 h 9 min".

    Negative spans count as zero.
    """
    seconds = max(0.0, float(seconds))
    if seconds < 10:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    whole = round(seconds)
    if whole < HOUR_S:
        return _pair(whole // MINUTE_S, "min", whole % MINUTE_S, "s")
    minutes = whole // MINUTE_S
    if whole < DAY_S:
        return _pair(minutes // 60, "h", minutes % 60, "min")
    days, hours = divmod(minutes // 60, 24)
    return _pair(days, "day" if days == 1 else "days", hours, "h")


def _pair(large: int, large_unit: str, small: int, small_unit: str) -> str:
    parts = [(large, large_unit), (small, small_unit)]
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 s"


def clock_length(milliseconds: int) -> str:
    """Show a length as on a sleeve: "4:36", "1:02:33"."""
    minutes, seconds = divmod(round(milliseconds / 1000), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02}:{seconds:02}"
    return f"{minutes}:{seconds:02}"


def initials(name: str) -> str:
    """Return the first letters of the first and the last word, or "?"."""
    parts = [part for part in name.split() if part[0].isalnum()]
    letters = parts[0][0] + (parts[-1][0] if len(parts) > 1 else "") if parts else "?"
    return letters.upper()


def relative(moment: datetime, now: datetime, *, short: bool = False) -> str:
    """Say how far a moment is from now; both in the reader's zone.

    Under a day it counts hours, then calendar days up to two weeks, then it is
    the date. `short` abbreviates units for narrow columns.
    """
    seconds = (moment - now).total_seconds()
    if abs(seconds) < 45:
        return "now" if short or seconds > 0 else "just now"
    days = abs((moment.date() - now.date()).days)
    if abs(seconds) >= DAY_S or (days == 1 and abs(seconds) >= DAY_S / 2):
        return _by_days(moment, now, days, ahead=seconds > 0, short=short)
    return _turn(_count(abs(seconds), short=short), ahead=seconds > 0)


def _by_days(
    moment: datetime, now: datetime, days: int, *, ahead: bool, short: bool
) -> str:
    if days == 1:
        return "tomorrow" if ahead else "yesterday"
    if days > 14:
        return date(moment, now)
    return _turn(f"{days} d" if short else f"{days} days", ahead=ahead)


def _count(seconds: float, *, short: bool) -> str:
    minutes = max(1, round(seconds / MINUTE_S))
    hours = round(seconds / HOUR_S)
    number, long_unit, short_unit = (
        (minutes, "minute", "min") if minutes < 60 else (hours, "hour", "h")
    )
    if short:
        return f"{number} {short_unit}"
    return f"{number} {long_unit}{'' if number == 1 else 's'}"


def _turn(span: str, *, ahead: bool) -> str:
    return f"in {span}" if ahead else f"{span} ago"


def date(moment: datetime, now: datetime) -> str:
    """Return "22 Nov", with the year where it is another one."""
    text = f"{moment.day} {moment:%b}"
    return text if moment.year == now.year else f"{text} {moment.year}"


def day_and_time(moment: datetime, now: datetime) -> str:
    """Return "today 11:02", "tomorrow 04:12" or "22 Nov, 11:02"."""
    days = (moment.date() - now.date()).days
    near = {-1: "yesterday", 0: "today", 1: "tomorrow"}.get(days)
    return f"{near} {moment:%H:%M}" if near else f"{date(moment, now)}, {moment:%H:%M}"
