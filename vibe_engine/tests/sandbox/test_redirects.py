import pytest

from vibe_engine.sandbox.redirects import redirect_problem, with_query


class TestRedirectProblem:
    @pytest.mark.parametrize(
        "uri",
        [
            "https://vibe.example.com/callback",
            "http://127.0.0.1:8000/callback",
            "http://127.0.0.1/callback",
            "http://[::1]:8000/callback",
        ],
    )
    def test_finds_none_with_secure_and_loopback_uris(self, uri: str) -> None:
        assert redirect_problem(uri, []) == ""

    @pytest.mark.parametrize(
        ("uri", "problem"),
        [
            ("http://localhost:8000/callback", "Insecure redirect URI"),
            ("http://vibe.example.com/callback", "Insecure redirect URI"),
            ("http://127.0.0.2/callback", "Insecure redirect URI"),
            ("javascript:alert(1)", "Invalid redirect URI"),
            ("https://a.example.com/#part", "Invalid redirect URI"),
            ("https://a;script-src/x", "Invalid redirect URI"),
            ("https://name@example.com/", "Invalid redirect URI"),
            ("https://example.com:99999/", "Invalid redirect URI"),
            ("", "Invalid redirect URI"),
        ],
    )
    def test_finds_one_with_the_rest(self, uri: str, problem: str) -> None:
        assert redirect_problem(uri, []) == problem

    @pytest.mark.parametrize(
        "uri",
        [
            "https://vibe.example.com/callback/",
            "https://vibe.example.com/Callback",
            "https://vibe.example.com:443/callback",
            "https://other.example.com/callback",
        ],
    )
    def test_wants_a_registered_uri_to_the_letter(self, uri: str) -> None:
        registered = ["https://vibe.example.com/callback"]
        assert redirect_problem(uri, registered) == "Invalid redirect URI"

    def test_lets_a_loopback_uri_choose_its_port(self) -> None:
        registered = ["http://127.0.0.1/callback"]
        assert redirect_problem("http://127.0.0.1:4711/callback", registered) == ""

    def test_holds_a_loopback_uri_to_its_registered_port(self) -> None:
        registered = ["http://127.0.0.1:8000/callback"]
        assert redirect_problem("http://127.0.0.1:4711/callback", registered) != ""


class TestWithQuery:
    def test_keeps_the_query_that_is_there(self) -> None:
        assert with_query("https://a.example/b?c=d", code="e f") == (
            "https://a.example/b?c=d&code=e+f"
        )

    def test_leaves_empty_values_out(self) -> None:
        assert with_query("https://a.example/b", code="x", state="") == (
            "https://a.example/b?code=x"
        )
