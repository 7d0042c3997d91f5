"""What a schedule tells its work: typed fields in place of free JSON.

A kind of run that takes arguments brings a subclass of `ArgumentsForm`; the admin's
form and the page of staff's own schedules show its fields.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

Arguments = Mapping[str, Any]


class ArgumentsForm(forms.Form):
    """The arguments of one kind of run, as a person chooses them."""

    def arguments(self) -> dict[str, object]:
        """Return what a schedule stores, once the form is valid."""
        return dict(self.cleaned_data)

    @classmethod
    def initial_of(cls, arguments: Arguments) -> dict[str, object]:
        """Return the fields' values for what is stored; unknown values are left out."""
        return {name: arguments[name] for name in cls.base_fields if name in arguments}

    @classmethod
    def describe(cls, many: Sequence[Arguments]) -> list[str]:
        """Say each of these arguments in a few words, in few queries."""
        return ["" for _ in many]
