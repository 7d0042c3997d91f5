"""Artists who are the same one under several names."""

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client

from library.models import Alias, Artist, LibraryVersion, Track
from library.pool import load_library
from library.services import aliasing, blocking
from library.tests.factories import make_album, make_artist, make_track
from library.titles import read_songs
from vibe_engine import clock
from vibe_engine.errors import ConflictError, InputError

pytestmark = [pytest.mark.django_db, pytest.mark.portable]


def join(artist: Artist, *others: Artist) -> None:
    for other in others:
        aliasing.add_alias(artist=artist, other=other, by=None, now=clock.now())


def names(artist: Artist) -> tuple[str, list[str]]:
    group = aliasing.group_of(artist)
    return group.main.name, [alias.artist.name for alias in group.aliases]


@pytest.fixture
def four() -> list[Artist]:
    return [make_artist(name=name) for name in ("Ada", "Bea", "Cleo", "Dot")]


class TestGroups:
    def test_have_one_main_artist_and_no_chains(self, four: list[Artist]) -> None:
        ada, bea, cleo, dot = four
        join(ada, bea)
        join(cleo, dot)
        join(bea, dot)
        assert names(dot) == ("Ada", ["Bea", "Cleo", "Dot"])
        mains = Alias.objects.values_list("main", flat=True)
        assert not Alias.objects.filter(artist__in=mains).exists()

    def test_keep_together_when_one_is_taken_out(self, four: list[Artist]) -> None:
        ada, bea, cleo, _ = four
        join(ada, bea, cleo)
        aliasing.remove_alias(alias=bea.alias_of)
        assert names(ada) == ("Ada", ["Cleo"])
        assert names(bea) == ("Bea", [])

    def test_are_named_by_whom_a_person_chooses(self, four: list[Artist]) -> None:
        ada, bea, cleo, _ = four
        join(ada, bea, cleo)
        aliasing.name_group(artist=cleo, by=None, now=clock.now())
        assert names(bea) == ("Cleo", ["Ada", "Bea"])

    def test_refuse_to_join_twice(self, four: list[Artist]) -> None:
        ada, bea, cleo, _ = four
        join(ada, bea, cleo)
        before = LibraryVersion.stamp()
        for one, other in ((ada, bea), (bea, cleo), (ada, ada)):
            with pytest.raises(ConflictError, match="are the same already"):
                join(one, other)
        with pytest.raises(InputError, match="no second name"):
            aliasing.name_group(artist=ada, by=None, now=clock.now())
        assert LibraryVersion.stamp() == before

    def test_end_at_so_many_names(
        self, four: list[Artist], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(aliasing, "MOST_NAMES", 3)
        join(four[0], four[1], four[2])
        with pytest.raises(ConflictError, match="At most 3"):
            join(four[0], four[3])

    def test_are_held_by_the_database(self, four: list[Artist]) -> None:
        ada, bea, cleo, _ = four
        join(ada, bea)
        for artist, main in ((bea, cleo), (cleo, cleo)):
            with pytest.raises(IntegrityError), transaction.atomic():
                Alias.objects.create(artist=artist, main=main, created_at=clock.now())

    def test_move_the_version_each_time(self, four: list[Artist]) -> None:
        ada, bea, *_ = four
        seen = {LibraryVersion.stamp()}
        join(ada, bea)
        seen.add(LibraryVersion.stamp())
        aliasing.name_group(artist=bea, by=None, now=clock.now())
        seen.add(LibraryVersion.stamp())
        aliasing.remove_alias(alias=ada.alias_of)
        assert len(seen | {LibraryVersion.stamp()}) == 4


class TestPool:
    def test_credits_the_main_artist_alone(self, four: list[Artist]) -> None:
        ada, bea, cleo, _ = four
        make_track(artist=bea, guests=[cleo])
        make_track(artist=cleo, guests=[ada, bea])
        join(ada, bea)
        columns = load_library()
        credited = [ada.pk, cleo.pk, cleo.pk, ada.pk]
        assert columns.credit_artist_ids.tolist() == credited
        assert columns.credit_offsets.tolist() == [0, 2, 4]
        assert columns.aliases.tolist() == [[bea.pk, ada.pk]]
        aliasing.remove_alias(alias=bea.alias_of)
        assert bea.pk in load_library().credit_artist_ids.tolist()

    def test_tells_a_song_by_the_group(self, four: list[Artist]) -> None:
        ada, bea, *_ = four
        make_track(artist=ada, name="Lost Hour")
        make_track(artist=bea, name="Lost Hour")
        assert len(set(read_songs(load_library())[0].tolist())) == 2
        join(ada, bea)
        assert len(set(read_songs(load_library())[0].tolist())) == 1


class TestBlocks:
    @pytest.mark.parametrize("blocked", range(3))
    def test_are_for_all_names(self, four: list[Artist], blocked: int) -> None:
        tracks = [make_track(artist=artist) for artist in four]
        guest = make_track(guests=[four[2]])
        join(*four[:3])
        blocking.add_blocks(
            kind="artist",
            lines=[four[blocked].spotify_id],
            reason="asked for",
            by=None,
            now=clock.now(),
        )
        assert list(Track.objects.usable()) == [tracks[3]]
        for track in (*tracks[:3], guest):
            assert blocking.blocks_against(track).count() == 1
        assert not blocking.blocks_against(tracks[3]).exists()


class TestFinding:
    def test_takes_a_name_a_link_or_an_id(self, four: list[Artist]) -> None:
        ada, bea, cleo, dot = four
        join(ada, cleo)
        group = aliasing.group_of(cleo)
        for text in (
            " be ",
            bea.spotify_id,
            f"https://open.spotify.com/artist/{bea.spotify_id}?si=1",
            f"spotify:artist:{bea.spotify_id}",
        ):
            assert aliasing.find_artists(text, besides=group) == [bea], text
        for text in ("", "Ada", cleo.spotify_id, "https://x/artist/" + "0" * 22):
            assert aliasing.find_artists(text, besides=group) == []
        assert aliasing.find_artists("o", besides=group) == [dot]


class TestArtistPage:
    def test_joins_names_and_parts_what_was_joined(
        self, operator: Client, four: list[Artist]
    ) -> None:
        ada, bea, *_ = four
        make_album(artist=bea, tracks=2, spotify_url="https://o.test/album/x")
        found = operator.get(ada.get_absolute_url(), {"also": "Bea"}).content.decode()
        assert "Bea is the same artist" in found
        assert "2 tracks" in found
        page = operator.post(
            f"/library/artists/{ada.pk}/aliases/add/", {"artist": bea.pk}, follow=True
        ).content.decode()
        assert "“Bea” counts as “Ada”" in page
        assert bea.alias_of.created_by == User.objects.get(username="operator")
        alias_page = operator.get(bea.get_absolute_url()).content.decode()
        assert "Counts as" in alias_page
        assert f"https://o.test/artist/{bea.spotify_id}" in alias_page
        named = f"/library/artists/{bea.pk}/name/"
        assert "“Bea”" in operator.post(named, follow=True).content.decode()
        assert names(ada) == ("Bea", ["Ada"])
        ada.refresh_from_db()
        page = operator.post(
            f"/library/aliases/{ada.alias_of.pk}/remove/", follow=True
        ).content.decode()
        assert "“Ada” is an artist of its own again" in page
        assert names(bea) == ("Bea", [])

    def test_says_what_it_cannot_do(self, operator: Client, four: list[Artist]) -> None:
        ada, bea, *_ = four
        join(ada, bea)
        add = f"/library/artists/{ada.pk}/aliases/add/"
        for artist, words in (
            (bea.pk, "are the same already"),
            (10**12, "does not hold that artist"),
            ("x", "does not hold that artist"),
        ):
            page = operator.post(add, {"artist": artist}, follow=True)
            assert words in page.content.decode()
        page = operator.post(f"/library/artists/{ada.pk}/name/", follow=True)
        assert "is no second name" in page.content.decode()
        page = operator.get(ada.get_absolute_url(), {"also": "nobody here"})
        assert "no other artist" in page.content.decode()
        assert Alias.objects.count() == 1

    def test_shows_viewers_the_names_alone(
        self, viewer: Client, four: list[Artist]
    ) -> None:
        join(*four)
        page = viewer.get(four[0].get_absolute_url(), {"also": "Ada"}).content.decode()
        assert "Dot" in page
        assert "Take out" not in page
        assert "Look for it" not in page
