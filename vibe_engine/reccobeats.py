"""Audio features from ReccoBeats, a free service without a key.

As its reference and its users describe it (reccobeats.com/docs, 2026): what it does
not know is left out, the order is not that of the request, and of more than 40 ids
the rest is dropped without a word.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import requests

from vibe_engine.errors import VibeError
from vibe_engine.spotify import parse, transport
from vibe_engine.spotify.errors import SpotifyError
from vibe_engine.spotify.retry_after import parse_retry_after
from vibe_engine.spotify.types import AudioFeatures

MAX_IDS = 40


class ReccoBeatsError(VibeError):
    """ReccoBeats gave no answer of use.

    `retry_after_s` is the wait it asks for in seconds (1 to 90,000), None if it
    names none.
    """

    def __init__(self, text: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(text)
        self.retry_after_s = retry_after_s


def audio_features(
    track_ids: Sequence[str],
    *,
    url: str,
    worker: str = "",
    deadline_s: float = transport.DEADLINE_S,
) -> dict[str, AudioFeatures]:
    """Return the features of at most 40 tracks by Spotify id; unknown ones are absent.

    One request to `url` (".../v1/"), never redirected and never repeated. Rows that
    make no sense count as unknown.

    :param worker: who asks, for the log of a sandbox; "" towards ReccoBeats itself.
    :raises ReccoBeatsError: no answer, a refusal, or not what it should be.
    :raises ValueError: more than 40 ids.
    """
    if len(track_ids) > MAX_IDS:
        raise ValueError(f"{len(track_ids)} ids; at most {MAX_IDS} fit.")
    session = transport.new_session(
        _check, deadline_s=deadline_s, worker=worker, service="ReccoBeats"
    )
    query = {"ids": ",".join(track_ids)}
    with session:
        try:
            answer = session.get(f"{url.rstrip('/')}/audio-features", params=query)
        except SpotifyError as error:
            raise ReccoBeatsError(str(error)) from error
    told = [_features(row) for row in _rows(answer)]
    wanted = set(track_ids)
    return {one.track_id: one for one in told if one and one.track_id in wanted}


def _check(response: requests.Response, **_: Any) -> None:
    status = response.status_code
    if 200 <= status < 300:
        return
    wait_s = parse_retry_after(
        response.headers.get("Retry-After"), date=response.headers.get("Date")
    )
    if status == 429:
        text = "ReccoBeats asks to send fewer requests."
    else:
        text = f"ReccoBeats does not answer as it should (HTTP {status})."
    raise ReccoBeatsError(text, retry_after_s=wait_s)


def _rows(response: requests.Response) -> list[Mapping[str, object]]:
    try:
        content = response.json()["content"]
    except (ValueError, RecursionError, KeyError, TypeError, IndexError) as error:
        raise ReccoBeatsError("ReccoBeats' answer is not what it should be.") from error
    if not isinstance(content, list):
        raise ReccoBeatsError("ReccoBeats' answer is not what it should be.")
    return [row for row in content if isinstance(row, dict)]


def _features(row: Mapping[str, object]) -> AudioFeatures | None:
    """Read one row; its `href` ends with the Spotify id, its `id` is ReccoBeats' own."""
    track_id = str(row.get("href") or "").rstrip("/").rpartition("/")[2]
    fields = {**row, "id": track_id}
    try:
        (features,) = parse.audio_features({"audio_features": [fields]}).values()
    except SpotifyError:
        return None
    return features
