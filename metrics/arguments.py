"""What schedules may tell the work of this app."""

from collections.abc import Sequence

from django import forms

from automation.arguments import Arguments, ArgumentsForm
from metrics.models import MetricSnapshot


class GrainForm(ArgumentsForm):
    """Which figures are written down."""

    grain = forms.ChoiceField(
        label="Figures of", choices=MetricSnapshot.Grain.choices, required=False
    )

    def arguments(self) -> dict[str, object]:
        """Return the grain; none chosen means those of the hour."""
        grain = self.cleaned_data["grain"] or MetricSnapshot.Grain.HOURLY
        return {"grain": str(grain)}

    @classmethod
    def describe(cls, many: Sequence[Arguments]) -> list[str]:
        """Say the grain."""
        return [str(one.get("grain", "")) for one in many]
