"""Forms of the pages that belong to no app: sign-in and profile."""

import zoneinfo

from django import forms
from django.contrib.auth.forms import AuthenticationForm


class SignInForm(AuthenticationForm):
    """User name, password, and whether the session outlives the browser."""

    stay = forms.BooleanField(
        label="Stay signed in on this machine", required=False, initial=False
    )


class TimeZoneForm(forms.Form):
    """The zone in which a person reads times."""

    timezone = forms.ChoiceField(
        label="Time zone",
        help_text="All times are shown in it. The engine itself counts in UTC.",
        choices=lambda: [(name, name.replace("_", " ")) for name in zone_names()],
    )


def zone_names() -> list[str]:
    """Return UTC and the zones named after a place, in alphabetical order."""
    places = (name for name in zoneinfo.available_timezones() if "/" in name)
    return ["UTC", *sorted(name for name in places if not name.startswith("Etc/"))]
