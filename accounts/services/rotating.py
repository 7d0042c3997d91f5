"""Sealing every stored secret anew with the current key, while everything runs.

Each row is changed by itself, and only if it still is as it was read; so a refresh
that comes in between wins, and stopping at any point loses nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import models

from accounts.models import App, Token
from automation.faultpoints import fault_point
from automation.models import Channel
from vibe_engine import crypto
from vibe_engine.crypto import DecryptError

TRIES = 5
"""How often a row is read again that was changed in between."""


@dataclass(frozen=True)
class Store:
    """A table with sealed columns; `identity` says what a column's value is bound to."""

    name: str
    model: type[models.Model]
    columns: tuple[str, ...]
    identity: Callable[[Any, str], str]


STORES = (
    Store(
        "Spotify tokens",
        Token,
        ("access_encrypted", "refresh_encrypted", "previous_refresh_encrypted"),
        lambda token, column: token.identity(
            "access" if column == "access_encrypted" else "refresh"
        ),
    ),
    Store(
        "client secrets",
        App,
        ("client_secret_encrypted",),
        lambda app, column: app.identity,
    ),
    Store(
        "notification channels",
        Channel,
        ("url_encrypted", "secret_encrypted"),
        lambda channel, column: channel.identity(column.removesuffix("_encrypted")),
    ),
)
"""Everything that is encrypted; a test holds this against the models."""


@dataclass
class Tally:
    """How a rotation went; `unreadable` has a sentence for each such value."""

    rows: int = 0
    resealed: int = 0
    current: int = 0
    overtaken: int = 0
    unreadable: list[str] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        """Whether every value that is stored is sealed with the current key."""
        return not (self.unreadable or self.overtaken)


def count_rows() -> int:
    """Return how many rows a rotation looks at."""
    return sum(store.model._default_manager.count() for store in STORES)


def rotate_keys(
    *, batch: int, dry_run: bool, progress: Callable[[int], None] = lambda rows: None
) -> Tally:
    """Seal every stored secret with the current key; return how that went.

    `batch` rows are read at a time. With `dry_run` all is opened and nothing
    written. What cannot be opened is left as it is and named. `progress` is called
    with the rows looked at so far.
    """
    tally = Tally()
    for store in STORES:
        for rows in _batches(store, batch):
            for row in rows:
                _rotate_row(store, row, tally, dry_run=dry_run)
            tally.rows += len(rows)
            progress(tally.rows)
            fault_point("keys_rotated")
    return tally


def _batches(store: Store, size: int) -> Iterator[list[models.Model]]:
    last = 0
    while rows := list(
        store.model._default_manager.filter(pk__gt=last).order_by("pk")[:size]
    ):
        yield rows
        last = rows[-1].pk


def _rotate_row(
    store: Store, row: models.Model, tally: Tally, *, dry_run: bool
) -> None:
    unreadable: list[str] = []
    for _ in range(TRIES):
        unreadable.clear()
        changes = _changes(store, row, unreadable)
        if dry_run or not changes or _write(store, row, changes):
            break
        fresh = store.model._default_manager.filter(pk=row.pk).first()
        if fresh is None:
            return
        row = fresh
    else:
        tally.overtaken += 1
        return
    tally.unreadable += unreadable
    tally.resealed += len(changes)
    kept = [column for column in store.columns if getattr(row, column)]
    tally.current += len(kept) - len(changes) - len(unreadable)


def _changes(store: Store, row: models.Model, unreadable: list[str]) -> dict[str, str]:
    """Return the columns that are not sealed with the current key, sealed anew."""
    changes: dict[str, str] = {}
    for column in store.columns:
        stored = getattr(row, column)
        if not stored:
            continue
        try:
            sealed = crypto.reseal(stored, identity=store.identity(row, column))
        except DecryptError as error:
            name = column.removesuffix("_encrypted").replace("_", " ")
            unreadable.append(f"{row}, {name}: {error}")
        else:
            changes |= {column: sealed} if sealed != stored else {}
    return changes


def _write(store: Store, row: models.Model, changes: dict[str, str]) -> bool:
    """Change the row if all its secrets are still as they were read."""
    same = {column: getattr(row, column) for column in store.columns}
    more = {}
    if "access_encrypted" in changes:
        more["key_id"] = crypto.key_id_of(changes["access_encrypted"])
    rows = store.model._default_manager.filter(pk=row.pk, **same)
    return bool(rows.update(**changes, **more))
