"""Answers as no server should give them, for properties over many."""

import gzip
import json
import os
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from vibe_engine.tests.spotify import bodies
from vibe_engine.tests.spotify.scripted import Answer, Handler

EXAMPLES = 10_000 if os.environ.get("VIBE_STORM") == "1" else 1_000
"""Strings and bodies in all; the storm looks at ten times as many."""

GOOD_BODIES: dict[str, object] = {
    "me": bodies.profile(),
    "album": bodies.album(bodies.track(), bodies.track(2)),
    "audio_features": {"audio_features": [bodies.features(), None]},
    "create_playlist": bodies.playlist(),
    "replace_items": {"snapshot_id": "AAAAB8C"},
    "playlist_items": bodies.page({"item": bodies.track()}, {"track": True}),
    "playlist": bodies.playlist(),
    "change_details": {},
    "my_playlists": bodies.page(bodies.playlist(), None),
    "unfollow": {},
    "token": bodies.token(),
}
GOOD_STATUSES = (200, 200, 200, 200, 201, 202, 204, 206, 226, 299)
BAD_STATUSES = (304, 307, 400, 401, 403, 404, 408, 413, 418, 429, 451, 500, 503, 599)
TOO_LARGE = b'{"id":"' + b"x" * (5 * 1024 * 1024) + b'"}'

odd_texts = st.sampled_from(
    [
        "",
        "\x00",
        "\ud800",
        "null",
        "1e999",
        "<b>",
        "🎧" * 300,
        "4" * 5000,
        "\u202e",
        "[]",
    ]
)
odd_numbers = st.sampled_from([-1, 2**31, 2**63, 10**400, 1e308, float("inf"), 0.5])
odd_values = st.recursive(
    st.none() | st.booleans() | st.integers() | odd_numbers | odd_texts | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "items", "next", "error"]), inner)
    ),
    max_leaves=6,
)


def quickly(examples: int) -> settings:
    """Return settings for a property that meets a real server each time."""
    return settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
        ],
    )


@st.composite
def damaged(draw: st.DrawFn, good: object) -> object:
    """Return a good body in which one to three values are others, or are gone."""
    body = json.loads(json.dumps(good))
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(body))
        if not places:
            return draw(odd_values)
        parent, key = draw(st.sampled_from(places))
        if draw(st.booleans()):
            parent[key] = draw(odd_values)
        else:
            del parent[key]
    return body


def _places(value: object) -> Any:
    """Yield every container within `value` with each of its keys."""
    if isinstance(value, dict | list):
        keys = list(value) if isinstance(value, dict) else range(len(value))
        for key in keys:
            yield value, key
            yield from _places(value[key])


def contents(good: object) -> st.SearchStrategy[bytes]:
    """Return bodies: damaged, cut short, of another encoding, no JSON, too large."""
    whole = st.one_of(st.just(good), damaged(good)).map(_as_json)
    return st.one_of(
        whole,
        whole,
        st.tuples(whole, st.floats(0, 1)).map(lambda two: two[0][: _cut(*two)]),
        whole.map(lambda body: body.decode().encode("utf-16")),
        whole.map(lambda body: b"\xef\xbb\xbf" + body),
        whole.map(lambda body: body + b"\x00garbage"),
        odd_values.map(_as_json),
        st.binary(max_size=200),
        st.sampled_from(
            [
                b"",
                b"null",
                b"NaN",
                b"<!doctype html><title>502 Bad Gateway</title>",
                b"[" * 50_000,
                b'{"a":' * 50_000,
                b"9" * 10_000,
                TOO_LARGE,
            ]
        ),
    )


def _as_json(value: object) -> bytes:
    return json.dumps(value).encode()


def _cut(body: bytes, share: float) -> int:
    return int(len(body) * share)


header_texts = st.one_of(
    st.sampled_from(["", "-1", "0", "2.5", "soon", "1, 2", "9" * 400, "nan", "1e5"]),
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF), max_size=30),
)


@st.composite
def answers(draw: st.DrawFn, good: object) -> Answer:
    """Return what a server does with one request: any status, headers and body."""
    content, status = (
        draw(contents(good)),
        draw(st.sampled_from((*GOOD_STATUSES, *BAD_STATUSES))),
    )
    encoding = draw(st.sampled_from(["", "", "", "gzip", "br", "deflate"]))
    if encoding == "gzip" and draw(st.booleans()):
        content = gzip.compress(content)
    shift = draw(st.sampled_from([0, 0, 0, 0, -1, 7]))
    kind = draw(st.sampled_from(["application/json", "text/html; charset=x", ""]))
    headers = {
        "Content-Type": kind,
        "Content-Encoding": encoding,
        "Retry-After": draw(header_texts),
        "WWW-Authenticate": draw(header_texts),
        "Content-Length": str(max(0, len(content) + shift)),
    }
    return _writes(status, content, headers, hangs_up=shift > 0)


def _writes(
    status: int, content: bytes, headers: dict[str, str], *, hangs_up: bool
) -> Callable[[Handler], None]:
    def answer(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            if value and not (status in (204, 304) and name == "Content-Length"):
                handler.send_header(name, value.encode("latin-1").decode("latin-1"))
        handler.end_headers()
        if status not in (204, 304):
            handler.wfile.write(content)
        handler.close_connection = True if hangs_up else handler.close_connection

    return answer


def assert_storable(value: object) -> None:
    """Check that every text and number in a result fits a column of a database."""
    if is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            assert_storable(getattr(value, field.name))
    elif isinstance(value, dict):
        assert_storable(list(value.items()))
    elif isinstance(value, list | tuple):
        for one in value:
            assert_storable(one)
    elif isinstance(value, str):
        assert "\x00" not in value
        value.encode()
    elif isinstance(value, int | float):
        assert -(2**31) <= value < 2**31
    else:
        assert value is None
