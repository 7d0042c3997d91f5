"""Ten thousand lines of junk in the form that takes albums in."""

import html
import random
import re
import uuid

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.tests.factories import connect_account
from automation.models import Run
from tests.markup import Markup, hostile_names
from vibe_engine.spotify.links import RAW_LENGTH
from vibe_engine.testing.sandbox import SandboxControl

LINES = 10_000
MEGABYTE = 1_000_000
PIECES = (
    *(name for name in hostile_names("line") if name.strip()),
    "https://open.spotify.com/album/",
    "https://open.spotify.com/album/tooshort",
    "https://open.spotify.com/track/4aawyAB9vmqN3uQ7FjRGTy",
    "https://open.spotify.com/album/../../etc/passwd",
    "https://open.spotify.com.evil.example/album/4aawyAB9vmqN3uQ7FjRGTy",
    "https://user@evil.example/https:/open.spotify.com/playlist/x",
    "spotify:album:",
    "spotify:artist:0OdUWJ0sBjDrqHygGUXeCF",
    "spotify.link/abcDEF",
    "http://[::1/album",
    "javascript:alert('owned')",
    "'; DROP TABLE albums; --",
    "%00%0d%0aSet-Cookie:owned=1",
    "(a+)+$" * 20,
    "/" * 300,
    "ﷺ" * 40,
)

pytestmark = pytest.mark.django_db


def junk(lines: int, *, seed: int = 1) -> str:
    """Return lines of pieces, noise and bytes; none of them names an album."""
    chance = random.Random(seed)
    return "\n".join(_junk_line(chance) for _ in range(lines))


def _junk_line(chance: random.Random) -> str:
    kind = chance.randrange(4)
    if kind == 0:
        return "".join(chance.choices(PIECES, k=chance.randint(1, 3)))
    if kind == 1:
        return "x" + bytes(chance.choices(range(256), k=40)).decode(
            "latin-1"
        ).translate({0: "?", 10: "?", 13: "?"})
    if kind == 2:
        points = (
            chance.choice((0x60, 0x370, 0x600, 0x4E00, 0x1F300)) for _ in "x" * 12
        )
        return "".join(chr(point + chance.randrange(24)) for point in points)
    return "~" + chance.choice("<>&\"'/:?#[]@!$()*+,;= ") * chance.randint(1, 400)


def post(
    client: Client, text: str, *, address: str = "ingest", send: bool = False
) -> HttpResponse:
    """Paste a text; with `send` press the button that reads the albums."""
    form = {"text": text, "key": uuid.uuid4().hex}
    if send:
        form["action"] = "send"
    return client.post(reverse(f"library:{address}"), form)  # type: ignore[return-value]


def judged_lines(response: HttpResponse) -> list[int]:
    """Return the line numbers of the verdicts, in their order."""
    numbers = re.findall(
        r'<span class="number">(\d+)</span>', response.content.decode()
    )
    return [int(number) for number in numbers]


class TestJunk:
    @pytest.mark.parametrize("address", ["ingest", "preview"])
    def test_gets_a_verdict_for_each_line_and_asks_spotify_nothing(
        self, address: str, operator: Client, sandbox: SandboxControl
    ) -> None:
        connect_account(sandbox)
        sandbox.mark()
        response = post(operator, junk(LINES), address=address)
        assert response.status_code == 200
        assert set(judged_lines(response)) == set(range(1, LINES + 1))
        assert b"will be read" not in response.content
        assert sandbox.log(api_only=False) == []

    def test_is_shown_as_text(self, operator: Client) -> None:
        page = Markup(post(operator, junk(LINES)).content.decode())
        assert len(page.elements) > LINES
        assert list(page.intruders()) == []

    def test_is_not_sent(self, operator: Client, sandbox: SandboxControl) -> None:
        connect_account(sandbox)
        sandbox.mark()
        response = post(operator, junk(LINES), send=True)
        assert response.status_code == 422
        assert "No album link was found; nothing was sent." in response.content.decode()
        assert not Run.objects.exists()
        assert sandbox.log(api_only=False) == []

    def test_does_not_hide_the_albums_in_it(
        self, operator: Client, sandbox: SandboxControl
    ) -> None:
        connect_account(sandbox)
        sandbox.mark()
        lines = junk(LINES).split("\n")
        wanted = [album["id"] for album in sandbox.catalogue(limit=3)]
        for number, album_id in zip((0, 5_000, LINES), wanted, strict=True):
            lines.insert(number, f"https://open.spotify.com/album/{album_id}?si=1")
        response = post(operator, "\n".join(lines), send=True)
        (bulk,) = Run.objects.filter(is_bulk=True)
        assert response.headers["Location"] == bulk.get_absolute_url()
        read = bulk.children.values_list("arguments__album", flat=True)
        assert sorted(read) == sorted(wanted)
        assert sandbox.log() == []

    @pytest.mark.parametrize(
        "line",
        ["a", "<", "spotify:", "spotify.com/album/", "é", "a.b@c/", "\u202e"],
    )
    def test_may_be_a_line_of_a_megabyte(self, line: str, operator: Client) -> None:
        words = line * (MEGABYTE // len(line.encode()))
        response = post(operator, f"x {words}\nanother line")
        assert response.status_code == 200
        assert set(judged_lines(response)) == {1, 2}
        shown = re.findall(r"<code>(.*?)</code>", response.content.decode())
        assert max(len(html.unescape(raw)) for raw in shown) <= RAW_LENGTH

    def test_is_refused_in_a_sentence_where_it_is_too_much(
        self, operator: Client
    ) -> None:
        response = post(operator, "https://open.spotify.com/" * 30_000)
        assert response.status_code == 422
        assert "At most 20,000 links fit at once" in response.content.decode()
