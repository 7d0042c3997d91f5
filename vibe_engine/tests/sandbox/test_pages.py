import re
from typing import Any

import pytest
import requests

from vibe_engine.tests.sandbox.running import (
    Account,
    RunningSandbox,
    running_sandbox,
)

UNKNOWN_ID = "0000000000000000000000"


def look(local: RunningSandbox, path: str) -> requests.Response:
    return local.session.get(f"{local.url}/{path}", timeout=9)


@pytest.fixture
def playlist(local: RunningSandbox, account: Account) -> dict[str, Any]:
    created = account.create("Rock & Roll <001>", description="Always <i>true</i>")
    body = {"uris": local.track_uris(60)[:50]}
    account.ask("PUT", f"playlists/{created['id']}/items", json=body)
    return created


class TestPage:
    @pytest.mark.parametrize("path", ["", "browse", "browse?page=3", "user/late-shift"])
    def test_allows_no_scripts_and_no_other_hosts(
        self, local: RunningSandbox, path: str
    ) -> None:
        page = look(local, path)
        assert page.status_code == 200
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        assert "<script" not in page.text
        assert "style=" not in page.text

    @pytest.mark.parametrize(
        "path",
        [f"{kind}/{UNKNOWN_ID}" for kind in ("album", "artist", "playlist", "track")]
        + ["user/nobody", "nothing", "album/<b>"],
    )
    def test_says_what_is_not_there(self, local: RunningSandbox, path: str) -> None:
        page = look(local, path)
        assert page.status_code == 404
        assert "<b>" not in page.text

    def test_links_back_to_the_product(self) -> None:
        with running_sandbox(product_url="http://127.0.0.1:8000/") as sandbox:
            assert 'href="http://127.0.0.1:8000/"' in look(sandbox, "").text

    def test_is_what_every_external_url_opens(
        self, local: RunningSandbox, account: Account, playlist: dict[str, Any]
    ) -> None:
        row = account.get(f"playlists/{playlist['id']}")["items"]["items"][0]
        track = row["item"]
        for thing in (playlist, track, track["album"], track["artists"][0]):
            address = thing["external_urls"]["spotify"]
            assert local.session.get(address, timeout=9).status_code == 200


class TestBrowsePage:
    def test_offers_links_that_can_be_copied(self, local: RunningSandbox) -> None:
        page = look(local, "browse?page=2").text
        area = re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)
        assert area is not None
        assert area[1].split("\n") == [
            f"https://open.spotify.com/album/{album['id']}"
            for album in local.albums(48)[24:]
        ]

    @pytest.mark.parametrize("page", ["0", "-3", "x", "99999", ""])
    def test_survives_any_page_number(self, local: RunningSandbox, page: str) -> None:
        assert look(local, f"browse?page={page}").status_code == 200


class TestAlbumPage:
    def test_lists_every_track(self, local: RunningSandbox) -> None:
        box = next(album for album in local.albums() if album["total_tracks"] > 50)
        page = look(local, f"album/{box['id']}").text
        assert page.count("<tr id=") == box["total_tracks"]

    def test_escapes_hostile_names(self, local: RunningSandbox) -> None:
        odd = next(album for album in local.albums() if album["is_odd"])
        page = look(local, f"album/{odd['id']}")
        assert page.status_code == 200
        assert "<script" not in page.text
        assert "<b>words" not in page.text
        assert "<img src=x" not in page.text

    def test_is_where_a_tracks_link_leads(self, local: RunningSandbox) -> None:
        track_id = local.track_uris(1)[0].rpartition(":")[2]
        page = look(local, f"track/{track_id}")
        assert page.url.endswith(f"/album/{local.albums(1)[0]['id']}#{track_id}")

    def test_shows_invented_albums_in_the_demo(self) -> None:
        with running_sandbox(is_demo=True) as sandbox:
            assert "(invented)" in look(sandbox, f"album/{UNKNOWN_ID}").text


class TestPlaylistPage:
    def test_shows_what_arrived_in_order(
        self, local: RunningSandbox, playlist: dict[str, Any]
    ) -> None:
        page = look(local, f"playlist/{playlist['id']}").text
        ids = re.findall(r'<tr id="(\w+)">', page)
        assert [f"spotify:track:{each}" for each in ids] == local.track_uris(60)[:50]
        assert "Rock &amp; Roll &lt;001&gt;" in page
        assert "Always &lt;i&gt;true&lt;/i&gt;" in page
        assert "Harbour Radio" in page

    def test_says_that_it_was_deleted(
        self, local: RunningSandbox, playlist: dict[str, Any]
    ) -> None:
        local.control("POST", f"playlists/{playlist['id']}/edit", followed=False)
        assert "deleted" in look(local, f"playlist/{playlist['id']}").text
        assert playlist["id"] not in look(local, "user/harbour-radio").text

    def test_shows_tracks_that_are_not_there_any_more(
        self, local: RunningSandbox, playlist: dict[str, Any]
    ) -> None:
        path = f"playlists/{playlist['id']}/edit"
        local.control("POST", path, items=[f"spotify:track:{UNKNOWN_ID}"])
        page = look(local, f"playlist/{playlist['id']}")
        assert "No longer available" in page.text


class TestPicture:
    def test_is_what_every_image_url_opens(
        self, local: RunningSandbox, account: Account, playlist: dict[str, Any]
    ) -> None:
        shown = account.get(f"playlists/{playlist['id']}")
        album = shown["items"]["items"][0]["item"]["album"]
        for thing in (shown, album, account.get("me")):
            for image in thing["images"]:
                picture = local.session.get(image["url"], timeout=9)
                assert picture.headers["Content-Type"].startswith("image/svg+xml")
                assert f'width="{image["width"]}"' in picture.text

    def test_may_be_kept_unless_it_changes(
        self, local: RunningSandbox, playlist: dict[str, Any]
    ) -> None:
        cover = look(local, f"images/album/300/{UNKNOWN_ID}.svg")
        mosaic = look(local, f"images/playlist/300/{playlist['id']}.svg")
        assert cover.headers["Cache-Control"] == "public, max-age=86400"
        assert mosaic.headers["Cache-Control"] == "public, max-age=0"

    def test_runs_nothing_when_opened_alone(self, local: RunningSandbox) -> None:
        cover = look(local, f"images/album/300/{UNKNOWN_ID}.svg")
        assert "default-src 'none'" in cover.headers["Content-Security-Policy"]
