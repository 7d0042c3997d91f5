"""Tags and filters of every page: icons, states, times, numbers, form fields."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from django import template
from django.contrib.auth.models import AbstractBaseUser
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect
from django.template import Context
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from vibe_engine import clock, words

register = template.Library()

THEMES: Final = (("dark", "Dark"), ("light", "Light"), ("auto", "As the system"))
DEFAULT_THEME: Final = "dark"

FORM_KEY: Final = "key"
"""The hidden field by which a form that is sent twice is known again."""

STATES: Final[Mapping[str, tuple[str, str]]] = {
    "ok": ("ok", "ok"),
    "bad": ("cross", "bad"),
    "warn": ("warn", "warn"),
    "working": ("working", "working"),
    "waiting": ("waiting", ""),
    "due": ("clock", ""),
    "paused": ("pause", ""),
    "held": ("hold", ""),
    "off": ("minus", ""),
}
"""Kind of state: its icon and its class. Colour only for what is out of order."""

TOASTS: Final[Mapping[str, tuple[str, str]]] = {
    "success": ("ok", "ok passing"),
    "info": ("info", "passing"),
    "debug": ("info", "passing"),
    "warning": ("warn", "warn"),
    "error": ("cross", "bad"),
}


@register.simple_tag
def form_key() -> SafeString:
    """Draw the hidden key of a form that opens runs, another one on each page."""
    return format_html(
        '<input type="hidden" name="{}" value="{}">', FORM_KEY, uuid4().hex
    )


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """Draw an icon of the sprite; `size` is "" (18 px) or "small" (14 px)."""
    css = f"icon {size}".strip()
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="#i-{}"/></svg>', css, name
    )


@register.simple_tag
def state(kind: str, word: str) -> SafeString:
    """Show a state as icon and word; an unknown kind is drawn as waiting."""
    symbol, css = STATES.get(kind, STATES["waiting"])
    return format_html(
        '<span class="{}">{}{}</span>',
        f"state {css}".strip(),
        icon(symbol, "small"),
        word,
    )


@register.simple_tag
def avatar(account: Any) -> SafeString:
    """Draw the picture of an account, its first letter, or an empty place."""
    if account is None or account == "":
        return format_html('<span class="{}"></span>', "avatar vacant")
    if account.image_url:
        return format_html(
            '<img class="avatar" src="{}" width="28" height="28" alt="" loading="lazy">',
            account.image_url,
        )
    return format_html(
        '<span class="avatar letters" aria-hidden="true">{}</span>',
        words.initials(account.display_name),
    )


@register.simple_tag
def cover(url: str, size_px: int, alt: str = "") -> SafeString:
    """Show a cover whole at `size_px`, or an empty sleeve where there is none."""
    if not url:
        return format_html(
            '<svg class="cover" width="{0}" height="{0}" viewBox="0 0 40 40" '
            'aria-hidden="true"><circle class="outline" cx="20" cy="20" r="11"/>'
            '<circle class="outline" cx="20" cy="20" r="2"/></svg>',
            size_px,
        )
    return format_html(
        '<img class="cover" src="{}" width="{}" height="{}" alt="{}" loading="lazy">',
        url,
        size_px,
        size_px,
        alt,
    )


@register.simple_tag
def covers(urls: Sequence[str]) -> SafeString:
    """Show up to four covers, each whole, as the picture of a list (36 px)."""
    images = format_html_join(
        "",
        '<img src="{}" width="18" height="18" alt="" loading="lazy">',
        ((url,) for url in urls[:4]),
    )
    return format_html('<span class="covers">{}</span>', images)


@register.simple_tag(takes_context=True)
def sort_link(context: Context, field: str, word: str) -> SafeString:
    """Draw the word of a column head as a link that sorts by `field`, then back."""
    request = context["request"]
    present = _sort(context)
    query = request.GET.copy()
    query["sort"] = f"-{field}" if present == field else field
    query.pop("page", None)
    arrow = {field: " ↑", f"-{field}": " ↓"}.get(present, "")
    return format_html(
        '<a href="?{}">{}<span aria-hidden="true">{}</span></a>',
        query.urlencode(),
        word,
        arrow,
    )


@register.simple_tag(takes_context=True)
def aria_sort(context: Context, field: str) -> SafeString:
    """Say inside a `<th>` tag whether the column is the sorted one."""
    orders = {field: "ascending", f"-{field}": "descending"}
    order = orders.get(_sort(context))
    return format_html('aria-sort="{}"', order) if order else SafeString()


def _sort(context: Context) -> str:
    asked: str = context["request"].GET.get("sort", "")
    return asked or str(context.get("sort", ""))


@register.filter
def ago(moment: datetime | None, style: str = "") -> SafeString | str:
    """Show a time as seen from now, the exact one on hover, in the person's zone.

    `style` "short" gives "in 4 min" and "3 h ago" for tables. No time is "never".
    """
    if not moment:
        return "never"
    here = timezone.localtime(moment)
    now = timezone.localtime(clock.now())
    return _time(here, words.relative(here, now, short=style == "short"))


@register.filter
def exact(moment: datetime | None, style: str = "day") -> SafeString | str:
    """Show a time as it is: "day" with date, "time" the hour only."""
    if not moment:
        return "never"
    here = timezone.localtime(moment)
    now = timezone.localtime(clock.now())
    text = f"{here:%H:%M}" if style == "time" else words.day_and_time(here, now)
    return _time(here, text)


def _time(here: datetime, text: str) -> SafeString:
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        here.isoformat(timespec="seconds"),
        f"{here:%A} {here.day} {here:%B %Y, %H:%M:%S} ({timezone.get_current_timezone_name()})",
        text,
    )


@register.filter
def grouped(number: float | str | None) -> str:
    """Group thousands: 10600 is "10,600"; no number is an empty text."""
    return number if isinstance(number, str) else words.grouped(number)


@register.filter
def duration_words(seconds: float | timedelta | str | None) -> str:
    """Say a span in words: 112 is "1 min 52 s"."""
    if seconds is None or isinstance(seconds, str):
        return ""
    if isinstance(seconds, timedelta):
        seconds = seconds.total_seconds()
    return words.duration(seconds)


@register.filter
def mmss(milliseconds: int | str | None) -> str:
    """Show the length of a track: 276000 is "4:36"."""
    if milliseconds is None or isinstance(milliseconds, str):
        return ""
    return words.clock_length(milliseconds)


@register.filter
def initials(person: AbstractBaseUser | str) -> str:
    """Return up to two letters for a person."""
    full_name = getattr(person, "get_full_name", str)()
    return words.initials(full_name or str(person))


@register.filter
def toast_class(level: str) -> str:
    """Return the classes of a toast of this message level."""
    return TOASTS.get(level, TOASTS["info"])[1]


@register.filter
def toast_icon(level: str) -> str:
    """Return the icon of a toast of this message level."""
    return TOASTS.get(level, TOASTS["info"])[0]


@register.simple_tag(takes_context=True)
def theme(context: Context) -> str:
    """Return the person's theme: "dark", "light" or "auto"."""
    request = context.get("request")
    chosen: str = request.COOKIES.get("theme", "") if request else ""
    return chosen if chosen in dict(THEMES) else DEFAULT_THEME


@register.simple_tag(takes_context=True)
def next_theme(context: Context) -> str:
    """Return what the switch of the top bar turns to."""
    return "dark" if theme(context) == "light" else "light"


@register.inclusion_tag("_themes.html", takes_context=True)
def themes(context: Context, css: str = "") -> dict[str, Any]:
    """Offer the themes as buttons of the form around them."""
    return {"choices": THEMES, "chosen": theme(context), "css": css}


@register.inclusion_tag("_rail_item.html", takes_context=True)
def rail_item(
    context: Context,
    section: str,
    word: str,
    route: str,
    *,
    key: str,
    count: int | str | None = None,
) -> dict[str, Any]:
    """Draw one entry of the rail; `key` is its letter after "g"."""
    current = getattr(context.get("frame"), "section", "")
    return {
        "icon": section,
        "word": word,
        "address": reverse(route),
        "key": key,
        "count": None if count == "" else count,
        "current": current == section,
    }


@register.inclusion_tag("_field.html")
def field(bound: BoundField, unit: str = "") -> dict[str, Any]:
    """Draw a form field with label, hint and what is wrong with it beside it."""
    kind = _kind(bound)
    return {
        "field": bound,
        "unit": unit,
        "kind": kind,
        "control": "" if kind == "choices" else control(bound),
    }


@register.simple_tag
def control(bound: BoundField) -> SafeString:
    """Draw the control of a form field alone, in the look of the house."""
    own = bound.field.widget.attrs.get("class", "")
    css = own if _kind(bound) == "check" else f"field {own}".strip()
    return bound.as_widget(attrs={"class": css} if css else {})


def _kind(bound: BoundField) -> str:
    widget = bound.field.widget
    if isinstance(widget, CheckboxInput):
        return "check"
    if isinstance(widget, RadioSelect | CheckboxSelectMultiple):
        return "choices"
    return ""
