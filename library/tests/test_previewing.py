"""Verdicts on pasted text."""

import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from library import services
from library.services import VerdictKind
from library.tests.factories import make_album
from vibe_engine.errors import InputError

pytestmark = [pytest.mark.django_db, pytest.mark.portable]

ONE, OTHER = "4aawyAB9vmqN3uQ7FjRGTy", "1DFixLWuPkv3KT3TnV35m3"
KINDS = tuple(VerdictKind)


def preview(text: str, *, refresh: bool = True) -> services.Preview:
    return services.preview_ingest(text=text, refresh=refresh)


def kinds(text: str) -> list[VerdictKind]:
    return [verdict.kind for verdict in preview(text).verdicts]


class TestPreviewIngest:
    def test_gives_each_line_its_own_verdict(self) -> None:
        known = make_album()
        text = "\n".join(
            (
                f"https://open.spotify.com/intl-de/album/{ONE}?si=1",
                f"have a look: spotify:album:{known.spotify_id} great",
                f"https://open.spotify.com/embed/album/{ONE}",
                f"https://open.spotify.com/playlist/{OTHER}",
                "https://open.spotify.com/album/short",
                "",
                "see you tomorrow",
                "https://spotify.link/abcdef",
            )
        )
        assert kinds(text) == [
            VerdictKind.NEW,
            VerdictKind.KNOWN,
            VerdictKind.REPEATED,
            VerdictKind.NOT_ALBUM,
            VerdictKind.BAD_ID,
            VerdictKind.NO_LINK,
            VerdictKind.SHORT_LINK,
        ]

    def test_names_the_line_of_each_verdict_and_of_what_it_repeats(self) -> None:
        verdicts = preview(f"\n{ONE}\n\n{ONE}").verdicts
        assert [(v.line_number, v.first_line) for v in verdicts] == [(2, 0), (4, 2)]

    def test_finds_several_links_in_one_line_and_a_repetition_among_them(self) -> None:
        text = f"spotify:album:{ONE} spotify:album:{OTHER} spotify:album:{ONE}"
        assert kinds(text) == [
            VerdictKind.NEW,
            VerdictKind.NEW,
            VerdictKind.REPEATED,
        ]

    def test_brings_the_album_that_is_here(self) -> None:
        known = make_album(name="Malibu")
        (verdict,) = preview(known.spotify_id).verdicts
        assert verdict.album == known

    def test_says_in_words_what_is_wrong(self) -> None:
        for verdict in preview("nothing\nspotify:track:x\nspotify:album:x").problems:
            assert verdict.problem.endswith(".")

    def test_asks_the_database_once_and_spotify_never(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        text = "\n".join(f"{number:0>22}" for number in range(1_000))
        with django_assert_num_queries(1):
            assert preview(text).new_count == 1_000

    def test_judges_ten_thousand_lines_of_junk(self) -> None:
        chance = random.Random(7)
        lines = ["".join(chance.choices(string.printable, k=60)) for _ in range(10_000)]
        text = "\n".join(line.replace("\n", " ").replace("\r", " ") for line in lines)
        verdicts = preview(text).verdicts
        assert {v.line_number for v in verdicts} >= set(range(1, 10_001))

    @pytest.mark.parametrize("line", ["x\n", "\r\n", f"{ONE} "])
    def test_refuses_more_than_fits_at_once(self, line: str) -> None:
        with pytest.raises(InputError, match="in parts; nothing was sent"):
            preview(line * 30_000)

    def test_refuses_more_albums_than_fit_at_once(self) -> None:
        text = "\n".join(f"{n:0>22}" for n in range(services.MOST_ALBUMS + 1))
        with pytest.raises(InputError, match="5,000 albums"):
            preview(text)

    @given(st.text(max_size=400))
    def test_never_fails_on_what_people_paste(self, text: str) -> None:
        for verdict in preview(text).verdicts:
            assert verdict.kind in KINDS
            assert bool(verdict.problem) != bool(verdict.album_id)


class TestPreview:
    def test_reads_new_albums_and_refreshes_known_ones(self) -> None:
        known = make_album()
        text = f"{ONE}\n{known.spotify_id}\n{ONE}"
        assert [v.line_number for v in preview(text).chosen] == [1, 2]
        assert [v.line_number for v in preview(text, refresh=False).chosen] == [1]
        assert len(preview(text, refresh=False).usable) == 2

    def test_counts_a_call_an_album_and_one_more_for_each_further_50_tracks(
        self,
    ) -> None:
        known = make_album(total_tracks=120)
        text = f"{ONE}\n{known.spotify_id}"
        assert preview(text).calls(with_features=False) == 1 + 3
        assert preview(text).calls(with_features=True) == 2 + 5
        assert preview(text, refresh=False).calls(with_features=False) == 1

    def test_costs_nothing_without_albums(self) -> None:
        assert preview("junk").calls(with_features=True) == 0
