"""What the settings in force are, and what some of them may be."""

from dataclasses import dataclass

PLACEHOLDERS = (
    "interval_days",
    "collection",
    "size",
    "changes",
    "cooldown_days",
    "artist_cap",
)
"""What a description template may name in braces."""

DESCRIPTION_TEMPLATES = (
    "Refreshed every {interval_days} days from {collection}.",
    "{size} tracks from {collection}, drawn anew every {interval_days} days.",
    "A new selection from {collection} every {interval_days} days.",
    "Changes every {interval_days} days; a track rests at least "
    "{cooldown_days} days before it returns.",
    "{size} tracks, at most {artist_cap} by one artist, "
    "renewed every {interval_days} days.",
    "Changes {changes} of {size} tracks every {interval_days} days, from {collection}.",
    "From {collection}; renews {changes} of its {size} tracks "
    "every {interval_days} days.",
)
"""Those that name `changes` are for lists of which a part stays, the others for those
that change as a whole."""


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
