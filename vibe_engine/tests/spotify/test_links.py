import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibe_engine.spotify.links import (
    ID_LENGTH,
    RAW_LENGTH,
    AlbumLink,
    LinkProblem,
    ProblemKind,
    find_album_links,
    parse_album_link,
)

ID = "4aawyAB9vmqN3uQ7FjRGTy"
OTHER = "1DFixLWuPkv3KT3TnV35m3"
BASE62 = string.ascii_letters + string.digits

spotify_ids = st.text(BASE62, min_size=ID_LENGTH, max_size=ID_LENGTH)
pages = st.builds(
    "{}{}{}/{}{}album/{{}}{}".format,
    st.sampled_from(["", "http://", "https://", "HTTPS://", "//"]),
    st.sampled_from(["", "www."]),
    st.sampled_from(["open.spotify.com", "play.spotify.com", "Open.Spotify.com"]),
    st.sampled_from(["", "intl-de/", "intl-pt-BR/", "intl-es-419/"]),
    st.sampled_from(["", "embed/", "user/joe.b-loggs/"]),
    st.sampled_from(["", "/", "?si=a1B2&dl_branch=1", "/?go=1", "#x", "&utm=1"]),
)


def kind_of(link: AlbumLink | LinkProblem) -> str:
    return "album" if isinstance(link, AlbumLink) else link.kind.value


class TestAlbumLinks:
    @given(page=pages, album_id=spotify_ids)
    def test_are_read_from_any_page_address(self, page: str, album_id: str) -> None:
        assert parse_album_link(page.format(album_id)) == AlbumLink(album_id)

    @given(album_id=spotify_ids)
    def test_are_read_from_uris_and_bare_ids(self, album_id: str) -> None:
        for text in (album_id, f"  {album_id}\t", f"spotify:album:{album_id}"):
            assert parse_album_link(text) == AlbumLink(album_id)

    @pytest.mark.parametrize(
        "text",
        [
            f"listen: https://open.spotify.com/album/{ID}, it is great",
            f"(https://open.spotify.com/album/{ID})",
            f"[Album](https://open.spotify.com/album/{ID}).",
            f'<iframe src="https://open.spotify.com/embed/album/{ID}?theme=0"></iframe>',
            f"1. {ID} - Discovery",
            f"“spotify:album:{ID}”!",
            f"\u200bhttps://open.spotify.com/album/{ID}\ufeff",
            f"name;year;https://open.spotify.com/album/{ID};2001",
            f"https://www.google.com/url?q=https://open.spotify.com/album/{ID}&sa=D",
            f"https://open.spotify.com:443/album/{ID}",
        ],
    )
    def test_are_found_amid_other_text(self, text: str) -> None:
        assert parse_album_link(text) == AlbumLink(ID)

    @given(
        before=st.text("abc xyz.,!?()äß\u202e\t", max_size=20),
        after=st.text("abc xyz.,!?()äß\u202e\t", max_size=20),
    )
    def test_are_found_between_any_words(self, before: str, after: str) -> None:
        line = f"{before} https://open.spotify.com/album/{ID} {after}"
        links = [found.link for found in find_album_links(line)]
        assert links == [AlbumLink(ID)]

    def test_are_read_from_further_hosts_where_these_are_named(self) -> None:
        text = f"http://127.0.0.1:8001/album/{ID}"
        assert kind_of(parse_album_link(text)) == "no_link"
        for host in ("127.0.0.1:8001", "http://127.0.0.1:8001", text[:22]):
            assert parse_album_link(text, extra_hosts=[host]) == AlbumLink(ID)
        other = f"http://127.0.0.1:8002/album/{ID}"
        assert kind_of(parse_album_link(other, extra_hosts=[text[:22]])) == "no_link"

    def test_win_over_problems_in_the_same_text(self) -> None:
        text = f"https://open.spotify.com/artist/{OTHER}\nspotify:album:{ID}"
        assert parse_album_link(text) == AlbumLink(ID)


class TestProblems:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            (f"https://open.spotify.com/playlist/{ID}", "a playlist"),
            (f"https://open.spotify.com/intl-de/track/{ID}?si=1", "a single track"),
            (f"https://open.spotify.com/embed/artist/{ID}", "an artist"),
            (f"https://open.spotify.com/user/joe/playlist/{ID}", "a playlist"),
            ("https://open.spotify.com/user/joe", "a person's profile"),
            (f"https://open.spotify.com/embed-podcast/episode/{ID}", "podcast"),
            (f"https://open.spotify.com/embed-podcast/album/{ID}", "podcast"),
            (f"spotify:track:{ID}", "a single track"),
            (f"spotify:user:joe:playlist:{ID}", "a playlist"),
            ("https://open.spotify.com/", "something else"),
            (f"https://open.spotify.com/concert/{ID}", "something else"),
            (
                f"https://open.spotify.com/track/{ID}?context=spotify:album:{OTHER}",
                "a single track",
            ),
        ],
    )
    def test_name_what_is_not_an_album(self, text: str, words: str) -> None:
        link = parse_album_link(text)
        assert isinstance(link, LinkProblem)
        assert link.kind is ProblemKind.NOT_ALBUM
        assert words in link.text

    @pytest.mark.parametrize(
        ("text", "count"),
        [
            (f"https://open.spotify.com/album/{ID[:-1]}", "21 characters"),
            (f"https://open.spotify.com/album/{ID}x?si={OTHER}", "23 characters"),
            ("https://open.spotify.com/album/x", "1 character;"),
            ("https://open.spotify.com/album/", "0 characters"),
            (f"spotify:album:{ID[:-2]}", "20 characters"),
            (f"https://open.spotify.com/album/{ID[:10]}-{ID[11:]}", "10 characters"),
            (ID[:-1], "21 characters"),
        ],
    )
    def test_count_the_characters_of_a_bad_id(self, text: str, count: str) -> None:
        link = parse_album_link(text)
        assert isinstance(link, LinkProblem)
        assert link.kind is ProblemKind.BAD_ID
        assert count in link.text
        assert "22 are wanted" in link.text

    @pytest.mark.parametrize(
        "text",
        [
            "https://spotify.link/aBcDeF",
            "spotify.app.link/xyz?_p=1",
            "https://www.spotify.link/aBcDeF",
            "https://spoti.fi/3abc",
        ],
    )
    def test_explain_short_links(self, text: str) -> None:
        link = parse_album_link(f"look {text}")
        assert isinstance(link, LinkProblem)
        assert link.kind is ProblemKind.SHORT_LINK
        assert "full address" in link.text

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "abc",
            "Discovery by Daft Punk",
            "the counterrevolutionaries are back",
            "call 0123456789012345678901 now",
            f"https://example.com/album/{ID}",
            f"https://example.com/open.spotify.com/album/{ID}",
            f"https://open.spotify.com.example.com/album/{ID}",
            f"https://notopen.spotify.com/album/{ID}",
            f"https://me@open.spotify.com/album/{ID}",
            f"someone@{ID}",
            f"https://example.com/?si={ID}",
        ],
    )
    def test_say_where_there_is_no_link(self, text: str) -> None:
        assert kind_of(parse_album_link(text)) == "no_link"


class TestFindAlbumLinks:
    def test_gives_a_verdict_per_link_and_per_line_without_any(self) -> None:
        text = (
            "My albums\r\n"
            "\r\n"
            f"https://open.spotify.com/album/{ID} and spotify:album:{OTHER}\r\n"
            "   \u200b \n"
            f"https://open.spotify.com/playlist/{ID} https://spotify.link/a\r"
            "end"
        )
        found = [(one.line_number, kind_of(one.link)) for one in find_album_links(text)]
        assert found == [
            (1, "no_link"),
            (3, "album"),
            (3, "album"),
            (5, "not_album"),
            (5, "short_link"),
            (6, "no_link"),
        ]

    def test_shows_the_link_or_else_the_line(self) -> None:
        text = f"see spotify:album:{ID} now\nnothing   to\tsee"
        raws = [found.raw for found in find_album_links(text)]
        assert raws == [f"spotify:album:{ID}", "nothing to see"]

    def test_separates_addresses_that_are_glued_together(self) -> None:
        text = (
            f"https://open.spotify.com/album/{ID}https://open.spotify.com/album/{OTHER}"
        )
        links = [found.link for found in find_album_links(text)]
        assert links == [AlbumLink(ID), AlbumLink(OTHER)]

    def test_shortens_what_it_shows(self) -> None:
        long_word, long_blank = "x" * 5000, "a" + " " * 5000 + "b"
        for text in (long_word, long_blank, "y" * 121):
            (found,) = find_album_links(text)
            assert found.raw.endswith("…")
            assert len(found.raw) <= RAW_LENGTH
        (found,) = find_album_links("z" * RAW_LENGTH)
        assert found.raw == "z" * RAW_LENGTH

    def test_shows_no_control_characters(self) -> None:
        (found,) = find_album_links("a\x00b\x1b[31mc\u202ed\x07")
        assert found.raw.isprintable()
        assert found.raw == "ab[31mcd"

    @given(text=st.text(max_size=400))
    def test_has_a_verdict_for_every_line_with_content(self, text: str) -> None:
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        wanted = {
            number
            for number, line in enumerate(lines, start=1)
            if any(c.isprintable() and not c.isspace() for c in line)
        }
        found = find_album_links(text)
        assert wanted <= {one.line_number for one in found}
        assert all(one.raw.isprintable() for one in found)
        assert all(len(one.raw) <= RAW_LENGTH for one in found)

    @given(
        text=st.lists(
            st.sampled_from(
                ["spotify:", "album", ":", "/", "https://", "open.spotify.com", ID, "?"]
            )
            | st.text(max_size=3)
        ).map("".join)
    )
    def test_yields_nothing_but_whole_ids(self, text: str) -> None:
        for found in find_album_links(text):
            if isinstance(found.link, AlbumLink):
                assert len(found.link.album_id) == ID_LENGTH
                assert found.link.album_id in text

    @pytest.mark.parametrize(
        "piece",
        [
            "a",
            " ",
            "/",
            "=",
            ".",
            "://",
            "https://",
            "spotify:",
            "spotify:user:",
            "spotify:album:",
            "open.spotify.com/",
            "open.spotify.com/intl-",
            "https://open.spotify.com/user/",
            "www.",
            f"{ID} ",
            f"{ID}",
        ],
    )
    def test_takes_a_megabyte_in_one_line(self, piece: str) -> None:
        line = piece * (1_000_000 // len(piece))
        assert len(find_album_links(line)) <= len(line) / ID_LENGTH

    def test_takes_ten_thousand_lines_of_junk(self) -> None:
        dice = random.Random(5)
        letters = string.printable.replace("\n", "").replace("\r", "") + "äé漢\u202e😀"
        lines = ["#" + "".join(dice.choices(letters, k=80)) for _ in range(10_000)]
        found = find_album_links("\n".join(lines))
        assert [one.line_number for one in found] == list(range(1, 10_001))
