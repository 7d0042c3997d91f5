"""The registry: what each setting is called, may be, and means."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from automation.runtime import parsing
from automation.runtime.values import (
    EXPLICIT,
    PLACEHOLDERS,
    REST_SCOPES,
    VERSIONS,
    Options,
    RuntimeSettings,
    Value,
)


@dataclass(frozen=True)
class Spec:
    """One setting: what it is called, what it may be, and what it means."""

    key: str
    label: str
    group: str
    help: str
    environment: str
    parse: Callable[[Any], Value]
    unit: str = ""
    low: int | None = None
    high: int | None = None
    options: Options = ()

    @property
    def default(self) -> Value:
        """The value without table and environment."""
        value: Value = getattr(RuntimeSettings(), self.key)
        return value

    @property
    def input_type(self) -> str:
        """How a form shows it: number, text, lines, switch, choice or choices."""
        if self.options:
            return "choices" if isinstance(self.default, tuple) else "choice"
        if isinstance(self.default, bool):
            return "switch"
        if isinstance(self.default, tuple):
            return "lines"
        return "number" if isinstance(self.default, int) else "text"


def _number(
    key: str,
    label: str,
    group: str,
    help_text: str,
    bounds: tuple[int, int],
    unit: str,
    environment: str = "",
) -> Spec:
    low, high = bounds
    return Spec(
        key,
        label,
        group,
        help_text,
        environment or key.upper(),
        parsing.whole(key, low, high, unit),
        unit,
        low,
        high,
    )


SPECS: tuple[Spec, ...] = (
    _number(
        "playlist_size",
        "Playlist size",
        "Lists",
        "Tracks in a list",
        (1, 100),
        "tracks",
        "TRACKS_PER_PLAYLIST",
    ),
    _number(
        "reshuffle_interval_days",
        "Reshuffle interval",
        "Lists",
        "Days from one list to the next",
        (1, 90),
        "days",
    ),
    _number(
        "reshuffle_from_hour",
        "Reshuffle from",
        "Lists",
        "Hour of the day, UTC, from which due playlists are spread",
        (0, 23),
        "o'clock UTC",
    ),
    _number(
        "reshuffle_hours",
        "Reshuffle within",
        "Lists",
        "Hours over which a day's due playlists are spread, each at a time of its own; "
        "0 spreads nothing",
        (0, 24),
        "hours",
    ),
    Spec(
        "default_prefix",
        "Default prefix",
        "Lists",
        "Names new playlists of newly connected accounts; 1 to 64 characters",
        "DEFAULT_PREFIX",
        parsing.text("default_prefix", 64),
    ),
    Spec(
        "public_playlists",
        "Public playlists",
        "Lists",
        "New playlists show in profile and search; this is not access control",
        "PUBLIC_PLAYLISTS",
        parsing.switch("public_playlists"),
    ),
    _number(
        "cooldown_days",
        "Cooldown",
        "Rotation",
        "Whole days a track rests after it left; 0 switches the rest off",
        (0, 365),
        "days",
        "MIN_REPEAT_GAP_DAYS",
    ),
    _number(
        "artist_cap",
        "Artist cap",
        "Rotation",
        "Most tracks by one artist in a list, featured artists counted",
        (1, 100),
        "tracks",
    ),
    _number(
        "artist_separation",
        "Artist separation",
        "Rotation",
        "Positions between two tracks that share an artist, as far as possible",
        (1, 50),
        "positions",
    ),
    _number(
        "refresh_share",
        "Places that change",
        "Rotation",
        "Share of a list that a reshuffle exchanges; the rest stays on its place",
        (1, 100),
        "%",
    ),
    _number(
        "album_cap",
        "Album cap",
        "Rotation",
        "Most tracks of one album in a list; 0 is no limit",
        (0, 100),
        "tracks",
    ),
    Spec(
        "primary_only",
        "Count first artists only",
        "Rotation",
        "Featured artists then count neither for the cap nor for the separation",
        "PRIMARY_ARTISTS_ONLY",
        parsing.switch("primary_only"),
    ),
    Spec(
        "explicit_tracks",
        "Explicit tracks",
        "Rotation",
        "Whether lists without a rule of their own may hold them",
        "EXPLICIT_TRACKS",
        parsing.one_of("explicit_tracks", EXPLICIT),
        options=EXPLICIT,
    ),
    Spec(
        "rest_scope",
        "A track rests after it left",
        "Rotation",
        "Whose lists a track must have left before it may come",
        "REST_SCOPE",
        parsing.one_of("rest_scope", REST_SCOPES),
        options=REST_SCOPES,
    ),
    Spec(
        "same_song",
        "Versions that are the same song",
        "Rotation",
        "A ticked version counts as the same song, which comes once in a list",
        "SAME_SONG_VERSIONS",
        parsing.some_of("same_song", VERSIONS),
        options=VERSIONS,
    ),
    Spec(
        "refresh_description",
        "Refresh descriptions",
        "Descriptions",
        "Write a true sentence into the description with each new list",
        "REFRESH_DESCRIPTION",
        parsing.switch("refresh_description"),
    ),
    Spec(
        "description_templates",
        "Sentences",
        "Descriptions",
        "One a line; may name "
        + ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        + ". Lists of which a part stays take those with {changes}, others the rest",
        "DESCRIPTION_TEMPLATES",
        parsing.templates("description_templates"),
    ),
    _number(
        "max_playlists_per_account",
        "Playlists per account",
        "Limits",
        "Spotify's own limit is about 11,000",
        (1, 10_000),
        "playlists",
    ),
    Spec(
        "reccobeats",
        "Ask ReccoBeats",
        "Sound",
        "Audio features that Spotify does not tell come from this free service, which "
        "is then told which tracks the library holds",
        "RECCOBEATS",
        parsing.switch("reccobeats"),
    ),
    _number(
        "content_max_age_days",
        "Refresh content after",
        "Keeping",
        "Age at which an album's names and pictures are read again",
        (1, 365),
        "days",
    ),
    _number(
        "history_retention_days",
        "Keep history",
        "Keeping",
        "0 keeps it for good",
        (0, 36_500),
        "days",
    ),
    _number(
        "metrics_retention_days",
        "Keep metrics",
        "Keeping",
        "Age at which metric snapshots and counts of calls are removed",
        (2, 3_650),
        "days",
    ),
    _number(
        "runs_retention_days",
        "Keep runs",
        "Keeping",
        "Age at which ended runs are removed; 0 keeps them for good",
        (0, 36_500),
        "days",
    ),
    _number(
        "guard_window_minutes",
        "Look back",
        "Storm guard",
        "Time within which pushes are counted",
        (5, 1_440),
        "minutes",
    ),
    _number(
        "guard_failed_percent",
        "Failing pushes",
        "Storm guard",
        "Pushes stop when a larger share of them than this has failed; 0 is off",
        (0, 99),
        "%",
    ),
    _number(
        "guard_fewest_pushes",
        "Fewest pushes",
        "Storm guard",
        "A share of fewer pushes than these says nothing",
        (1, 10_000),
        "pushes",
    ),
    _number(
        "guard_surge_factor",
        "Unusual change",
        "Storm guard",
        "Pushes stop when schedules would change more than so many times the playlists "
        "of the busiest day of two weeks; 0 is off",
        (0, 100),
        "times",
    ),
    _number(
        "guard_fewest_changes",
        "Fewest changes",
        "Storm guard",
        "Schedules that change fewer playlists than these are never unusual",
        (1, 100_000),
        "playlists",
    ),
    _number(
        "notify_circuit_hours",
        "Calls that rest",
        "Notifications",
        "Hours for which Spotify lets a developer's calls rest before anybody is told",
        (0, 48),
        "hours",
    ),
)
BY_KEY = {spec.key: spec for spec in SPECS}

if {field.name for field in fields(RuntimeSettings)} != set(BY_KEY):
    raise AssertionError("RuntimeSettings and SPECS name different settings.")
