"""What is taken into the library: albums by their links, features by file."""

from typing import Any

from django import forms

from accounts.models import Account
from library.forms.keeping import PlaceForm

MOST_BYTES = 5 * 1024 * 1024


class PastedText(forms.CharField):
    """Text of any kind; characters that no database takes are dropped."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> str:
        """Return the text as it was typed otherwise."""
        return str(super().to_python(value) or "").replace("\0", "")


class IngestForm(PlaceForm):
    """Album links amid any text, and where the albums go."""

    text = PastedText(
        max_length=5_000_000,
        strip=False,
        label="Album links",
        widget=forms.Textarea(
            attrs={"rows": 8, "spellcheck": "false", "autocomplete": "off"}
        ),
    )
    skip_known = forms.BooleanField(
        required=False, label="Leave albums alone that are here already"
    )
    account = forms.ModelChoiceField(
        Account.objects.usable()
        .select_related("app__developer")
        .order_by("display_name", "pk"),
        required=False,
        empty_label="Any that can be used",
        label="Read through",
    )
    key = forms.RegexField(r"^[0-9a-f]{32}$", widget=forms.HiddenInput)

    field_order = ("text", "skip_known", "collection", "new_collection", "account")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", "add_%s")
        super().__init__(*args, is_required=False, **kwargs)


class ImportForm(forms.Form):
    """A file of audio features, uploaded or pasted."""

    file = forms.FileField(
        required=False,
        label="File",
        help_text="CSV in UTF-8, 5 MB at most.",
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv,text/plain"}),
    )
    text = PastedText(
        required=False,
        max_length=5_000_000,
        strip=False,
        label="Or its lines",
        widget=forms.Textarea(
            attrs={"rows": 8, "spellcheck": "false", "autocomplete": "off"}
        ),
    )

    def clean_file(self) -> str:
        """Return the text of the uploaded file, "" without one."""
        file = self.cleaned_data["file"]
        if not file:
            return ""
        if file.size > MOST_BYTES:
            raise forms.ValidationError(
                "The file is larger than 5 MB. Send it in parts."
            )
        try:
            text: str = file.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise forms.ValidationError(
                "The file is not text in UTF-8. Save it as “CSV UTF-8”."
            ) from None
        return text.replace("\0", "")

    def clean(self) -> dict[str, Any]:
        """Add `lines`: those of the file, else what was pasted."""
        cleaned = super().clean() or {}
        lines = cleaned.get("file") or cleaned.get("text") or ""
        if not lines.strip() and not self.errors:
            raise forms.ValidationError("Choose a file or paste its lines.")
        return cleaned | {"lines": lines}
