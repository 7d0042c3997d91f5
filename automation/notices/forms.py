"""What staff type about a channel."""

import re

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from automation.models import Channel, Topic
from automation.notices.channels import Wish

MOST_ADDRESSES = 10
SHORTEST_SECRET = 16


class ChannelForm(forms.Form):
    """What every channel has."""

    name = forms.CharField(
        max_length=80, help_text="As pages and runs call it, for example “Night shift”"
    )
    topics = forms.MultipleChoiceField(
        choices=Topic.choices,
        widget=forms.CheckboxSelectMultiple,
        label="Tell of",
        initial=list(Topic),
        error_messages={"required": "Choose what it is told of, one thing at least."},
    )
    tells_end = forms.BooleanField(
        required=False, initial=True, label="Tell when it is over as well"
    )

    def clean_name(self) -> str:
        """Return the name on one line, without marks that cannot be seen."""
        name = " ".join(str(self.cleaned_data["name"]).split())
        if not name.isprintable():
            raise ValidationError("Visible characters only, please.")
        return name

    def wish(self) -> Wish:
        """Return what was typed."""
        known = ("name", "topics", "tells_end", "addresses", "url", "secret")
        given = {key: self.cleaned_data[key] for key in known if key in self.fields}
        return Wish(**given)


class EmailForm(ChannelForm):
    """Who gets an e-mail."""

    addresses = forms.CharField(
        max_length=1_000,
        label="E-mail addresses",
        help_text="One a line, ten at most; all see each other's",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )
    field_order = ("name", "addresses", "topics", "tells_end")

    def clean_addresses(self) -> list[str]:
        """Return the addresses, each once."""
        found = [
            one for one in re.split(r"[\s,;]+", self.cleaned_data["addresses"]) if one
        ]
        if not 1 <= len(found) <= MOST_ADDRESSES:
            raise ValidationError(f"1 to {MOST_ADDRESSES} addresses, please.")
        for one in found:
            try:
                validate_email(one)
            except ValidationError:
                raise ValidationError(f"“{one[:60]}” is no e-mail address.") from None
        return list(dict.fromkeys(found))


class WebhookForm(ChannelForm):
    """Where a webhook goes, and what it is signed with; both are never shown again."""

    url = forms.CharField(
        max_length=1_000,
        label="Address",
        help_text="https://, on a host that NOTIFY_ALLOWED_HOSTS names",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    secret = forms.CharField(
        min_length=SHORTEST_SECRET,
        max_length=200,
        label="Signing secret",
        help_text="16 characters or more, the same as at the receiver",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    field_order = ("name", "url", "secret", "topics", "tells_end")

    def keep_secrets(self) -> None:
        """Let address and secret be left empty, which keeps those there are."""
        for name in ("url", "secret"):
            self.fields[name].required = False
            self.fields[name].help_text = "Empty keeps the present one"

    def clean_secret(self) -> str:
        """Return the secret; characters that cannot be seen are a mistake."""
        secret = str(self.cleaned_data["secret"])
        if not secret.isprintable():
            raise ValidationError("Visible characters only, please.")
        return secret


def form_for(kind: str, channel: Channel | None, data: object = None) -> ChannelForm:
    """Return the form of a kind of channel, filled with what there is of one."""
    form_class = EmailForm if kind == Channel.Kind.EMAIL else WebhookForm
    initial = {}
    if channel is not None:
        initial = {
            "name": channel.name,
            "topics": channel.topics,
            "tells_end": channel.tells_end,
            "addresses": channel.address.replace(", ", "\n"),
        }
    form = form_class(data, initial=initial)  # type: ignore[arg-type]
    if channel is not None and isinstance(form, WebhookForm):
        form.keep_secrets()
    return form
