"""The admin's form for a schedule: real fields for what each kind of work is told."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from django import forms

from automation import registry
from automation.arguments import ArgumentsForm
from automation.forms import kind_words
from automation.models import Schedule


def typed_kinds() -> Iterator[tuple[str, type[ArgumentsForm]]]:
    """Yield the kinds that may be scheduled and take arguments, with their forms."""
    for name in registry.schedulable():
        form = registry.get(name).arguments
        if form is not None:
            yield name, form


def slug(kind: str) -> str:
    """Return a kind as it stands in names of fields and classes."""
    return kind.replace(".", "-")


def field_names(kind: str, form: type[ArgumentsForm]) -> list[str]:
    """Return what the admin calls the fields of a kind's arguments."""
    return [f"{slug(kind)}-{name}" for name in form.base_fields]


class ScheduleForm(forms.ModelForm[Schedule]):
    """Which work is done, out of what may be scheduled, and what it is told.

    No free name of a task and no free JSON: `with_arguments()` adds the fields.
    """

    kind = forms.ChoiceField(
        label="Work",
        choices=lambda: [
            ("", "---"),
            *((name, kind_words(name)) for name in registry.schedulable()),
        ],
    )

    class Meta:
        model = Schedule
        fields = ("kind", "policy", "grace_s")
        labels = {"grace_s": "Grace time in seconds"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind, form in typed_kinds():
            if kind == self.instance.kind:
                stored = form.initial_of(self.instance.arguments)
                for name, value in stored.items():
                    self.initial[f"{slug(kind)}-{name}"] = value

    def clean(self) -> dict[str, Any]:
        """Check the arguments of the chosen kind; those of the others are left out."""
        data: dict[str, Any] = super().clean() or {}
        kind = str(data.get("kind", ""))
        form = dict(typed_kinds()).get(kind)
        if form is not None:
            self._take_arguments(form(self.data, prefix=self.add_prefix(slug(kind))))
        elif kind != self.instance.kind:
            self.instance.arguments = {}
        return data

    def _take_arguments(self, typed: ArgumentsForm) -> None:
        """Keep what was typed, or say what is wrong beside the field of this form."""
        if typed.is_valid():
            self.instance.arguments = typed.arguments()
            return
        own = (typed.prefix or "").removeprefix(self.add_prefix(""))
        for name, errors in typed.errors.as_data().items():
            for error in errors:
                field = f"{own}-{name}" if name in typed.fields else None
                self.add_error(field, error)


def with_arguments() -> type[ScheduleForm]:
    """Return the form with the fields of every kind; those of one are required."""
    fields = {
        called: _optional(field)
        for kind, form in typed_kinds()
        for called, field in zip(
            field_names(kind, form), form.base_fields.values(), strict=True
        )
    }
    return type("TypedScheduleForm", (ScheduleForm,), fields)


def _optional(field: forms.Field) -> forms.Field:
    """Return a field as the admin shows it: lines of text without help from htmx."""
    copy = deepcopy(field)
    copy.required = False
    if isinstance(copy.widget, forms.Textarea):
        copy.widget = forms.Textarea(attrs=copy.widget.attrs)
    return copy
