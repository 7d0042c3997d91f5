"""What people type in the engine room."""

from django import forms

from automation import registry
from automation.models import Run

STATES = (
    ("", "All"),
    ("active", "Going"),
    (Run.State.DONE, "Done"),
    (Run.State.FAILED, "Failed"),
    (Run.State.CANCELLED, "Cancelled"),
)


class RunFilterForm(forms.Form):
    """Which runs the list shows; unknown values show everything."""

    q = forms.CharField(required=False, max_length=100, label="Search runs")
    state = forms.ChoiceField(required=False, choices=STATES, label="State")
    kind = forms.ChoiceField(required=False, label="Kind")

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        kinds = [(name, kind_words(name)) for name in registry.names()]
        self.fields["kind"] = forms.ChoiceField(
            required=False, choices=[("", "Any kind"), *kinds], label="Kind"
        )

    def chosen(self) -> dict[str, str]:
        """Return the valid choices; what is not valid counts as not given."""
        self.is_valid()
        return {name: self.cleaned_data.get(name, "") for name in self.fields}


def kind_words(kind: str) -> str:
    """Say a kind of run in words: "playlists.reshuffle" becomes "Reshuffle"."""
    _, _, name = kind.rpartition(".")
    return name.replace("_", " ").capitalize()
