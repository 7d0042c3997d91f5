"""The library for staff: what Spotify told is read-only, holding and grouping is not."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html

from library import services
from library.models import (
    FEATURE_NAMES,
    Album,
    Alias,
    Artist,
    Block,
    Collection,
    CollectionAlbum,
    LibraryVersion,
    SourcePause,
    Track,
    TrackArtist,
)
from vibe_engine import clock
from vibe_engine.errors import ConflictError

OURS = ("is_usable", "held_reason")
"""What a person may change on a track."""


class FromSpotifyAdmin(admin.ModelAdmin[Any]):
    """Rows that come from Spotify: lists and history name them, so they stay."""

    show_full_result_count = False
    list_per_page = 50
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="Dashboard")
    def on_dashboard(self, row: Album | Artist | Track) -> str:
        return format_html('<a href="{}">open</a>', row.get_absolute_url())


class ReadOnlyRows(admin.TabularInline[Any, Any]):
    """Rows beside another one, to look at."""

    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class Aliases(ReadOnlyRows):
    """Who is the same as an artist."""

    model = Alias
    fk_name = "main"
    fields = ("artist", "created_by", "created_at")


@admin.register(Artist)
class ArtistAdmin(FromSpotifyAdmin):
    """Credited artists."""

    list_display = ("name", "spotify_id", "on_dashboard")
    search_fields = ("name", "spotify_id")
    inlines = (Aliases,)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class AlbumTracks(ReadOnlyRows):
    """The tracks of an album."""

    model = Track
    fields = ("disc_number", "track_number", "name", "artist_line", *OURS, "use_count")
    ordering = ("disc_number", "track_number")


@admin.register(Album)
class AlbumAdmin(FromSpotifyAdmin):
    """Releases of the library."""

    list_display = (
        "name",
        "artist_line",
        "release_year",
        "total_tracks",
        "refreshed_at",
        "on_dashboard",
    )
    list_filter = ("album_type", "collections")
    search_fields = ("name", "artist_line", "spotify_id")
    readonly_fields = ("image_url", "spotify_url")
    inlines = (AlbumTracks,)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class TrackCredits(ReadOnlyRows):
    """Who is credited on a track."""

    model = TrackArtist
    fields = ("position", "artist")


@admin.register(Track)
class TrackAdmin(FromSpotifyAdmin):
    """Tracks; staff may hold and release them."""

    list_display = (
        "name",
        "artist_line",
        "popularity",
        "is_usable",
        "is_playable",
        "use_count",
        "last_used_on",
        "on_dashboard",
    )
    list_filter = ("is_usable", "is_playable", "features_source", "explicit")
    search_fields = ("name", "artist_line", "spotify_id", "isrc")
    list_select_related = ("album",)
    inlines = (TrackCredits,)
    fields = (
        *OURS,
        "spotify_id",
        "album",
        "disc_number",
        "track_number",
        "name",
        "artist_line",
        "duration_ms",
        "explicit",
        "isrc",
        "recording_key",
        "popularity",
        *FEATURE_NAMES,
        "features_source",
        "features_at",
        "reccobeats_missed_at",
        "is_playable",
        "last_used_on",
        "use_count",
        "created_at",
    )
    readonly_fields = tuple(name for name in fields if name not in OURS)

    def save_model(self, request: HttpRequest, obj: Track, *args: Any) -> None:
        """Save what staff may change alone, and tell the pools."""
        with transaction.atomic():
            obj.save(update_fields=OURS)
            LibraryVersion.bump()


class CollectionAlbums(admin.TabularInline[CollectionAlbum, Collection]):
    """The albums of a collection."""

    model = CollectionAlbum
    extra = 0
    autocomplete_fields = ("album",)


@admin.register(Collection)
class CollectionAdmin(admin.ModelAdmin[Collection]):
    """Named groups of albums."""

    list_display = ("name", "description", "on_dashboard")
    search_fields = ("name",)
    exclude = ("created_at",)
    inlines = (CollectionAlbums,)
    actions = None

    @admin.display(description="Dashboard")
    def on_dashboard(self, collection: Collection) -> str:
        return format_html('<a href="{}">open</a>', collection.get_absolute_url())

    def save_model(self, request: HttpRequest, obj: Collection, *args: Any) -> None:
        if obj._state.adding:
            obj.created_at = clock.now()
        super().save_model(request, obj, *args)

    def save_related(self, request: HttpRequest, *args: Any) -> None:
        """Save the albums and tell the pools."""
        super().save_related(request, *args)
        LibraryVersion.bump()

    def delete_view(
        self,
        request: HttpRequest,
        object_id: str,
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Refuse, with the reason, while a playlist draws from the collection."""
        try:
            with transaction.atomic():
                return super().delete_view(request, object_id, extra_context)
        except ConflictError as error:
            messages.error(request, str(error))
            return HttpResponseRedirect("../change/")

    def delete_model(self, request: HttpRequest, obj: Collection) -> None:
        services.delete_collection(collection=obj)


@admin.register(Block)
class BlockAdmin(FromSpotifyAdmin):
    """What no list may hold; the page of blocks adds and removes them."""

    list_display = ("name", "kind", "reason", "created_by", "created_at")
    list_filter = ("kind",)
    list_select_related = ("created_by",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Alias)
class AliasAdmin(FromSpotifyAdmin):
    """Who is the same artist; the artist's page adds and removes them."""

    list_display = ("artist", "main", "created_by", "created_at")
    list_select_related = ("artist", "main", "created_by")
    search_fields = ("artist__name", "main__name")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(SourcePause)
class SourcePauseAdmin(FromSpotifyAdmin):
    """Sources of audio features that are left alone for a while."""

    list_display = ("source", "until", "reason")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(LibraryVersion)
class LibraryVersionAdmin(FromSpotifyAdmin):
    """How often the library has changed; pools are cached by it."""

    list_display = ("version", "epoch")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
