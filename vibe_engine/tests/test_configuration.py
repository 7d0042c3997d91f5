"""Which values the settings take, and which they refuse."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from vibe_engine import configuration


class TestSpotifyAddress:
    def test_is_one_of_spotify(self) -> None:
        url = "https://api.spotify.com/v1/"
        assert configuration.spotify_address("SPOTIFY_API_URL", url) == url

    @pytest.mark.parametrize(
        "url",
        [
            "http://127.0.0.1:8001/v1/",
            "https://127.0.0.2/v1/",
            "https://localhost/v1/",
            "https://sandbox.localhost/v1/",
            "https://[::1]/v1/",
            "https://0.0.0.0/v1/",
            "http://api.spotify.com/v1/",
        ],
    )
    def test_is_neither_this_machine_nor_unencrypted(self, url: str) -> None:
        with pytest.raises(ImproperlyConfigured, match="SPOTIFY_API_URL"):
            configuration.spotify_address("SPOTIFY_API_URL", url)


class TestPageAddress:
    @pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "https://vibe.example"])
    def test_has_a_scheme_and_a_host(self, url: str) -> None:
        assert configuration.page_address("PUBLIC_BASE_URL", url) == url

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "vibe.example",
            "//a.example",
            "ftp://a",
            "https://",
            "https://[a",
            "http://a:x",
        ],
    )
    def test_is_nothing_else(self, url: str) -> None:
        with pytest.raises(ImproperlyConfigured, match="PUBLIC_BASE_URL"):
            configuration.page_address("PUBLIC_BASE_URL", url)


class TestPortNumber:
    def test_leaves_room_for_the_sandbox(self) -> None:
        assert configuration.port_number("65534") == 65_534

    @pytest.mark.parametrize("text", ["0", "65535", "-1", "8e3", "٣", "", "9" * 5_000])
    def test_is_a_port(self, text: str) -> None:
        with pytest.raises(ImproperlyConfigured, match="PORT must be a number"):
            configuration.port_number(text)


class TestWritableFolder:
    def test_is_made(self, tmp_path: Path) -> None:
        assert configuration.writable_folder(tmp_path / "a" / "b").is_dir()

    def test_says_why_it_cannot_be(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(ImproperlyConfigured, match="Not a directory"):
            configuration.writable_folder(tmp_path / "file" / "var")


class TestLogLevel:
    def test_is_written_large_or_small(self) -> None:
        assert configuration.log_level("debug") == "DEBUG"


class TestSeconds:
    @pytest.mark.parametrize("text", ["0.5", "2", "86400"])
    def test_is_a_length_of_time(self, text: str) -> None:
        assert configuration.seconds("RUN_LEASE_S", text) == float(text)

    @pytest.mark.parametrize("text", ["", "0", "-1", "soon", "1e3", "86401", "٣"])
    def test_is_nothing_else(self, text: str) -> None:
        with pytest.raises(ImproperlyConfigured, match="RUN_LEASE_S"):
            configuration.seconds("RUN_LEASE_S", text)


class TestIncreasing:
    def test_takes_times_that_grow(self) -> None:
        configuration.increasing({"CALL_LEASE_S": 45.0, "RUN_LEASE_S": 120.0})

    @pytest.mark.parametrize("lease_s", [45.0, 10.0])
    def test_refuses_a_lease_no_longer_than_what_a_call_needs(
        self, lease_s: float
    ) -> None:
        with pytest.raises(ImproperlyConfigured, match=r"RUN_LEASE_S .* CALL_LEASE_S"):
            configuration.increasing({"CALL_LEASE_S": 45.0, "RUN_LEASE_S": lease_s})
