"""What people type and choose on the pages of accounts."""

import unicodedata
from typing import Any

from django import forms

from accounts import services
from accounts.models import Account, App
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


class LeaveForm(forms.Form):
    """The account's name, typed out by whoever disconnects or erases it."""

    name = forms.CharField(
        widget=forms.TextInput({"autocomplete": "off"}),
        error_messages={"required": "Type the name first."},
    )

    def __init__(self, account: Account, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account = account
        field = self.fields["name"]
        field.label = f"Type the account’s name, {account}, to confirm"
        if str(account) != account.user_id:
            field.help_text = f"Its user id, {account.user_id}, will do as well."

    def clean_name(self) -> str:
        """Compare as people do: capitals and spaces aside."""
        typed = _plain(self.cleaned_data["name"])
        if typed not in {_plain(str(self.account)), _plain(self.account.user_id)}:
            raise forms.ValidationError("That is not this account’s name.")
        return typed


class EraseForm(LeaveForm):
    """The same, with the choice of what becomes of its playlists on Spotify."""

    unfollow = forms.BooleanField(
        required=False, label="Remove its playlists from Spotify first"
    )
    field_order = ("unfollow", "name")

    def __init__(self, account: Account, *args: Any, **kwargs: Any) -> None:
        super().__init__(account, *args, **kwargs)
        if not account.is_usable or not account.playlists_count:
            del self.fields["unfollow"]
            return
        self.fields["unfollow"].help_text = (
            "They leave the account’s library there, one call each; other followers "
            "keep them. Otherwise they stay as they are."
        )


class ProofForm(forms.Form):
    """A Spotify id that a receipt is compared with; it is not kept."""

    spotify_id = forms.CharField(
        label="Spotify account id or user id",
        max_length=128,
        widget=forms.TextInput({"autocomplete": "off"}),
        help_text="It is compared with the receipt and not kept.",
        error_messages={"required": "Give the id that the account had on Spotify."},
    )


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split()).casefold()
