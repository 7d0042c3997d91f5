"""Whatever Spotify answers, one of our errors or something storable comes out."""

import contextlib
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibe_engine.spotify import oauth
from vibe_engine.spotify.client import SpotifyClient
from vibe_engine.spotify.errors import RateLimitedError, SpotifyError
from vibe_engine.spotify.retry_after import CAP_S, FLOOR_S, parse_retry_after
from vibe_engine.tests.spotify.calls import CALLS
from vibe_engine.tests.spotify.conftest import NotedGate, Tokens
from vibe_engine.tests.spotify.fuzzed import (
    EXAMPLES,
    GOOD_BODIES,
    answers,
    assert_storable,
    header_texts,
    quickly,
)
from vibe_engine.tests.spotify.scripted import Answer, ScriptedServer, reply

SENT = datetime(2026, 11, 22, 10, tzinfo=UTC)
moments = st.integers(-(10**6), 10**6).map(
    lambda seconds: format_datetime(SENT + timedelta(seconds=seconds), usegmt=True)
)
waits = st.one_of(
    st.none(),
    header_texts,
    moments,
    st.integers().map(str),
    st.floats().map(str),
    st.lists(st.integers().map(str) | moments | st.text(max_size=5)).map(", ".join),
    st.text(),
)


class TestAnyRetryAfter:
    @quickly(EXAMPLES)
    @given(value=waits, date=st.none() | moments | st.text(max_size=30))
    def test_gives_a_wait_in_bounds_or_none(
        self, value: str | None, date: str | None
    ) -> None:
        wait_s = parse_retry_after(value, date=date)
        assert wait_s is None or FLOOR_S <= wait_s <= CAP_S

    @quickly(EXAMPLES // 10)
    @given(value=header_texts)
    def test_comes_through_the_client_as_a_rate_limit(
        self, server: ScriptedServer, value: str
    ) -> None:
        server.will(reply(429, Retry_After=value))
        with make_client(server) as spotify, pytest.raises(RateLimitedError) as caught:
            spotify.me()
        wait_s = caught.value.retry_after_s
        assert wait_s is None or FLOOR_S <= wait_s <= CAP_S


class TestAnyAnswer:
    @pytest.mark.parametrize("name", CALLS)
    def test_of_the_web_api_ends_in_one_of_our_errors_or_in_something_storable(
        self, server: ScriptedServer, name: str
    ) -> None:
        @quickly(EXAMPLES // len(CALLS))
        @given(answer=answers(GOOD_BODIES[name]))
        def meets(answer: Answer) -> None:
            server.script.answers[:] = [answer] * 3
            with make_client(server) as spotify, contextlib.suppress(SpotifyError):
                assert_storable(CALLS[name][1](spotify))

        meets()

    def test_of_the_token_endpoint_does_so_as_well(
        self, server: ScriptedServer
    ) -> None:
        @quickly(EXAMPLES // len(CALLS))
        @given(answer=answers(GOOD_BODIES["token"]))
        def meets(answer: Answer) -> None:
            server.script.answers[:] = [answer]
            with contextlib.suppress(SpotifyError):
                assert_storable(
                    oauth.refresh(
                        accounts_url=server.url,
                        app=oauth.App("client", "secret"),
                        refresh_token="AQ-refresh",
                    )
                )

        meets()


def make_client(server: ScriptedServer) -> SpotifyClient:
    return SpotifyClient(
        api_url=f"{server.url}v1/", tokens=Tokens(), gate=NotedGate(), deadline_s=5
    )
