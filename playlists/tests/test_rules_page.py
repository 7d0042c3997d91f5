"""The page of rules: shown, counted, tried, saved; and for many at once."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from automation import runtime
from library.tests.factories import (
    make_album,
    make_artist,
    make_collection,
    make_track,
    make_tracks,
)
from playlists.effective import rules_for
from playlists.models import Playlist
from playlists.ruleforms import PlaylistRulesForm
from playlists.sampler import Choice, Pin, Range, Share
from playlists.sampler.songs import VERSIONS
from playlists.services import labelling
from playlists.tests.factories import make_playlist, make_playlists
from vibe_engine import clock

pytestmark = pytest.mark.django_db


def typed(playlist: Playlist, **values: Any) -> dict[str, Any]:
    """Return what the form of a playlist posts as it stands, with other values."""
    settings = runtime.load()
    initial = PlaylistRulesForm.initial_of(playlist, rules_for(playlist, settings))
    shown = {k: v for k, v in initial.items() if v is not None and v is not False}
    return shown | values


def address(playlist: Playlist, name: str = "rules") -> str:
    return reverse(f"playlists:{name}", args=[playlist.pk])


def save(changes: dict[str, str]) -> None:
    runtime.save_settings(changes=changes, by=None, now=clock.now())


def rules_of(playlist: Playlist) -> Any:
    playlist.refresh_from_db()
    return rules_for(playlist, runtime.load())


class TestSaving:
    def test_keeps_what_was_typed(self, operator: Client) -> None:
        playlist = make_playlist()
        sound = {"energy_min": "0.6", "energy_max": "0.9", "energy_soft": "on"}
        more = {"duration_ms_max": "4.5", "album_cap": "2", "same_song": ["live"]}
        answer = operator.post(address(playlist), typed(playlist, **sound, **more))
        assert answer.status_code == 302
        rules = rules_of(playlist)
        assert set(rules.ranges) == {
            Range("energy", 0.6, 0.9, soft=True),
            Range("duration_ms", None, 270_000),
        }
        assert (rules.album_cap, rules.same_song) == (2, ("live",))

    def test_shows_what_is_kept_when_opened_again(self, operator: Client) -> None:
        playlist, artist = make_playlist(), make_artist(name="Nova Bloom")
        posted = typed(playlist, artist_out="nova bloom", tempo_min="120")
        operator.post(address(playlist), posted)
        playlist.refresh_from_db()
        again = typed(playlist)
        assert (again["artist_out"], again["tempo_min"]) == ("Nova Bloom", "120")
        assert rules_of(playlist).choices == (Choice("artist", (artist.pk,), out=True),)

    def test_changes_nothing_when_sent_as_it_stands(self, operator: Client) -> None:
        playlist = make_playlist()
        before = rules_of(playlist)
        operator.post(address(playlist), typed(playlist))
        assert rules_of(playlist) == before

    def test_puts_what_is_wrong_beside_the_field(self, operator: Client) -> None:
        playlist = make_playlist()
        posted = typed(
            playlist, energy_min="0.9", energy_max="0.2", artist_in="Nobody\nNo One"
        )
        answer = operator.post(address(playlist), posted)
        assert answer.status_code == 422
        page = answer.content.decode()
        assert "From 0.9 to 0.2 holds nothing" in page
        assert "The library has no artist “Nobody”." in page
        assert "The library has no artist “No One”." in page
        assert playlist.rules == {}

    def test_asks_which_of_several_with_one_name(self, operator: Client) -> None:
        playlist = make_playlist()
        one, _ = make_artist(name="Echo"), make_artist(name="Echo")
        answer = operator.post(address(playlist), typed(playlist, artist_in="Echo"))
        assert "2 artists are called “Echo”" in answer.content.decode()
        link = f"https://open.spotify.com/artist/{one.spotify_id}?si=1"
        operator.post(address(playlist), typed(playlist, artist_in=link))
        assert rules_of(playlist).choices == (Choice("artist", (one.pk,)),)
        playlist.refresh_from_db()
        assert typed(playlist)["artist_in"] == one.spotify_id

    def test_keeps_tracks_out_by_link(self, operator: Client) -> None:
        playlist, track = make_playlist(), make_track()
        link = f"https://open.spotify.com/track/{track.spotify_id}"
        operator.post(address(playlist), typed(playlist, track_out=link))
        assert rules_of(playlist).choices == (Choice("track", (track.pk,), out=True),)

    def test_refuses_what_somebody_else_has_changed(self, operator: Client) -> None:
        playlist = make_playlist()
        posted = typed(playlist, album_cap="3")
        Playlist.objects.update(version=9)
        assert operator.post(address(playlist), posted).status_code == 409

    def test_does_no_harm_when_sent_twice(self, operator: Client) -> None:
        playlist = make_playlist()
        posted = typed(playlist, album_cap="3")
        assert operator.post(address(playlist), posted).status_code == 302
        assert operator.post(address(playlist), posted).status_code == 302

    def test_sets_the_ladder_in_order(self, operator: Client) -> None:
        playlist = make_playlist()
        rungs = {"rung_soft_ranges": "1", "rung_cooldown": "0", "rung_artist_cap": "9"}
        rungs["rung_refresh_share"] = "2"
        operator.post(address(playlist), typed(playlist, **rungs))
        rules = rules_of(playlist)
        assert (rules.rungs[0], rules.rungs[-1]) == ("soft_ranges", "artist_cap")
        assert "cooldown" not in rules.rungs


class TestRulesThatCannotBeRead:
    def test_are_told_and_replaced(self, operator: Client) -> None:
        playlist = make_playlist(rules={"version": 9})
        page = operator.get(address(playlist)).content.decode()
        assert "Rules of version 9 are not known here." in page
        why = operator.get(address(playlist, "why")).content.decode()
        assert "No list is drawn until they are saved again." in why
        operator.post(address(playlist), typed(make_playlist()))
        assert rules_of(playlist) == rules_of(make_playlist())

    def test_stop_a_change_of_many_in_words(self, operator: Client) -> None:
        playlist = make_playlist(rules={"version": 9})
        posted = typed(make_playlist(), change=["caps"], album_cap="1", save="1")
        posted |= {"pk": [playlist.pk]}
        answer = operator.post(reverse("playlists:edit_rules_of_many"), posted)
        assert answer.status_code == 422
        assert "Nothing was changed." in answer.content.decode()


class TestPins:
    def test_are_kept_with_place_and_days(self, operator: Client) -> None:
        playlist, track = make_playlist(), make_track(name="Anthem")
        days = {"pin_0_first": "2026-12-01", "pin_0_last": "2026-12-24"}
        posted = typed(playlist, pin_0_track="anthem", pin_0_position="1", **days)
        assert operator.post(address(playlist), posted).status_code == 302
        (pin,) = rules_of(playlist).pins
        assert pin == Pin(track.pk, 1, 20_788, 20_811)
        again = typed(playlist)
        assert again["pin_0_track"] == "Anthem"
        assert str(again["pin_0_last"]) == "2026-12-24"

    def test_are_refused_beside_the_one_that_contradicts(
        self, operator: Client
    ) -> None:
        playlist = make_playlist(artist_cap=1)
        star = make_artist()
        make_track(name="One", artist=star), make_track(name="Two", artist=star)
        make_track(name="Loud", explicit=True)
        for rows, words in (
            ({"pin_0_track": "One", "pin_1_track": "One"}, "pinned twice"),
            ({"pin_0_track": "One", "pin_1_track": "Two"}, "reached the cap"),
            ({"pin_0_track": "Loud", "explicit": "exclude"}, "keeps it out"),
            ({"pin_0_track": "One", "pin_0_position": "60"}, "The list has 50 places"),
            ({"pin_0_track": "Nobody knows"}, "The library has no track"),
        ):
            answer = operator.post(address(playlist), typed(playlist, **rows))
            assert answer.status_code == 422
            assert words in answer.content.decode()
        assert Playlist.objects.get().rules == {}

    def test_may_not_lie_outside_the_collections(self, operator: Client) -> None:
        inside = make_collection(albums=[make_album(tracks=1)])
        playlist, _ = make_playlist(collections=[inside]), make_track(name="Outside")
        posted = typed(playlist, pin_0_track="Outside")
        answer = operator.post(address(playlist), posted)
        assert "outside the playlist&#x27;s collections" in answer.content.decode()


class TestShares:
    def test_are_kept_and_said_in_words(self, operator: Client) -> None:
        night = make_collection(name="Late Night")
        playlist = make_playlist()
        rows = {"share_0_collection": str(night.pk), "share_0_percent": "60"}
        posted = typed(playlist, refresh_share="30", **rows)
        page = operator.post(address(playlist, "count_rules"), posted).content.decode()
        assert "60 % from Late Night" in page
        assert "30 % of the places change at a reshuffle" in page
        operator.post(address(playlist), posted)
        rules = rules_of(playlist)
        assert (rules.shares, rules.refresh_share) == ((Share(night.pk, 60),), 30)

    def test_are_refused_beside_their_field(self, operator: Client) -> None:
        night, dawn = make_collection(name="Night"), make_collection(name="Dawn")
        playlist = make_playlist(collections=[night])
        rows = {"share_0_collection": str(dawn.pk), "share_0_percent": "60"}
        answer = operator.post(address(playlist), typed(playlist, **rows))
        assert "does not draw from this collection" in answer.content.decode()
        rows = {"share_0_collection": str(night.pk), "share_0_percent": ""}
        answer = operator.post(address(playlist), typed(playlist, **rows))
        assert "A share is a collection and a percentage" in answer.content.decode()


class TestInheriting:
    def test_follows_the_settings_where_nothing_is_its_own(
        self, operator: Client
    ) -> None:
        playlist = make_playlist()
        operator.post(address(playlist), typed(playlist, energy_min="0.5"))
        save({"album_cap": "3", "explicit_tracks": "exclude", "same_song": "live"})
        rules = rules_of(playlist)
        assert (rules.album_cap, rules.explicit) == (3, "exclude")
        assert rules.same_song == ("live",)

    def test_lets_a_playlist_say_something_else(self, operator: Client) -> None:
        playlist = make_playlist()
        save({"album_cap": "3", "explicit_tracks": "exclude", "refresh_share": "40"})
        posted = typed(playlist, album_cap="0", explicit="allow", refresh_share="100")
        operator.post(address(playlist), posted)
        rules = rules_of(playlist)
        assert (rules.album_cap, rules.explicit) == (None, "allow")
        assert rules.refresh_share == 100

    def test_knows_the_same_options_as_the_rules(self) -> None:
        assert tuple(dict(runtime.VERSIONS)) == VERSIONS
        assert tuple(dict(runtime.EXPLICIT)) == ("allow", "exclude", "only")
        assert tuple(dict(runtime.REST_SCOPES)) == ("playlist", "account", "fleet")


class TestCounting:
    def test_says_how_many_may_come_and_why(self, operator: Client) -> None:
        playlist = make_playlist()
        make_tracks(8, energy=0.7)
        make_tracks(4, energy=0.1)
        answer = operator.post(
            address(playlist, "count_rules"),
            typed(playlist, energy_min="0.6", energy_max="0.9", year_min="1000"),
            HTTP_HX_REQUEST="true",
        )
        page = answer.content.decode()
        assert ">8</b>" in page
        assert "of 12 tracks" in page
        assert "From 1000 on, energy 0.6 to 0.9, at most 2 per artist." in page
        assert "<h1" not in page
        assert Playlist.objects.get().rules == {}

    def test_shows_the_whole_form_without_a_script(self, operator: Client) -> None:
        playlist = make_playlist()
        posted = typed(playlist, album_cap="7")
        page = operator.post(address(playlist, "count_rules"), posted).content.decode()
        assert "<h1" in page
        assert 'value="7"' in page

    def test_tells_what_is_not_right_yet(self, operator: Client) -> None:
        playlist = make_playlist()
        answer = operator.post(
            address(playlist, "count_rules"),
            typed(playlist, energy_min="7"),
            HTTP_HX_REQUEST="true",
        )
        assert "not right yet" in answer.content.decode()


class TestPreview:
    def test_draws_under_the_rules_as_typed(self, operator: Client) -> None:
        playlist, album = make_playlist(size=5), make_album(name="Chosen", tracks=3)
        make_track()
        posted = typed(playlist, album_in="Chosen", artist_cap="9")
        answer = operator.post(address(playlist, "preview_rules"), posted)
        page = answer.content.decode()
        assert page.count(album.tracks.all()[0].get_absolute_url()) == 1
        assert "3 tracks" in page
        assert "Take this list" not in page
        assert Playlist.objects.get().rules == {}


class TestManyAtOnce:
    def test_changes_only_the_ticked_groups(self, operator: Client) -> None:
        one, two = make_playlists(2)
        Playlist.objects.filter(pk=one.pk).update(rules={"explicit": "exclude"})
        posted = typed(one, change=["caps"], album_cap="1", explicit="only", save="1")
        posted |= {"pk": [one.pk, two.pk]}
        answer = operator.post(reverse("playlists:edit_rules_of_many"), posted)
        assert answer.status_code == 302
        found = [(rules_of(p).album_cap, rules_of(p).explicit) for p in (one, two)]
        assert found == [(1, "exclude"), (1, "allow")]

    def test_asks_for_a_tick(self, operator: Client) -> None:
        playlist = make_playlist()
        posted = typed(playlist, save="1", pk=[playlist.pk])
        answer = operator.post(reverse("playlists:edit_rules_of_many"), posted)
        assert answer.status_code == 422
        assert "Tick at least one thing" in answer.content.decode()

    def test_offers_the_form_for_a_selection(self, operator: Client) -> None:
        playlist = make_playlist()
        answer = operator.post(
            reverse("playlists:edit_rules_of_many"), {"pk": [playlist.pk]}
        )
        assert answer.status_code == 200
        assert "Rules of 1 playlist" in answer.content.decode()

    def test_reaches_a_whole_group(self, operator: Client) -> None:
        inside, outside = make_playlist(), make_playlist()
        labelling.set_labels(playlist=inside, names=["night"], now=clock.now())
        group = {"all": "1", "label": labelling.find_label("night").pk, "save": "1"}
        posted = typed(inside, change=["explicit"], explicit="only") | group
        operator.post(reverse("playlists:edit_rules_of_many"), posted)
        found = [rules_of(playlist).explicit for playlist in (inside, outside)]
        assert found == ["only", "allow"]
