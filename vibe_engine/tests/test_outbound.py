"""Posting to typed addresses: what is let through, and what never is."""

import socket
from collections.abc import Callable
from typing import Any

import pytest

from vibe_engine import outbound
from vibe_engine.errors import InputError, TransientError, VibeError
from vibe_engine.outbound import Allowed
from vibe_engine.testing.receivers import web_receiver

HERE = Allowed.of(["localhost", "127.0.0.0/8"], plain_on_loopback=True)
PUBLIC = Allowed.of(
    ["hooks.example.org", "*.chat.example.org"], plain_on_loopback=False
)


@pytest.fixture
def name_server(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let every name stand for these addresses."""

    def answer(*addresses: str) -> None:
        def look_up(host: str, port: int, *args: Any, **kwargs: Any) -> list[Any]:
            kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
            return [(*kind, (address, port)) for address in addresses]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)

    return answer


def post(url: str, allowed: Allowed = HERE) -> int:
    return outbound.post(url, body=b"{}", headers={}, allowed=allowed)


class TestCheck:
    @pytest.mark.parametrize(
        "url",
        [
            "https://hooks.example.org/a?b=c",
            "https://HOOKS.example.org.:8443/",
            "https://team.chat.example.org/x",
        ],
    )
    def test_lets_hosts_of_the_list_pass(self, url: str) -> None:
        assert outbound.check(url, allowed=PUBLIC).scheme == "https"

    @pytest.mark.parametrize(
        "url",
        [
            "http://hooks.example.org/",
            "https://evil.example/",
            "https://hooks.example.org.evil.example/",
            "https://chat.example.org/",
            "https://evilchat.example.org/",
            "https://hooks.example.org@evil.example/",
            "https://user:pass@hooks.example.org/",
            "https://evil.example\\@hooks.example.org/",
            "https://hooks.example.org/#x",
            "https://hooks.example.org:0/",
            "https://hooks.example.org:99999/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://hooks.example.org/\r\nX-Evil: 1",
            "https://hooks.exa mple.org/",
            "https://höoks.example.org/",
            "file:///etc/passwd",
            "gopher://hooks.example.org/",
            "//hooks.example.org/",
            "hooks.example.org",
            "",
            "https://hooks.example.org/" + "a" * 1_000,
        ],
    )
    def test_refuses_everything_else(self, url: str) -> None:
        with pytest.raises(InputError):
            outbound.check(url, allowed=PUBLIC)

    def test_lets_plain_http_pass_on_this_machine_alone(self) -> None:
        assert outbound.check("http://localhost:9/", allowed=HERE).port == 9
        live = Allowed.of(["localhost", "127.0.0.0/8"], plain_on_loopback=False)
        for address in ("http://localhost/", "http://127.0.0.1/"):
            with pytest.raises(InputError, match="https"):
                outbound.check(address, allowed=live)

    def test_tells_neither_path_nor_query(self) -> None:
        with pytest.raises(InputError) as caught:
            outbound.check("https://evil.example/s3cret?t=s3cret", allowed=PUBLIC)
        assert "s3cret" not in str(caught.value)


class TestPost:
    def test_reaches_a_receiver_under_the_name_that_was_typed(self) -> None:
        with web_receiver() as receiver:
            url = f"http://localhost:{receiver.port}/a?b=1"
            assert post(url) == 204
        ((path, headers, body),) = receiver.got
        assert (path, headers["Host"], body) == (
            "/a?b=1",
            f"localhost:{receiver.port}",
            b"{}",
        )

    def test_follows_no_redirect(self) -> None:
        with web_receiver() as target, web_receiver() as receiver:
            receiver.status, receiver.headers = 307, {"Location": target.url}
            with pytest.raises(VibeError, match="redirects"):
                post(receiver.url)
            assert target.got == []

    def test_says_when_nobody_listens(self) -> None:
        with web_receiver() as receiver:
            url = receiver.url
        with pytest.raises(TransientError, match="cannot be reached"):
            post(url)

    @pytest.mark.parametrize(
        "address",
        [
            "10.0.0.5",
            "192.168.1.1",
            "169.254.169.254",
            "127.0.0.1",
            "0.0.0.0",  # noqa: S104
            "100.64.0.1",
            "224.0.0.1",
            "::1",
            "fe80::1",
            "fd00::1",
            "::ffff:10.0.0.5",
            "64:ff9b::a00:5",
            "2002:a00:5::",
        ],
    )
    def test_refuses_names_that_stand_for_inner_addresses(
        self, address: str, name_server: Callable[..., None]
    ) -> None:
        name_server(address)
        with pytest.raises(InputError, match="not public"):
            post("https://hooks.example.org/", PUBLIC)

    def test_refuses_a_name_of_which_one_address_is_an_inner_one(
        self, name_server: Callable[..., None]
    ) -> None:
        name_server("93.184.216.34", "10.0.0.5")
        with pytest.raises(InputError, match="not public"):
            post("https://hooks.example.org/", PUBLIC)

    def test_goes_to_an_inner_address_that_a_network_of_the_list_holds(
        self, name_server: Callable[..., None]
    ) -> None:
        with web_receiver() as receiver:
            name_server("127.0.0.1")
            inner = Allowed.of(
                ["hooks.internal", "127.0.0.0/8"], plain_on_loopback=True
            )
            with pytest.raises(TransientError, match="speaks no TLS"):
                post(f"https://hooks.internal:{receiver.port}/", inner)
            assert receiver.got == [], "it speaks no TLS"

    def test_asks_the_name_server_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        asked: list[str] = []
        real = socket.getaddrinfo

        def once(host: str, *args: Any, **kwargs: Any) -> Any:
            asked.append(host)
            return real(host, *args, **kwargs)

        monkeypatch.setattr(socket, "getaddrinfo", once)
        with web_receiver() as receiver:
            post(f"http://localhost:{receiver.port}/")
        assert [host for host in asked if host == "localhost"] == ["localhost"]

    def test_takes_nothing_from_the_environment(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        monkeypatch.setenv("NO_PROXY", "")
        with web_receiver() as receiver:
            assert post(receiver.url) == 204
