"""What people type and choose in the library."""

from library.forms.filters import (
    AlbumFilterForm,
    ArtistFilterForm,
    FilterForm,
    TrackFilterForm,
    clean_query,
)
from library.forms.intake import ImportForm, IngestForm
from library.forms.keeping import AlbumPlacesForm, CollectionForm, HoldForm, PlaceForm

__all__ = [
    "AlbumFilterForm",
    "AlbumPlacesForm",
    "ArtistFilterForm",
    "CollectionForm",
    "FilterForm",
    "HoldForm",
    "ImportForm",
    "IngestForm",
    "PlaceForm",
    "TrackFilterForm",
    "clean_query",
]
