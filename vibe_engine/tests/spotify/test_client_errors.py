import contextlib
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vibe_engine.spotify import errors
from vibe_engine.spotify.client import SpotifyClient
from vibe_engine.spotify.errors import SpotifyError
from vibe_engine.tests.spotify import bodies
from vibe_engine.tests.spotify.calls import CALLS, WITHOUT_ANSWER, every_call
from vibe_engine.tests.spotify.conftest import NotedGate
from vibe_engine.tests.spotify.scripted import ScriptedServer, raw, reply

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "id", "items", "message", "reason"]), inner
        )
    ),
)


class TestErrors:
    @every_call
    @pytest.mark.parametrize(
        ("answer", "expected", "ambiguous"),
        [
            (reply(400, bodies.error(400, "Bad")), errors.BadRequestError, False),
            (reply(403, bodies.error(403)), errors.EndpointClosedError, False),
            (
                reply(400, bodies.error(400, "Playlist limit reached")),
                errors.PlaylistLimitError,
                False,
            ),
            (reply(404, "gone"), errors.NotFoundError, False),
            (reply(429, "slow down"), errors.RateLimitedError, False),
            (reply(500, {"error": "oops"}), errors.UnavailableError, True),
            (reply(502, "<html>Bad Gateway</html>"), errors.UnavailableError, True),
            (reply(503), errors.UnavailableError, True),
            (reply(302, Location="/x"), errors.BadResponseError, True),
            (reply(200, "<html>Sign in</html>"), errors.BadResponseError, True),
            (reply(200, '{"id": "4aaw'), errors.BadResponseError, True),
            (reply(200, b"[" * 100_000), errors.BadResponseError, True),
            (reply(200, b"1" * 5000), errors.BadResponseError, True),
            (reply(200, b"\xff\xfe\x00"), errors.BadResponseError, True),
            (raw(b""), errors.UnavailableError, True),
        ],
        ids=lambda value: getattr(value, "__name__", None),
    )
    def test_are_ours_after_exactly_one_request(
        self,
        server: ScriptedServer,
        spotify: SpotifyClient,
        gate: NotedGate,
        *,
        name: str,
        answer: Any,
        expected: type[SpotifyError],
        ambiguous: bool,
    ) -> None:
        group, call = CALLS[name]
        server.will(answer)
        with pytest.raises(expected) as caught:
            call(spotify)
        assert caught.value.ambiguous is ambiguous
        assert len(server.seen) == 1
        assert gate.entered == [group]
        assert gate.left == [caught.value]

    @every_call
    @pytest.mark.parametrize(
        "answer", [reply(204), reply(200, []), reply(200, "null"), reply(201, '"x"')]
    )
    def test_come_of_an_answer_without_the_thing_asked_for(
        self, server: ScriptedServer, spotify: SpotifyClient, name: str, answer: Any
    ) -> None:
        server.will(answer)
        if name in WITHOUT_ANSWER:
            CALLS[name][1](spotify)
            return
        with pytest.raises(errors.BadResponseError):
            CALLS[name][1](spotify)

    @pytest.mark.parametrize(
        ("body", "headers", "expected"),
        [
            (
                bodies.error(403, "Insufficient client scope"),
                {},
                errors.InsufficientScopeError,
            ),
            (
                bodies.error(403, "Forbidden"),
                {"WWW_Authenticate": 'Bearer error="insufficient_scope"'},
                errors.InsufficientScopeError,
            ),
            (
                "User not registered in the Developer Dashboard",
                {},
                errors.UserNotRegisteredError,
            ),
            (
                bodies.error(403, "User not registered in the Developer Dashboard"),
                {},
                errors.UserNotRegisteredError,
            ),
            (
                "Active premium subscription required for the owner of the app.",
                {},
                errors.PremiumRequiredError,
            ),
            (
                bodies.error(
                    403, "Active premium subscription required for the owner of the app"
                ),
                {},
                errors.PremiumRequiredError,
            ),
            (bodies.error(403, "Forbidden"), {}, errors.EndpointClosedError),
            ({"error": {"status": 403}}, {}, errors.EndpointClosedError),
            ("", {}, errors.EndpointClosedError),
            ("<html>no</html>", {}, errors.EndpointClosedError),
            ({"error": "Forbidden"}, {}, errors.EndpointClosedError),
            ([], {}, errors.EndpointClosedError),
            (bodies.error(403, "Not on a Sunday"), {}, errors.BadRequestError),
        ],
    )
    def test_of_status_403_go_by_their_words(
        self,
        server: ScriptedServer,
        spotify: SpotifyClient,
        body: object,
        headers: dict[str, str],
        expected: type[SpotifyError],
    ) -> None:
        server.will(reply(403, body, **headers))
        with pytest.raises(SpotifyError) as caught:
            spotify.me()
        assert type(caught.value) is expected
        assert caught.value.status == 403

    def test_of_a_quota_keep_reason_and_wait(
        self, server: ScriptedServer, spotify: SpotifyClient
    ) -> None:
        body = bodies.error(429, "Too many requests", reason="QUOTA_EXCEEDED")
        server.will(reply(429, body, Retry_After="86207"))
        with pytest.raises(errors.RateLimitedError, match="quota") as caught:
            spotify.me()
        assert caught.value.is_quota
        assert caught.value.reason == "QUOTA_EXCEEDED"
        assert caught.value.retry_after_s == 86207

    def test_of_the_rate_may_name_no_wait(
        self, server: ScriptedServer, spotify: SpotifyClient
    ) -> None:
        server.will(reply(429, bodies.error(429, "API rate limit exceeded")))
        with pytest.raises(errors.RateLimitedError, match="fewer requests") as caught:
            spotify.me()
        assert not caught.value.is_quota
        assert caught.value.reason == ""
        assert caught.value.retry_after_s is None

    def test_count_a_date_from_the_answers_own_date(
        self, server: ScriptedServer, spotify: SpotifyClient
    ) -> None:
        server.will(
            raw(
                b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n"
                b"Date: Sun, 22 Nov 2026 10:00:00 GMT\r\n"
                b"Retry-After: Sun, 22 Nov 2026 10:05:00 GMT\r\n\r\n"
            )
        )
        with pytest.raises(errors.UnavailableError) as caught:
            spotify.me()
        assert caught.value.retry_after_s == 300

    def test_show_spotifys_words_on_one_short_line(
        self, server: ScriptedServer, spotify: SpotifyClient
    ) -> None:
        server.will(
            reply(400, bodies.error(400, "Invalid\n\x1b[31m limit " + "x" * 999))
        )
        with pytest.raises(errors.BadRequestError) as caught:
            spotify.me()
        text = str(caught.value)
        assert "Spotify says: Invalid [31m limit xxx" in text
        assert text.isprintable()
        assert len(text) < 300

    @settings(
        max_examples=300,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        status=st.integers(200, 599) | st.sampled_from([200, 201, 403, 429]),
        body=st.binary(max_size=50) | st.text(max_size=50) | json_values,
        name=st.sampled_from(list(CALLS)),
    )
    def test_are_all_that_any_answer_can_cause(
        self,
        server: ScriptedServer,
        spotify: SpotifyClient,
        status: int,
        body: object,
        name: str,
    ) -> None:
        server.will(reply(status, b"" if status in (204, 304) else body))
        with contextlib.suppress(SpotifyError):
            CALLS[name][1](spotify)
