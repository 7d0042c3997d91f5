"""How tracks and albums are kept: held back, and in which collections."""

from typing import Any

from django import forms
from django.http import QueryDict

from library.models import Album, Collection


class HoldForm(forms.Form):
    """Why tracks are kept out of draws."""

    reason = forms.CharField(
        max_length=200,
        label="Reason",
        help_text="Everybody sees it beside the track.",
    )


class CollectionForm(forms.Form):
    """What a collection is called and what it is for."""

    name = forms.CharField(max_length=80, label="Name")
    description = forms.CharField(
        max_length=200, required=False, label="What it is for"
    )


class PlaceForm(forms.Form):
    """A collection that is there, or the name of a new one."""

    collection = forms.ChoiceField(required=False, label="Collection")
    new_collection = forms.CharField(
        required=False, max_length=80, label="Or a new one"
    )

    def __init__(self, *args: Any, is_required: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._is_required = is_required
        names = Collection.objects.order_by("name").values_list("name", flat=True)
        nothing = "Choose one" if is_required else "None"
        choices = [("", nothing), *((name, name) for name in names)]
        self.fields["collection"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Add `collection_name`: the new one, else the chosen one, else ""."""
        cleaned = super().clean() or {}
        name = cleaned.get("new_collection") or cleaned.get("collection") or ""
        if self._is_required and not name:
            raise forms.ValidationError("Choose a collection or name a new one.")
        return cleaned | {"collection_name": name}


class AlbumPlacesForm(forms.Form):
    """The collections that an album is in."""

    collections = forms.ModelMultipleChoiceField(
        Collection.objects.order_by("name"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Collections",
    )
    new_collection = forms.CharField(
        required=False, max_length=80, label="Or a new one"
    )

    def __init__(self, data: QueryDict | None = None, *, album: Album) -> None:
        present = album.collections.values_list("pk", flat=True)
        super().__init__(data, initial={"collections": list(present)})
