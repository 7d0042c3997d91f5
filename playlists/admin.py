"""Playlists to look after; lists and history to read."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from automation import runtime
from playlists.models import (
    HistoryAudit,
    HistoryEntry,
    HistoryUnlock,
    Inventory,
    Label,
    Playlist,
    PlaylistLook,
    PlaylistSnapshot,
)
from playlists.naming import clean_label
from playlists.sampler import Rules, RulesError
from playlists.services import labelling, spreading
from vibe_engine import clock
from vibe_engine.errors import InputError
from vibe_engine.readonly import ReadOnlyAdmin

MANY = ("collections", "labels")
"""What a playlist has several of; it stands in tables of its own."""


class PlaylistForm(forms.ModelForm[Playlist]):
    """The rules of a playlist, checked by what will draw by them."""

    def clean_rules(self) -> dict[str, Any]:
        """Refuse rules that no list could be drawn by."""
        rules = self.cleaned_data["rules"] or {}
        try:
            Rules.from_dict(rules)
        except (RulesError, TypeError, AttributeError) as error:
            raise ValidationError(f"These rules cannot be kept: {error}") from error
        return dict(rules)


@admin.register(Playlist)
class PlaylistAdmin(admin.ModelAdmin[Playlist]):
    """Rules of playlists; what Spotify shows is edited on the dashboard."""

    form = PlaylistForm
    list_display = (
        "name",
        "account",
        "status",
        "next_reshuffle_at",
        "last_reshuffled_at",
        "on_dashboard",
    )
    list_filter = ("status", "is_public", "account", "labels", "collections")
    search_fields = ("name", "description", "spotify_id", "marker")
    list_select_related = ("account",)
    show_full_result_count = False
    filter_horizontal = ("collections", "labels")
    fields = (
        "account",
        "index",
        "name",
        "description",
        "is_public",
        "status",
        "size",
        "interval_days",
        "cooldown_days",
        "artist_cap",
        "artist_separation",
        "reshuffle_weekday",
        "reshuffle_hour",
        "rules",
        "collections",
        "labels",
        "spotify_id",
        "spotify_url",
        "marker",
        "post_sent_at",
        "details_pending",
        "last_reshuffled_at",
        "next_reshuffle_at",
        "created_at",
        "removed_at",
        "version",
    )
    editable = frozenset(
        {
            "size",
            "interval_days",
            "cooldown_days",
            "artist_cap",
            "artist_separation",
            "reshuffle_weekday",
            "reshuffle_hour",
            "rules",
            "collections",
            "labels",
            "next_reshuffle_at",
        }
    )

    def get_readonly_fields(
        self, request: HttpRequest, obj: Playlist | None = None
    ) -> list[str]:
        """Leave open what has no counterpart on Spotify."""
        return [name for name in self.fields if name not in self.editable]

    def save_model(
        self,
        request: HttpRequest,
        obj: Playlist,
        form: Any,
        change: bool,  # noqa: FBT001
    ) -> None:
        """Write what was changed and nothing else, since runs write the same row."""
        obj.version += 1
        columns = [name for name in form.changed_data if name not in MANY]
        obj.save(update_fields=[*columns, "version"])
        if set(spreading.COLUMNS) & set(columns) and "next_reshuffle_at" not in columns:
            mine = Playlist.objects.filter(pk=obj.pk)
            spreading.redate(mine, settings=runtime.load())

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="Dashboard")
    def on_dashboard(self, playlist: Playlist) -> str:
        return format_html('<a href="{}">open</a>', playlist.get_absolute_url())


class LabelForm(forms.ModelForm[Label]):
    """A label's name, unlike every other whatever its case."""

    def clean_name(self) -> str:
        """Refuse names that no label can have, or that another one has."""
        try:
            name = clean_label(self.cleaned_data["name"])
        except InputError as error:
            raise ValidationError(str(error)) from error
        others = Label.objects.exclude(pk=self.instance.pk)
        if others.filter(folded_name=name.casefold()).exists():
            raise ValidationError(f"There is a label “{name}” already.")
        return name


@admin.register(Label)
class LabelAdmin(admin.ModelAdmin[Label]):
    """Words that playlists carry."""

    form = LabelForm
    list_display = ("name", "playlist_count", "on_dashboard")
    search_fields = ("name",)
    fields = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Label]:
        return labelling.labels_with_counts()

    def save_model(
        self,
        request: HttpRequest,
        obj: Label,
        form: Any,
        change: bool,  # noqa: FBT001
    ) -> None:
        """Date a new label."""
        if not change:
            obj.created_at = clock.now()
        obj.save()

    @admin.display(description="Playlists")
    def playlist_count(self, label: Label) -> int:
        count: int = label.playlist_count  # type: ignore[attr-defined]
        return count

    @admin.display(description="Dashboard")
    def on_dashboard(self, label: Label) -> str:
        return format_html('<a href="{}">open</a>', label.get_absolute_url())


@admin.register(PlaylistSnapshot)
class PlaylistSnapshotAdmin(ReadOnlyAdmin):
    """Every list, planned, on Spotify or abandoned."""

    list_display = (
        "id",
        "playlist",
        "batch_tag",
        "origin",
        "state",
        "track_count",
        "confirmed_at",
        "replaced_at",
    )
    list_filter = ("state", "origin")
    search_fields = ("playlist__name", "=batch_tag", "=fingerprint")
    list_select_related = ("playlist",)
    ordering = ("-pk",)
    exclude = ("plan",)


@admin.register(HistoryEntry)
class HistoryEntryAdmin(ReadOnlyAdmin):
    """The append-only history."""

    list_display = ("added_at", "playlist", "position", "track", "batch_tag")
    search_fields = ("playlist__name", "=track__spotify_id", "=batch_tag")
    list_select_related = ("playlist", "track")
    ordering = ("-pk",)


@admin.register(HistoryAudit)
class HistoryAuditAdmin(ReadOnlyAdmin):
    """When history was deleted, and why."""

    list_display = ("at", "reason", "entries_deleted", "run", "requested_by")
    list_select_related = ("run", "requested_by")


@admin.register(HistoryUnlock)
class HistoryUnlockAdmin(ReadOnlyAdmin):
    """Always empty outside a deletion; a row here means that something went wrong."""


@admin.register(Inventory)
class InventoryAdmin(ReadOnlyAdmin):
    """What each account's library on Spotify held when it was last looked at."""

    list_display = ("account", "looked_at", "found", "missing", "others_total", "note")
    list_select_related = ("account",)


@admin.register(PlaylistLook)
class PlaylistLookAdmin(ReadOnlyAdmin):
    """When each playlist was last looked at, and what hands had changed."""

    list_display = ("playlist", "looked_at", "edited_seen_at", "absent_since")
    list_select_related = ("playlist",)
