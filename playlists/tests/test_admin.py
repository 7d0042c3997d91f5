"""The admin: rules may be edited, lists and history only read."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse

from playlists.models import (
    HistoryAudit,
    HistoryEntry,
    HistoryUnlock,
    Label,
    Playlist,
    PlaylistSnapshot,
)
from playlists.tests.factories import make_playlist, make_snapshot
from vibe_engine import clock

pytestmark = [pytest.mark.django_db, pytest.mark.portable]
NEXT_AT = datetime(2026, 12, 1, 10, tzinfo=UTC)
"""What `form_of` posts: a date that stays as it is."""
MODELS = (Playlist, PlaylistSnapshot, HistoryEntry, HistoryAudit, HistoryUnlock)
READ_ONLY = MODELS[1:]


def address(model: type, action: str, *args: object) -> str:
    return reverse(f"admin:playlists_{model.__name__.lower()}_{action}", args=args)


def form_of(playlist: Playlist, **changes: object) -> dict[str, object]:
    """Return what the edit form posts for a playlist."""
    form: dict[str, object] = {
        "size": "",
        "interval_days": "",
        "cooldown_days": "",
        "artist_cap": "",
        "artist_separation": "",
        "rules": "{}",
        "next_reshuffle_at_0": "2026-12-01",
        "next_reshuffle_at_1": "10:00:00",
    }
    return form | changes


@pytest.mark.parametrize("model", MODELS)
class TestLists:
    def test_open_with_rows_in_them(self, model: type, staff: Client) -> None:
        make_snapshot(make_playlist())
        HistoryAudit.objects.create(at=clock.now(), reason="x", entries_deleted=1)
        assert staff.get(address(model, "changelist")).status_code == 200

    def test_are_closed_to_operators(self, model: type, operator: Client) -> None:
        assert operator.get(address(model, "changelist")).status_code == 302


@pytest.mark.parametrize("model", READ_ONLY)
class TestReadOnly:
    def test_lets_nobody_add_or_delete(self, model: type, staff: Client) -> None:
        assert staff.get(address(model, "add")).status_code == 403
        body = {"action": "delete_selected", "_selected_action": [1], "post": "yes"}
        make_snapshot(make_playlist())
        staff.post(address(model, "changelist"), body)
        assert HistoryEntry.objects.count() == 5
        assert PlaylistSnapshot.objects.count() == 1


class TestHistory:
    def test_shows_an_entry_without_a_form(self, staff: Client) -> None:
        make_snapshot(make_playlist())
        entry = HistoryEntry.objects.earliest("pk")
        page = staff.get(address(HistoryEntry, "change", entry.pk))
        assert page.status_code == 200
        assert b'name="_save"' not in page.content
        answer = staff.post(address(HistoryEntry, "change", entry.pk), {"position": 9})
        assert answer.status_code == 403


class TestPlaylist:
    def test_takes_rules_and_counts_the_version(self, staff: Client) -> None:
        playlist = make_playlist()
        rules = (
            '{"explicit": "exclude", "ranges": [{"column": "energy", "minimum": 0.2}]}'
        )
        answer = staff.post(
            address(Playlist, "change", playlist.pk),
            form_of(playlist, rules=rules, size="30"),
        )
        assert answer.status_code == 302
        playlist.refresh_from_db()
        assert (playlist.size, playlist.version) == (30, 2)
        assert playlist.rules["explicit"] == "exclude"

    def test_writes_nothing_that_was_not_changed(self, staff: Client) -> None:
        playlist = make_playlist()
        page = address(Playlist, "change", playlist.pk)
        staff.get(page)
        Playlist.objects.update(status=Playlist.Status.PAUSED, name="Renamed meanwhile")
        staff.post(page, form_of(playlist, size="30"))
        playlist.refresh_from_db()
        assert (playlist.status, playlist.name) == ("paused", "Renamed meanwhile")

    @pytest.mark.parametrize(
        "changes",
        [
            {"rules": '{"explicit": "maybe"}'},
            {"rules": '{"unknown": 1}'},
            {"rules": "[1]"},
            {"size": "101"},
            {"interval_days": "0"},
            {"artist_cap": "-1"},
        ],
    )
    def test_refuses_what_no_list_could_be_drawn_by(
        self, changes: dict[str, object], staff: Client
    ) -> None:
        playlist = make_playlist()
        answer = staff.post(
            address(Playlist, "change", playlist.pk), form_of(playlist, **changes)
        )
        assert answer.status_code == 200
        playlist.refresh_from_db()
        assert (playlist.version, playlist.rules, playlist.size) == (1, {}, None)

    def test_can_be_neither_added_nor_deleted_here(self, staff: Client) -> None:
        playlist = make_playlist()
        assert staff.get(address(Playlist, "add")).status_code == 403
        assert staff.get(address(Playlist, "delete", playlist.pk)).status_code == 403


class TestLabels:
    def test_are_made_renamed_and_listed(self, staff: Client) -> None:
        staff.post(address(Label, "add"), {"name": " late  night "})
        label = Label.objects.get()
        assert (label.name, label.folded_name) == ("late night", "late night")
        staff.post(address(Label, "change", label.pk), {"name": "Night"})
        assert Label.objects.get().folded_name == "night"
        assert b"Night" in staff.get(address(Label, "changelist")).content

    def test_are_refused_twice(self, staff: Client) -> None:
        staff.post(address(Label, "add"), {"name": "night"})
        again = staff.post(address(Label, "add"), {"name": "NIGHT"})
        assert again.status_code == 200
        assert "already" in again.content.decode()
        assert Label.objects.count() == 1


class TestOwnTime:
    def test_moves_the_next_reshuffle(self, staff: Client) -> None:
        playlist = make_playlist(next_reshuffle_at=NEXT_AT)
        posted = form_of(playlist, reshuffle_weekday="2", reshuffle_hour="6")
        staff.post(address(Playlist, "change", playlist.pk), posted)
        playlist.refresh_from_db()
        assert playlist.next_reshuffle_at is not None
        assert playlist.next_reshuffle_at.weekday() == 2
        assert playlist.next_reshuffle_at.hour == 6
