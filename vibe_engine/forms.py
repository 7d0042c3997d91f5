"""Forms of the pages that belong to no app: sign-in and profile."""

import zoneinfo
from functools import cache
from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm


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


class TimeZoneForm(forms.Form):
    """The zone in which a person reads times."""

    timezone = forms.ChoiceField(
        label="Time zone",
        help_text="All times are shown in it. The engine itself counts in UTC.",
        choices=lambda: [(name, name.replace("_", " ")) for name in zone_names()],
    )
