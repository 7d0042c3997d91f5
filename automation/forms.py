"""What people type in the engine room."""

from django import forms

from automation import registry, runlist
from automation.models import Run

STATES = (
    ("", "All"),
    ("active", "Going"),
    (Run.State.BLOCKED, "Stuck"),
    (Run.State.DONE, "Done"),
    (Run.State.FAILED, "Failed"),
    (Run.State.CANCELLED, "Cancelled"),
)
NOBODY = (
    ("", "Anybody"),
    (runlist.SCHEDULE, "A schedule"),
    (runlist.SHELL, "The command line"),
)
LARGEST_KEY = 2**63 - 1


class RunFilterForm(forms.Form):
    """Which runs the list shows; unknown values show everything."""

    q = forms.CharField(required=False, max_length=100, label="Search runs")
    state = forms.ChoiceField(required=False, choices=STATES, label="State")
    kind = forms.ChoiceField(required=False, label="Kind")
    lane = forms.RegexField(r"^account:\d{1,18}$", required=False, label="Account")
    who = forms.RegexField(
        rf"^({runlist.SCHEDULE}|{runlist.SHELL}|\d{{1,18}})$",
        required=False,
        label="Asked by",
    )
    older = forms.IntegerField(required=False, min_value=0, max_value=LARGEST_KEY)
    newer = forms.IntegerField(required=False, min_value=0, max_value=LARGEST_KEY)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        kinds = [(name, kind_words(name)) for name in registry.names()]
        self.fields["kind"] = forms.ChoiceField(
            required=False, choices=[("", "Any kind"), *kinds], label="Kind"
        )

    def chosen(self) -> runlist.Wanted:
        """Return the valid choices; what is not valid counts as not given."""
        self.is_valid()
        names = ("state", "kind", "lane", "who", "q")
        return runlist.Wanted(
            **{name: self.cleaned_data.get(name) or "" for name in names}
        )

    def place(self) -> dict[str, int | None]:
        """Return beside which run the page stands."""
        self.is_valid()
        return {
            "older_than": self.cleaned_data.get("older"),
            "newer_than": self.cleaned_data.get("newer"),
        }


def kind_words(kind: str) -> str:
    """Say a kind of run in words: "playlists.reshuffle" becomes "Reshuffle"."""
    _, _, name = kind.rpartition(".")
    return name.replace("_", " ").capitalize()
