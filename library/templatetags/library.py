"""Words of the library's pages."""

from datetime import date
from typing import Any

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def used_on(day: date | None, today: date) -> SafeString | str:
    """Say when a track was last used: "today", "5 d ago", "3 Mar", "never"."""
    if day is None:
        return "never"
    ago = (today - day).days
    near = {0: "today", 1: "yesterday"}.get(ago)
    words = near or (f"{ago} d ago" if 1 < ago <= 60 else f"{day.day} {day:%b %Y}")
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        day.isoformat(),
        f"{day:%A} {day.day} {day:%B %Y}",
        words,
    )


@register.simple_tag
def route(name: str, *args: Any) -> str:
    """Return an address that only stands where its app does, else ""."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""
