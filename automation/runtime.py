"""Runtime settings: typed, with ranges and units, changed while everything runs.

What stands in the table `settings` wins over the environment, and that over the
default. Load them once per door and pass them down.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import environ
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from automation import registry
from automation.models import Setting
from vibe_engine.errors import InputError

PLACEHOLDERS = ("interval_days", "collection", "size", "cooldown_days", "artist_cap")
"""What a description template may name in braces."""

DESCRIPTION_TEMPLATES = (
    "Refreshed every {interval_days} days from {collection}.",
    "{size} tracks from {collection}, drawn anew every {interval_days} days.",
    "A new selection from {collection} every {interval_days} days.",
    "Changes every {interval_days} days; a track rests at least "
    "{cooldown_days} days before it returns.",
    "{size} tracks, at most {artist_cap} by one artist, "
    "renewed every {interval_days} days.",
)


@dataclass(frozen=True)
class RuntimeSettings:
    """The settings in force at one moment."""

    playlist_size: int = 50
    reshuffle_interval_days: int = 5
    reshuffle_from_hour: int = 0
    reshuffle_hours: int = 22
    cooldown_days: int = 5
    artist_cap: int = 2
    artist_separation: int = 8
    refresh_share: int = 100
    album_cap: int = 0
    primary_only: bool = False
    same_song: tuple[str, ...] = ()
    explicit_tracks: str = "allow"
    rest_scope: str = "playlist"
    max_playlists_per_account: int = 200
    default_prefix: str = "Vibe Collection"
    refresh_description: bool = True
    description_templates: tuple[str, ...] = DESCRIPTION_TEMPLATES
    public_playlists: bool = True
    reccobeats: bool = False
    content_max_age_days: int = 30
    history_retention_days: int = 0
    metrics_retention_days: int = 400
    runs_retention_days: int = 400
    guard_window_minutes: int = 60
    guard_failed_percent: int = 50
    guard_fewest_pushes: int = 20
    guard_surge_factor: int = 3
    guard_fewest_changes: int = 500
    notify_circuit_hours: int = 3


Value = int | str | bool | tuple[str, ...]
Options = tuple[tuple[str, str], ...]

EXPLICIT: Options = (
    ("allow", "May come"),
    ("exclude", "Keep out, unjudged ones too"),
    ("only", "Only explicit tracks"),
)
REST_SCOPES: Options = (
    ("playlist", "This list"),
    ("account", "Any list of the account"),
    ("fleet", "Any list at all"),
)
VERSIONS: Options = (
    ("title", "The same title, another recording"),
    ("remaster", "Remasters"),
    ("live", "Live"),
    ("acoustic", "Acoustic"),
    ("edit", "Radio, single and extended edits"),
    ("remix", "Remixes"),
    ("instrumental", "Instrumental and karaoke"),
    ("demo", "Demos and outtakes"),
)
"""What rules of lists may say of explicit tracks, of rest and of versions of a song."""


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
    options: tuple[tuple[str, str], ...] = ()

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


def _whole(key: str, low: int, high: int, unit: str) -> Callable[[Any], int]:
    def parse(raw: Any) -> int:
        text = str(raw).strip().replace(",", "")
        if isinstance(raw, bool) or not re.fullmatch(r"[+-]?\d{1,9}", text):
            raise InputError(f"A whole number is wanted, not “{text[:40]}”.", field=key)
        if not low <= int(text) <= high:
            raise InputError(f"{low:,} to {high:,} {unit} are possible.", field=key)
        return int(text)

    return parse


def _switch(key: str) -> Callable[[Any], bool]:
    def parse(raw: Any) -> bool:
        text = str(raw).strip().lower()
        if text in {"true", "on", "yes", "1"}:
            return True
        if text in {"false", "off", "no", "0", ""}:
            return False
        raise InputError("Either on or off is wanted.", field=key)

    return parse


def _one_of(key: str, options: Options) -> Callable[[Any], str]:
    def parse(raw: Any) -> str:
        text = str(raw).strip()
        if text not in dict(options):
            possible = ", ".join(name for name, _ in options)
            raise InputError(f"One of {possible} is wanted.", field=key)
        return text

    return parse


def _some_of(key: str, options: Options) -> Callable[[Any], tuple[str, ...]]:
    """Return what reads several of the options, in their order, one a line."""

    def parse(raw: Any) -> tuple[str, ...]:
        lines = raw.splitlines() if isinstance(raw, str) else raw
        wanted = {str(line).strip() for line in lines} - {""}
        if wanted - set(dict(options)):
            possible = ", ".join(name for name, _ in options)
            raise InputError(f"Possible are {possible}, one a line.", field=key)
        return tuple(name for name, _ in options if name in wanted)

    return parse


def _text(key: str, longest: int) -> Callable[[Any], str]:
    def parse(raw: Any) -> str:
        text = " ".join(str(raw).split())
        if not 1 <= len(text) <= longest or not text.isprintable():
            raise InputError(f"1 to {longest} visible characters, please.", field=key)
        return text

    return parse


def _templates(key: str) -> Callable[[Any], tuple[str, ...]]:
    def parse(raw: Any) -> tuple[str, ...]:
        lines = raw.splitlines() if isinstance(raw, str) else raw
        sentences = tuple(" ".join(str(line).split()) for line in lines)
        sentences = tuple(sentence for sentence in sentences if sentence)
        if not 1 <= len(sentences) <= 20:
            raise InputError("1 to 20 sentences, one a line.", field=key)
        for sentence in sentences:
            _check_template(sentence, key)
        return sentences

    return parse


def _check_template(sentence: str, key: str) -> None:
    start = f"“{sentence[:60]}”: "
    unknown = set(re.findall(r"\{([^{}]*)\}", sentence)) - set(PLACEHOLDERS)
    if unknown or set("{}") & set(re.sub(r"\{[^{}]*\}", "", sentence)):
        raise InputError(
            f"{start}possible in braces are {', '.join(PLACEHOLDERS)}.", field=key
        )
    if len(sentence) > 200 or set("<>") & set(sentence) or not sentence.isprintable():
        raise InputError(
            f"{start}at most 200 characters and no markup, since Spotify takes "
            "300 in all.",
            field=key,
        )


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
        _whole(key, low, high, unit),
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
        _text("default_prefix", 64),
    ),
    Spec(
        "public_playlists",
        "Public playlists",
        "Lists",
        "New playlists show in profile and search; this is not access control",
        "PUBLIC_PLAYLISTS",
        _switch("public_playlists"),
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
        _switch("primary_only"),
    ),
    Spec(
        "explicit_tracks",
        "Explicit tracks",
        "Rotation",
        "Whether lists without a rule of their own may hold them",
        "EXPLICIT_TRACKS",
        _one_of("explicit_tracks", EXPLICIT),
        options=EXPLICIT,
    ),
    Spec(
        "rest_scope",
        "A track rests after it left",
        "Rotation",
        "Whose lists a track must have left before it may come",
        "REST_SCOPE",
        _one_of("rest_scope", REST_SCOPES),
        options=REST_SCOPES,
    ),
    Spec(
        "same_song",
        "Versions that are the same song",
        "Rotation",
        "A ticked version counts as the same song, which comes once in a list",
        "SAME_SONG_VERSIONS",
        _some_of("same_song", VERSIONS),
        options=VERSIONS,
    ),
    Spec(
        "refresh_description",
        "Refresh descriptions",
        "Descriptions",
        "Write a true sentence into the description with each new list",
        "REFRESH_DESCRIPTION",
        _switch("refresh_description"),
    ),
    Spec(
        "description_templates",
        "Sentences",
        "Descriptions",
        "One a line; may name " + ", ".join(f"{{{name}}}" for name in PLACEHOLDERS),
        "DESCRIPTION_TEMPLATES",
        _templates("description_templates"),
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
        _switch("reccobeats"),
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


@dataclass(frozen=True)
class InForce:
    """One setting as the page shows it."""

    spec: Spec
    value: Value
    source: str
    environment_value: Value | None
    stored_value: Value | None
    problem: str = ""

    @property
    def origins(self) -> tuple[tuple[str, str, str], ...]:
        """The three places a value can come from: source, its name, value in words."""
        return (
            ("default", "Default", _in_words(self.spec, self.spec.default)),
            (
                "environment",
                "Environment",
                _in_words(self.spec, self.environment_value),
            ),
            ("table", "Set here", _in_words(self.spec, self.stored_value)),
        )


def _in_words(spec: Spec, value: Value | None) -> str:
    if value is None:
        return "not set"
    if spec.options:
        chosen = value if isinstance(value, tuple) else (value,)
        return ", ".join(dict(spec.options)[str(one)] for one in chosen) or "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return f"{len(value)} sentences"
    return f"{value:,}" if isinstance(value, int) else value


def load() -> RuntimeSettings:
    """Return the settings in force, with one query.

    A stored or environment value that is no longer possible counts as not given.
    """
    return RuntimeSettings(**{one.spec.key: one.value for one in describe()})  # type: ignore[arg-type]


def describe() -> list[InForce]:
    """Return every setting with its value, where it comes from and what else is set."""
    stored = dict(Setting.objects.values_list("key", "value"))
    return [_in_force(spec, stored) for spec in SPECS]


def _in_force(spec: Spec, stored: Mapping[str, Any]) -> InForce:
    here, trouble_here = _try(spec, stored.get(spec.key))
    around, trouble_around = _try(spec, _from_environment(spec))
    if here is not None:
        value, source = here, "table"
    elif around is not None:
        value, source = around, "environment"
    else:
        value, source = spec.default, "default"
    return InForce(spec, value, source, around, here, trouble_here or trouble_around)


def _from_environment(spec: Spec) -> str | None:
    text: str = environ.Env().str(spec.environment, default="")
    if spec.input_type in ("lines", "choices"):
        text = text.replace("|", "\n")
    return text or None


def _try(spec: Spec, raw: Any) -> tuple[Value | None, str]:
    if raw is None:
        return None, ""
    try:
        return spec.parse(raw), ""
    except InputError as error:
        return None, str(error)


def parse_changes(raw: Mapping[str, Any]) -> tuple[dict[str, Value], dict[str, str]]:
    """Return the values that can be used and, for the others, why not, by key."""
    values: dict[str, Value] = {}
    problems: dict[str, str] = {}
    for key, text in raw.items():
        try:
            values[key] = BY_KEY[key].parse(text)
        except KeyError:
            problems[key] = "There is no such setting."
        except InputError as error:
            problems[key] = str(error)
    return values, problems


def save_settings(
    *, changes: Mapping[str, Any], by: AbstractBaseUser | None, now: datetime
) -> set[str]:
    """Store changed settings, all or none; return the keys that really changed.

    A value equal to the one in force is not stored, so that the environment keeps
    its say.

    :raises InputError: a value is not possible; `field` names the setting.
    """
    with transaction.atomic():
        before = {one.spec.key: one.value for one in describe()}
        values, problems = parse_changes(changes)
        for key, problem in problems.items():
            raise InputError(problem, field=key)
        changed = {key: v for key, v in values.items() if before[key] != v}
        for key, value in changed.items():
            Setting.objects.update_or_create(
                key=key,
                defaults={
                    "value": list(value) if isinstance(value, tuple) else value,
                    "updated_at": now,
                    "updated_by_id": by.pk if by else None,
                },
            )
        if changed:
            registry.emit("settings.changed", keys=set(changed), now=now)
    return set(changed)


def restore_default(*, key: str, now: datetime) -> None:
    """Take back what was set here, so that environment or default count again.

    :raises InputError: there is no such setting.
    """
    if key not in BY_KEY:
        raise InputError("There is no such setting.", field=key)
    with transaction.atomic():
        deleted, _ = Setting.objects.filter(key=key).delete()
        if deleted:
            registry.emit("settings.changed", keys={key}, now=now)


if {field.name for field in fields(RuntimeSettings)} != set(BY_KEY):
    raise AssertionError("RuntimeSettings and SPECS name different settings.")
