"""Why a track is not in a list."""

from datetime import timedelta

import pytest
from django.test import Client

from automation import runtime
from library.models import LibraryVersion, Track
from library.services import blocking
from library.tests.factories import make_album, make_artist, make_track
from playlists.models import Playlist
from playlists.services import explaining
from playlists.tests.factories import make_playlist, make_snapshot
from vibe_engine import clock

pytestmark = pytest.mark.django_db


def said(playlist: Playlist, track: Track) -> list[str]:
    (verdict,) = explaining.why_not(
        playlist=playlist,
        tracks=[track],
        settings=runtime.load(),
        now=clock.now(),
    )
    return verdict.sentences


class TestWhyNot:
    def test_names_the_artist_at_the_cap_and_the_role(self) -> None:
        star, playlist = make_artist(name="Star"), make_playlist(artist_cap=1)
        make_snapshot(playlist, [make_track(artist=star)])
        guest = make_track(guests=[star])
        assert said(playlist, guest) == [
            "Star, who is featured on it, has reached the artist cap."
        ]

    def test_names_rest_with_its_last_day(self) -> None:
        playlist, track, now = make_playlist(cooldown_days=5), make_track(), clock.now()
        left = now - timedelta(days=2)
        make_snapshot(playlist, [track], confirmed_at=left, replaced_at=left)
        back = (now + timedelta(days=3)).date()
        (sentence,) = said(playlist, track)
        assert sentence == f"It rests until {back.day} {back:%B %Y}."

    def test_names_every_filter_that_keeps_it_out(self) -> None:
        rules = {
            "ranges": [{"column": "energy", "minimum": 0.6}],
            "explicit": "exclude",
            "album_cap": 1,
        }
        album = make_album()
        playlist = make_playlist(rules=rules)
        make_snapshot(playlist, [make_track(album=album)])
        track = make_track(album=album, energy=0.1, explicit=True)
        assert said(playlist, track) == [
            "Outside the energy range.",
            "The rule about explicit tracks keeps it out.",
            "Its album has reached the album cap.",
        ]

    def test_says_of_what_is_held_why(self) -> None:
        track = make_track(is_usable=False, held_reason="too long")
        LibraryVersion.bump()
        assert said(make_playlist(), track) == ["It is held back: too long."]

    def test_says_what_blocks_it_for_every_playlist(self) -> None:
        track, playlist = make_track(name="Lost Hour"), make_playlist()
        blocking.add_blocks(
            kind="track",
            lines=["lost hour"],
            reason="asked for",
            by=None,
            now=clock.now(),
        )
        assert said(playlist, track) == [
            "Lost Hour is blocked for every playlist: asked for."
        ]

    def test_says_when_chance_alone_decided(self) -> None:
        (sentence,) = said(make_playlist(), make_track())
        assert sentence.startswith("Nothing speaks against it")


class TestPage:
    def test_answers_a_name(self, viewer: Client) -> None:
        playlist = make_playlist()
        make_track(name="Lost Hour")
        page = viewer.get(f"/playlists/{playlist.pk}/why-not/?track=lost+hour")
        assert "Nothing speaks against it" in page.content.decode()

    def test_says_when_it_finds_none(self, viewer: Client) -> None:
        playlist = make_playlist()
        page = viewer.get(f"/playlists/{playlist.pk}/why-not/?track=nothing+here")
        assert "no track of that name" in page.content.decode()
