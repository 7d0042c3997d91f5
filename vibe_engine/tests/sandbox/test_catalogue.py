import gzip
from collections import Counter
from pathlib import Path

import pytest

from vibe_engine.sandbox.catalogue import Album, Catalogue, Track
from vibe_engine.sandbox.generated import VARIOUS_ARTISTS, GeneratedCatalogue
from vibe_engine.sandbox.invented import LABEL, CatalogueWithInventions
from vibe_engine.sandbox.listed import CatalogueFileError, ListedCatalogue
from vibe_engine.sandbox.store import Store

UNKNOWN_ID = "0000000000000000000000"
HEADER = (
    "album_id,album_name,album_type,release_date,release_date_precision,track_id,"
    "track_name,disc_number,track_number,artist_names,artist_ids,duration_ms,explicit,"
    "isrc,popularity,danceability,energy,key,loudness,mode,speechiness,acousticness,"
    "instrumentalness,liveness,valence,tempo"
)
FEATURES = "0.7,0.9,6,-2.6,1,0.05,0.1,0,0.06,0.5,122.0"


def tracks_of(catalogue: Catalogue, album: Album) -> list[Track]:
    return list(catalogue.album_tracks(album, 0, album.total_tracks))


@pytest.fixture(scope="module")
def generated() -> GeneratedCatalogue:
    return GeneratedCatalogue(track_count=5_000, seed=3)


@pytest.fixture(scope="module")
def albums(generated: GeneratedCatalogue) -> list[Album]:
    return list(generated.albums(0, generated.album_count))


class TestGeneratedCatalogue:
    @pytest.mark.parametrize("size", [1, 7, 50, 500, 5_000])
    def test_holds_exactly_as_many_tracks_as_asked(self, size: int) -> None:
        catalogue = GeneratedCatalogue(track_count=size, seed=1)
        albums = catalogue.albums(0, catalogue.album_count)
        tracks = [track.id for album in albums for track in tracks_of(catalogue, album)]
        assert len(set(tracks)) == size

    @pytest.mark.parametrize("size", [0, 1_000_001])
    def test_refuses_impossible_sizes(self, size: int) -> None:
        with pytest.raises(ValueError, match="tracks must be from 1 to 1,000,000"):
            GeneratedCatalogue(track_count=size, seed=1)

    def test_reaches_a_million_tracks(self) -> None:
        catalogue = GeneratedCatalogue(track_count=1_000_000, seed=1)
        last = catalogue.albums(catalogue.album_count - 1, 1)[0]
        track = tracks_of(catalogue, last)[-1]
        assert catalogue.track(track.id) == track
        assert catalogue.track(track.id) is not None

    def test_is_the_same_for_the_same_seed(self, albums: list[Album]) -> None:
        again = GeneratedCatalogue(track_count=5_000, seed=3)
        assert list(again.albums(0, again.album_count)) == albums

    def test_is_another_for_another_seed(self, albums: list[Album]) -> None:
        other = GeneratedCatalogue(track_count=5_000, seed=4)
        assert {album.id for album in other.albums(0, 400)}.isdisjoint(
            album.id for album in albums
        )

    def test_finds_albums_tracks_and_artists_by_id(
        self, generated: GeneratedCatalogue, albums: list[Album]
    ) -> None:
        for album in albums[:120]:
            assert generated.album(album.id) == album
            assert all(generated.artist(artist.id) for artist in album.artists)
            for track in tracks_of(generated, album):
                assert generated.track(track.id) == track
                assert generated.has_track(track.id)

    def test_knows_nothing_else(self, generated: GeneratedCatalogue) -> None:
        assert generated.album(UNKNOWN_ID) is None
        assert generated.track(UNKNOWN_ID) is None
        assert generated.artist(UNKNOWN_ID) is None
        assert generated.features(UNKNOWN_ID) is None
        assert not generated.has_track(UNKNOWN_ID)

    def test_pages_follow_on_each_other(
        self, generated: GeneratedCatalogue, albums: list[Album]
    ) -> None:
        box = next(album for album in albums if album.total_tracks > 50)
        whole = tracks_of(generated, box)
        pages = [
            *generated.album_tracks(box, 0, 50),
            *generated.album_tracks(box, 50, 99),
        ]
        assert pages == whole
        assert [track.track_number for track in whole[:20]] == list(range(1, 21))
        assert whole[20].disc_number == 2

    def test_repeats_recordings_on_the_next_release(
        self, generated: GeneratedCatalogue, albums: list[Album]
    ) -> None:
        at = next(at for at, album in enumerate(albums) if "(Deluxe" in album.name)
        original = tracks_of(generated, albums[at - 1])
        repeated = tracks_of(generated, albums[at])[: len(original)]
        assert [track.isrc for track in repeated] == [track.isrc for track in original]
        assert [track.name for track in repeated] == [track.name for track in original]
        assert {track.id for track in repeated}.isdisjoint(
            track.id for track in original
        )
        assert albums[at].release_date > albums[at - 1].release_date

    def test_collects_recordings_of_many_artists(
        self, generated: GeneratedCatalogue, albums: list[Album]
    ) -> None:
        collection = next(
            album for album in albums if album.album_type == "compilation"
        )
        tracks = tracks_of(generated, collection)
        assert collection.artists[0].name == VARIOUS_ARTISTS
        assert len({track.artists[0].id for track in tracks}) > 5
        elsewhere = {
            track.isrc
            for album in albums
            if album.album_type != "compilation"
            for track in tracks_of(generated, album)
        }
        assert {track.isrc for track in tracks} <= elsewhere

    def test_gives_one_isrc_to_one_recording(
        self, generated: GeneratedCatalogue, albums: list[Album]
    ) -> None:
        names: dict[str, str] = {}
        for album in albums:
            for track in tracks_of(generated, album):
                assert len(track.isrc) == 12
                assert names.setdefault(track.isrc, track.name) == track.name

    def test_lets_few_artists_make_much(
        self, generated: GeneratedCatalogue, albums: list[Album]
    ) -> None:
        made = Counter(album.artists[0].id for album in albums)
        busiest = sum(count for _, count in made.most_common(len(made) // 10))
        assert busiest > len(albums) / 5

    def test_credits_several_artists(
        self, generated: GeneratedCatalogue, albums: list[Album]
    ) -> None:
        credits = [
            len(track.artists)
            for album in albums[:100]
            for track in tracks_of(generated, album)
        ]
        assert 0.1 < sum(count > 1 for count in credits) / len(credits) < 0.4

    def test_has_hostile_names_on_marked_albums_only(
        self, generated: GeneratedCatalogue, albums: list[Album]
    ) -> None:
        odd = [album for album in albums if album.is_odd]
        assert odd
        names = {track.name for album in odd for track in tracks_of(generated, album)}
        assert any("<script>" in name for name in names)
        assert "" in names
        plain = [album.name for album in albums if not album.is_odd]
        assert not any("<" in name or not name.strip() for name in plain)

    def test_lists_the_albums_of_an_artist(
        self, generated: GeneratedCatalogue, albums: list[Album]
    ) -> None:
        artist_id = albums[0].artists[0].id
        found, total = generated.artist_albums(artist_id, 0, 1_000)
        expected = [album.id for album in albums if album.artists[0].id == artist_id]
        assert [album.id for album in found] == expected
        assert total == len(expected)

    def test_measures_most_recordings(
        self, generated: GeneratedCatalogue, albums: list[Album]
    ) -> None:
        tracks = [
            track for album in albums[:60] for track in tracks_of(generated, album)
        ]
        measured = [generated.features(track.id) for track in tracks]
        known = [features for features in measured if features]
        assert 0.9 < len(known) / len(tracks) < 1
        assert all(0 <= (features.energy or 0) < 1 for features in known)


class TestListedCatalogue:
    def write(self, folder: Path, *lines: str) -> Path:
        file = folder / "tracks.csv"
        file.write_text("\n".join((HEADER, *lines)), encoding="utf-8")
        return file

    def line(self, track: str, number: int, name: str, extra: str = FEATURES) -> str:
        return (
            f"{'a' * 22},Album,album,2019,year,{track * 22},{name},1,{number},"
            f"Ann;Bo,{'x' * 22};{'y' * 22},194754,,,66,{extra}"
        )

    def test_reads_what_a_line_says(self, tmp_path: Path) -> None:
        catalogue = ListedCatalogue(self.write(tmp_path, self.line("t", 1, "Song")))
        track = catalogue.track("t" * 22)
        features = catalogue.features("t" * 22)
        assert track is not None
        assert [artist.name for artist in track.artists] == ["Ann", "Bo"]
        assert (track.duration_ms, track.popularity, track.isrc) == (194754, 66, "")
        assert features is not None
        assert (features.tempo, features.key) == (122.0, 6)

    def test_writes_escaped_characters_out(self, tmp_path: Path) -> None:
        line = self.line("t", 1, "Caf<U+00E9> <U+1F600>")
        track = ListedCatalogue(self.write(tmp_path, line)).track("t" * 22)
        assert track is not None
        assert track.name == "Café 😀"

    def test_orders_tracks_by_disc_and_number(self, tmp_path: Path) -> None:
        file = self.write(tmp_path, self.line("t", 2, "B"), self.line("u", 1, "A"))
        catalogue = ListedCatalogue(file)
        album = catalogue.album("a" * 22)
        assert album is not None
        assert album.total_tracks == 2
        assert [track.name for track in tracks_of(catalogue, album)] == ["A", "B"]

    def test_knows_no_features_where_the_cells_are_empty(self, tmp_path: Path) -> None:
        file = self.write(tmp_path, self.line("t", 1, "Song", "," * 10))
        assert ListedCatalogue(file).features("t" * 22) is None

    def test_reads_compressed_files(self, tmp_path: Path) -> None:
        file = tmp_path / "tracks.csv.gz"
        file.write_bytes(gzip.compress(f"{HEADER}\n{self.line('t', 1, 'S')}".encode()))
        assert ListedCatalogue(file).album_count == 1

    @pytest.mark.parametrize(
        ("lines", "reason"),
        [
            ([], "holds no tracks"),
            (["only,three,cells"], "line 2"),
            (["x," * 25 + "x"], "line 2"),
        ],
    )
    def test_says_what_is_wrong_with_a_file(
        self, tmp_path: Path, lines: list[str], reason: str
    ) -> None:
        with pytest.raises(CatalogueFileError, match=reason):
            ListedCatalogue(self.write(tmp_path, *lines))

    def test_says_that_a_file_is_missing(self, tmp_path: Path) -> None:
        with pytest.raises(CatalogueFileError, match="cannot be read"):
            ListedCatalogue(tmp_path / "nothing.csv")

    def test_says_that_a_file_is_not_compressed(self, tmp_path: Path) -> None:
        file = tmp_path / "tracks.csv.gz"
        file.write_text("plain")
        with pytest.raises(CatalogueFileError, match="cannot be read"):
            ListedCatalogue(file)


class TestInventedAlbum:
    @pytest.fixture
    def inventive(self, generated: GeneratedCatalogue) -> CatalogueWithInventions:
        return CatalogueWithInventions(generated, Store(), 3, is_open=True)

    def test_is_labelled(self, inventive: CatalogueWithInventions) -> None:
        album = inventive.album(UNKNOWN_ID)
        assert album is not None
        assert album.name.endswith(LABEL)
        assert album.id == UNKNOWN_ID

    def test_has_tracks_and_an_artist_to_be_found(
        self, inventive: CatalogueWithInventions
    ) -> None:
        album = inventive.album(UNKNOWN_ID)
        assert album is not None
        tracks = tracks_of(inventive, album)
        assert len(tracks) == album.total_tracks
        for track in tracks:
            assert inventive.track(track.id) == track
            assert inventive.has_track(track.id)
        artist = inventive.artist(album.artists[0].id)
        assert artist is not None
        assert inventive.artist_albums(artist.id, 0, 5) == ([album], 1)

    def test_does_not_replace_known_ones(
        self, inventive: CatalogueWithInventions, albums: list[Album]
    ) -> None:
        assert inventive.album(albums[0].id) == albums[0]

    @pytest.mark.parametrize("album_id", ["", "short", "0" * 21 + "-", "é" * 22])
    def test_is_not_made_for_malformed_ids(
        self, inventive: CatalogueWithInventions, album_id: str
    ) -> None:
        assert inventive.album(album_id) is None

    def test_is_made_on_request_only(self, generated: GeneratedCatalogue) -> None:
        closed = CatalogueWithInventions(generated, Store(), 3, is_open=False)
        assert closed.album(UNKNOWN_ID) is None
