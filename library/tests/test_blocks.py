"""What is blocked for every playlist."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from library.models import Block, LibraryVersion, Track
from library.pool import load_library
from library.services import blocking
from library.tests.factories import make_album, make_artist, make_track
from vibe_engine import clock
from vibe_engine.errors import InputError

pytestmark = [pytest.mark.django_db, pytest.mark.portable]


def block(kind: str, *lines: str) -> int:
    return blocking.add_blocks(
        kind=kind, lines=lines, reason="asked for", by=None, now=clock.now()
    )


class TestUsable:
    def test_leaves_out_what_a_block_names(self) -> None:
        artist, album = make_artist(), make_album(tracks=2)
        guest, again = make_track(guests=[artist]), make_track(isrc="DEABC2400001")
        free, alone = make_track(), make_track()
        block("artist", artist.spotify_id)
        block("album", f"https://open.spotify.com/album/{album.spotify_id}?si=1")
        block("track", f"spotify:track:{alone.spotify_id}")
        Track.objects.filter(pk=again.pk).update(recording_key="isrc:DEABC2400001")
        block("recording", "DE-ABC-24-00001")
        assert list(Track.objects.usable()) == [free]
        assert guest in Track.objects.blocked()
        assert Track.objects.blocked().count() == 5
        columns = load_library()
        assert columns.track_ids.tolist() == [free.pk]
        assert columns.blocked_tracks == 5

    def test_holds_for_what_is_taken_in_later(self) -> None:
        block("artist", "0" * 22)
        artist = make_artist(spotify_id="0" * 22)
        make_track(artist=artist)
        assert not Track.objects.usable().exists()

    def test_ends_with_the_block(self) -> None:
        track = make_track()
        block("track", track.spotify_id)
        blocking.remove_block(block=Block.objects.get())
        assert list(Track.objects.usable()) == [track]


class TestAdding:
    def test_counts_what_is_new_and_moves_the_version(self) -> None:
        track = make_track(name="Lost Hour")
        before = LibraryVersion.stamp()
        assert block("track", "lost hour", track.spotify_id) == 1
        assert LibraryVersion.stamp() != before
        assert block("track", "Lost Hour") == 0

    @pytest.mark.parametrize(
        ("kind", "line", "words"),
        [
            ("artist", "Nobody", "has no artist"),
            ("artist", "https://open.spotify.com/track/" + "a" * 22, "link of a track"),
            ("recording", "a" * 22, "give its ISRC"),
            ("track", "Twice", "Several tracks"),
        ],
    )
    def test_refuses_what_it_cannot_understand(
        self, kind: str, line: str, words: str
    ) -> None:
        make_track(name="Twice"), make_track(name="Twice")
        with pytest.raises(InputError, match=words):
            block(kind, line)
        assert not Block.objects.exists()


class TestPage:
    def test_blocks_and_says_who_and_why(self, operator: Client) -> None:
        artist = make_artist(name="Nova Bloom")
        form = {"kind": "artist", "lines": "nova bloom", "reason": "Contract ended"}
        assert operator.post("/library/blocks/", form).status_code == 302
        (found,) = Block.objects.all()
        assert found.key == artist.spotify_id
        assert found.created_by == User.objects.get(username="operator")
        page = operator.get("/library/blocks/").content.decode()
        assert "Nova Bloom" in page
        assert "Contract ended" in page

    def test_shows_what_is_wrong_beside_the_field(self, operator: Client) -> None:
        form = {"kind": "artist", "lines": "Nobody", "reason": "x"}
        answer = operator.post("/library/blocks/", form)
        assert answer.status_code == 422
        assert "The library has no artist" in answer.content.decode()

    def test_unblocks(self, operator: Client) -> None:
        block("artist", "0" * 22)
        found = Block.objects.get()
        operator.post(f"/library/blocks/{found.pk}/remove/")
        assert not Block.objects.exists()
