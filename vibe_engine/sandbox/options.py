"""Switches that may be changed while the sandbox runs."""

from dataclasses import asdict, dataclass, fields, replace

from vibe_engine.sandbox.store import Store, from_json, to_json


class OptionError(ValueError):
    """A switch is unknown or its value of the wrong type; the text says which."""


@dataclass(frozen=True, slots=True)
class Options:
    """How faithful, how strict and how slow Spotify is at the moment.

    `rate`: requests per developer in a rolling 30 s window, 0 for no limit.
    `quota`: requests per developer and group of endpoints in a rolling 24 h, 0
    for no limit. `public_echo`: a playlist created with `public: false` reads
    back as public. `items_lag_s`, `snapshot_lag_s`, `list_lag_s`: how long reads
    still show the items, the snapshot id or the list of before a write.
    `description_error_status`: the answer to a description that is too long or
    has line breaks. `max_playlists`: how many one account may hold.
    `kept_requests`: how many requests the log holds before it forgets the oldest.
    `reccobeats_misses`: the part of the tracks that ReccoBeats does not know, 0 to 1;
    `reccobeats_rate`: requests to it in a rolling 30 s window, 0 for no limit.
    """

    rate: int = 0
    quota: int = 0
    rotate_refresh_tokens: bool = False
    access_token_lifetime_s: int = 3600
    public_echo: bool = False
    items_lag_s: float = 0.0
    snapshot_lag_s: float = 0.0
    list_lag_s: float = 0.0
    description_error_status: int = 500
    max_playlists: int = 11_000
    kept_requests: int = 100_000
    reccobeats_misses: float = 0.1
    reccobeats_rate: int = 0

    def as_old_as(self, stale_s: float) -> "Options":
        """Return the switches for a read that shows what stood that long ago."""
        return replace(
            self,
            items_lag_s=max(stale_s, self.items_lag_s),
            snapshot_lag_s=max(stale_s, self.snapshot_lag_s),
            list_lag_s=max(stale_s, self.list_lag_s),
        )


def load_options(store: Store) -> Options:
    """Return the switches as they stand."""
    known = {field.name for field in fields(Options)}
    rows = store.rows("SELECT name, value FROM options")
    return Options(
        **{row["name"]: from_json(row["value"]) for row in rows if row["name"] in known}
    )


def change_options(store: Store, changes: dict[str, object]) -> Options:
    """Change the named switches and return all of them.

    :raises OptionError: a name or the type of a value does not fit.
    """
    current = load_options(store)
    for name, value in changes.items():
        _check(current, name, value)
    for name, value in changes.items():
        store.execute("REPLACE INTO options VALUES (?, ?)", name, to_json(value))
    return replace(current, **changes)  # type: ignore[arg-type]


def _check(current: Options, name: str, value: object) -> None:
    default = asdict(current).get(name)
    if default is None:
        raise OptionError(f"There is no option {name!r}.")
    expected = (int, float) if isinstance(default, float) else (type(default),)
    if type(value) not in expected:
        raise OptionError(f"Option {name!r} must be {expected[-1].__name__}.")
