"""Forms of the pages that belong to no app: sign-in and profile."""

import zoneinfo
from functools import cache
from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

SELECTED = flatatt({"selected": True})


class SignInForm(AuthenticationForm):
    """User name, password, and whether the session outlives the browser."""

    stay = forms.BooleanField(
        label="Stay signed in on this machine", required=False, initial=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "User name"


class NewPasswordForm(PasswordChangeForm):
    """Django's form, which must not take the focus of a page that holds more."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["old_password"].widget.attrs.pop("autofocus", None)


@cache
def zone_names() -> tuple[str, ...]:
    """Return UTC and the zones named after a place, in alphabetical order.

    Looking for them opens a file for each, so it is done once.
    """
    places = (name for name in zoneinfo.available_timezones() if "/" in name)
    return ("UTC", *sorted(name for name in places if not name.startswith("Etc/")))


class LongSelect(forms.Select):
    """A choice among hundreds, without groups.

    Django renders a template for each option, which takes longer than all else on the
    page; here the options are joined in one go.
    """

    def render(
        self, name: str, value: Any, attrs: Any = None, renderer: Any = None
    ) -> SafeString:
        """Draw the choice."""
        chosen = set(self.format_value(value))
        options = format_html_join(
            "\n",
            '<option value="{}"{}>{}</option>',
            (
                (key, SELECTED if str(key) in chosen else "", label)
                for key, label in self.choices
            ),
        )
        own = flatatt({"name": name, **self.build_attrs(self.attrs, attrs)})
        return format_html("<select{}>\n{}\n</select>", own, options)


class TimeZoneForm(forms.Form):
    """The zone in which a person reads times."""

    timezone = forms.ChoiceField(
        label="Time zone",
        help_text="All times are shown in it. The engine itself counts in UTC.",
        choices=lambda: [(name, name.replace("_", " ")) for name in zone_names()],
        widget=LongSelect,
    )
