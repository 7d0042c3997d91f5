"""The fields of ranges and of lists of names, made by the tables of what there is."""

from dataclasses import dataclass

from django import forms

from playlists.rulewords import Column

CHOICES = (
    ("artist", False, "Only these artists", "Featured artists count."),
    ("artist", True, "Never these artists", "Featured artists count."),
    ("album", False, "Only these albums", ""),
    ("album", True, "Never these albums", ""),
    ("track", True, "Never these tracks", "An ISRC too; other releases stay out."),
)
"""Kind, whether it keeps out, label and hint of each list of names."""
NEVER = "0"
"""What stands for no place on the ladder."""
PARTS = ("min", "max", "soft", "known")
"""The fields of a range."""


@dataclass(frozen=True)
class RangeRow:
    """The fields of one range, side by side."""

    column: Column
    low: forms.BoundField
    high: forms.BoundField
    soft: forms.BoundField
    known: forms.BoundField

    @property
    def errors(self) -> list[str]:
        """What is wrong with either bound."""
        return [*self.low.errors, *self.high.errors]

    @property
    def is_used(self) -> bool:
        """Whether it bounds anything, or was meant to."""
        return bool(self.errors) or any(
            one.value() not in (None, "") for one in (self.low, self.high)
        )


def side(*, out: bool) -> str:
    """Return what the fields of a list end in: whether it keeps out or lets in."""
    return "out" if out else "in"


def range_fields(column: Column) -> dict[str, forms.Field]:
    """Return the two bounds of a column and its two switches, by name."""
    step = {"step": column.step, "inputmode": "decimal"}
    bounds = {
        f"{column.name}_{part}": forms.FloatField(
            label=f"{column.label}, {word}",
            required=False,
            min_value=column.low,
            max_value=column.high,
            widget=forms.NumberInput(attrs=step),
        )
        for part, word in (("min", "from"), ("max", "to"))
    }
    switches = {
        f"{column.name}_{part}": forms.BooleanField(
            label=f"{column.label}, {word}", required=False
        )
        for part, word in (("soft", "may widen"), ("known", "must be known"))
    }
    return {**bounds, **switches}


def choice_fields(
    of: str, label: str, hint: str, *, out: bool
) -> dict[str, forms.Field]:
    """Return a list of names of a kind and its switch, by name."""
    return {
        f"{of}_{side(out=out)}": forms.CharField(
            label=label,
            required=False,
            max_length=60_000,
            widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
            help_text=f"One name or Spotify link a line. {hint}".strip(),
        ),
        f"{of}_{side(out=out)}_soft": forms.BooleanField(
            label="May give way", required=False
        ),
    }
