"""Deleting many rows in small transactions, each while the run is still owned."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from django.db.models import F, QuerySet

from automation import ledger
from automation.faultpoints import fault_point
from automation.models import Pruning, Run

BATCH = 1_000
"""Rows of one transaction: other writers of a SQLite file wait no longer for it."""

Note = Callable[[int], None]


def delete_in_batches(
    run: Run,
    rows: QuerySet[Any],
    *,
    note: Note,
    batch: int | None = None,
    delete: Callable[[QuerySet[Any]], int] | None = None,
) -> int:
    """Delete `rows` a batch a transaction; return how many there were.

    `note` writes down the number of each batch in the same transaction, so that the
    sum is right after a crash at any point. `delete` does it where deleting needs
    more than the query; rows that go along by cascade are not counted.

    :raises LeaseLostError: another worker owns the run.
    """
    total = 0
    for keys in _chunks(rows, batch or BATCH):
        with ledger.fenced(run):
            mine = rows.model._default_manager.filter(pk__in=keys)
            count = (delete or delete_rows)(mine)
            note(count)
        total += count
        fault_point("pruning.after_batch")
    return total


def _chunks(rows: QuerySet[Any], size: int) -> Iterator[list[Any]]:
    keys = list(rows.order_by("pk").values_list("pk", flat=True).distinct())
    for start in range(0, len(keys), size):
        yield keys[start : start + size]


def delete_rows(rows: QuerySet[Any]) -> int:
    """Delete rows at once; return how many, without those that go by cascade."""
    _, by_model = rows.delete()
    return by_model.get(rows.model._meta.label, 0)


def prune(run: Run, rows: QuerySet[Any], *, older_than: datetime, now: datetime) -> int:
    """Delete rows that are too old, in batches, and keep a line about it."""
    table = rows.model._meta.db_table

    def note(count: int) -> None:
        note_rows(run, table, count, older_than=older_than, now=now)

    return delete_in_batches(run, rows, note=note)


def note_rows(
    run: Run, table: str, count: int, *, older_than: datetime, now: datetime
) -> None:
    """Add to the run's line about a table; the caller holds the transaction."""
    line, _ = Pruning.objects.get_or_create(
        run=run, table=table, defaults={"older_than": older_than, "at": now}
    )
    Pruning.objects.filter(pk=line.pk).update(rows=F("rows") + count, at=now)
