"""Pages of long lists by key: as quick at the end of a million rows as at the start.

A page is found from the sort value and primary key of the row beside it, through an
index on both, never by counting rows off. Rows whose sort value is unknown stand
after all others, in either direction.
"""

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.expressions import OrderBy

Row = TypeVar("Row", bound=models.Model)

LARGEST_INTEGER = 2**63 - 1
MANY = 5_000
"""Of more rows than these it pays to look for a page among the first of all rows."""
FIRST_OF_ALL = 15_000
"""So many: in a library of a million, some 75 of 5,000 are among them."""


@dataclass(frozen=True)
class Order:
    """How a list is sorted: by a column with an index on it and the primary key."""

    field: str
    descending: bool = False
    nullable: bool = False

    def columns(self, *, backward: bool) -> list[str]:
        """Return what `order_by` takes."""
        sign = "-" if self.descending != backward else ""
        return [f"{sign}{name}" for name in dict.fromkeys((self.field, "pk"))]

    def parts(self) -> Sequence[Q]:
        """Return the conditions of the stretches that follow one another."""
        if not self.nullable:
            return (Q(),)
        is_unknown = f"{self.field}__isnull"
        return (Q(**{is_unknown: False}), Q(**{is_unknown: True}))

    def beyond(self, mark: "Mark", *, backward: bool) -> Q:
        """Return the condition of the rows after (or before) a mark in its stretch.

        The first condition alone would do for the second; it is what lets the
        database start in the middle of the index.
        """
        word = "lt" if self.descending != backward else "gt"
        if self.field == "pk" or mark.value is None:
            return Q(**{f"pk__{word}": mark.pk})
        tied = Q(**{self.field: mark.value, f"pk__{word}": mark.pk})
        past = Q(**{f"{self.field}__{word}": mark.value}) | tied
        return Q(**{f"{self.field}__{word}e": mark.value}) & past


@dataclass(frozen=True)
class Mark:
    """A place in a list: the row it stands beside and that row's number from 1."""

    value: Any
    pk: int
    number: int
    backward: bool = False

    def encode(self) -> str:
        """Return the mark as a text for an address."""
        value = self.value.isoformat() if isinstance(self.value, date) else self.value
        fields = [value, self.pk, self.number, int(self.backward)]
        text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str, field: "models.Field[Any, Any]") -> "Mark | None":
        """Return a mark from an address, None for one that is not ours."""
        try:
            padded = text.encode("ascii") + b"=" * (-len(text) % 4)
            fields = json.loads(base64.urlsafe_b64decode(padded))
            value, pk, number, backward = fields
            value = None if value is None else field.to_python(value)
        except (ValueError, TypeError, OverflowError, ValidationError):
            return None
        if not (_is_key(pk) and _is_key(number)) or "\0" in str(value):
            return None
        return cls(value, pk, number, backward=bool(backward))


@dataclass(frozen=True)
class KeyPage(Generic[Row]):
    """Some rows of a list; `following` and `preceding` are marks or ""."""

    rows: Sequence[Row]
    first: int
    following: str = ""
    preceding: str = ""

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def last(self) -> int:
        """The number of the last row."""
        return self.first + len(self.rows) - 1


class _Sorted(Func):
    """A column as it is, in words that no index of PostgreSQL answers to."""

    function = "GREATEST"

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, template="%(expressions)s", **extra)


def _sorted(column: str) -> OrderBy:
    return OrderBy(_Sorted(F(column.removeprefix("-"))), descending=column[0] == "-")


def paginate(
    rows: "models.QuerySet[Row]",
    *,
    order: Order,
    at: str,
    size: int,
    found: int | None = None,
    by_key: bool = False,
    shown: "models.QuerySet[Row] | None" = None,
) -> KeyPage[Row]:
    """Return the page of `size` rows at a mark; the first page for an unknown mark.

    One query, or two where a page holds rows with and without a known value. Where it
    is known how many rows there are (`found`), they are found by their condition and
    sorted: PostgreSQL takes rows for evenly spread and would walk along the index of
    the order, past a million others. Of many, where an index tells `by_key` which they
    are, the page is looked for among the first of all rows before, which spares reading
    each of the many; where it is not whole there, that was one query more. `shown` is
    what is read of the rows of the page alone, such as joins and counts, once it is
    known which they are.
    """
    field = rows.model._meta.pk if order.field == "pk" else None
    mark = Mark.decode(at, field or rows.model._meta.get_field(order.field))  # type: ignore[arg-type]
    columns = order.columns(backward=mark is not None and mark.backward)
    source = _Source(rows, shown, columns, found, by_key=by_key)
    page = _walk(source, order, mark, size + 1)
    is_more, page = len(page) > size, page[:size]
    if mark is None or not mark.backward:
        first = mark.number + 1 if mark else 1
        return _page(page, order, first, follows=is_more, precedes=mark is not None)
    first = max(mark.number - len(page), 1) if is_more else 1
    return _page(page[::-1], order, first, follows=True, precedes=is_more)


def _walk(
    source: "_Source[Row]", order: Order, mark: Mark | None, limit: int
) -> list[Row]:
    """Return up to `limit` rows from the mark on, in the direction it points."""
    backward = mark is not None and mark.backward
    parts = list(order.parts())
    start = len(parts) - 1 if mark and mark.value is None else 0
    ahead = parts[: start + 1][::-1] if backward else parts[start:]
    page: list[Row] = []
    for part in ahead:
        within = part
        if mark is not None and part is parts[start]:
            within &= order.beyond(mark, backward=backward)
        left = limit - len(page)
        near = source.near(within, left) if part is ahead[0] else []
        page += near if len(near) == left else source.all(within, left)
        if len(page) == limit:
            break
    return page


@dataclass(frozen=True)
class _Source(Generic[Row]):
    """Where the rows of a page come from; see `paginate`."""

    rows: "models.QuerySet[Row]"
    shown: "models.QuerySet[Row] | None"
    columns: Sequence[str]
    found: int | None
    by_key: bool

    def near(self, within: Q, limit: int) -> list[Row]:
        """Return up to `limit` rows of a stretch, of many: from its beginning alone."""
        if not self.by_key or self.found is None or self.found <= MANY:
            return []
        every = self.rows.model._default_manager.filter(within)
        first = every.order_by(*self.columns).values("pk")[:FIRST_OF_ALL]
        return self._read(self._sorted(within).filter(pk__in=first)[:limit])

    def all(self, within: Q, limit: int) -> list[Row]:
        """Return up to `limit` rows of a stretch."""
        if self.found is None:
            return self._read(self.rows.filter(within).order_by(*self.columns)[:limit])
        return self._read(self._sorted(within)[:limit])

    def _sorted(self, within: Q) -> "models.QuerySet[Row]":
        return self.rows.filter(within).order_by(*map(_sorted, self.columns))

    def _read(self, page: "models.QuerySet[Row]") -> list[Row]:
        if self.shown is None:
            return list(page)
        shown = self.shown.filter(pk__in=page.values("pk"))
        return list(shown.order_by(*self.columns))


def _page(
    found: list[Row], order: Order, first: int, *, follows: bool, precedes: bool
) -> KeyPage[Row]:
    if not found:
        return KeyPage((), first)
    after = _mark(found[-1], order, first + len(found) - 1, backward=False)
    before = _mark(found[0], order, first, backward=True)
    return KeyPage(
        rows=found,
        first=first,
        following=after.encode() if follows else "",
        preceding=before.encode() if precedes else "",
    )


def _mark(row: models.Model, order: Order, number: int, *, backward: bool) -> Mark:
    return Mark(getattr(row, order.field), row.pk, number, backward)


def _is_key(value: object) -> bool:
    return type(value) is int and 0 <= value <= LARGEST_INTEGER
