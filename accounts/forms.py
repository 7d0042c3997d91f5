"""What people type and choose on the pages of accounts."""

from django import forms

from accounts import services
from accounts.models import App
from vibe_engine.errors import InputError


class ConnectForm(forms.Form):
    """Which app to use, and the promise that the account is one's own."""

    app = forms.ModelChoiceField(
        App.objects.order_by("pk"),
        empty_label=None,
        label="App",
        error_messages={
            "required": "Choose the app that the account is to use.",
            "invalid_choice": "This app is not there any more; choose another one.",
        },
    )
    owned = forms.BooleanField(
        label="I own this account, or administer it for its owner.",
        error_messages={
            "required": "Vibe Engine is for accounts that you own or administer. "
            "Tick the box if this is one.",
        },
    )


class PrefixForm(forms.Form):
    """The prefix that names new playlists."""

    prefix = forms.CharField(  # type: ignore[assignment]
        label="Prefix",
        strip=False,
        error_messages={"required": "A prefix is needed; it begins the name."},
        help_text="1 to 64 characters; new playlists are named "
        "“<prefix> • 001” and so on.",
    )

    def clean_prefix(self) -> str:
        """Return the prefix as it will be stored."""
        try:
            return services.clean_prefix(self.cleaned_data["prefix"])
        except InputError as error:
            raise forms.ValidationError(str(error)) from error
