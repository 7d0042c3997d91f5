"""Finding a text anywhere in the names of a million rows.

PostgreSQL keeps an index of every three letters in a row (`text_trigrams`, made by a
migration; no extension is needed). Only the rarest of a text are looked up there:
those that stand in every other name would be read along for each row that is found.
SQLite, and texts that are too short, read the rows.
"""

from typing import Any

from django.db import connection
from django.db.models import BooleanField, Case, F, Func, Q, Value, When

SHORTEST = 3
"""Letters from which on the index helps."""
LOOKED_UP = 2
"""Groups of three letters: a third one narrows little and costs as much again."""
SQL = "UPPER({})"
JOINED = " || chr(10) || "
"""Columns are searched as one text; no text that is searched for holds a newline."""
RAREST = f"""ARRAY(
    SELECT letters FROM unnest(text_trigrams(UPPER(%s))) AS letters
    LEFT JOIN (
        SELECT unnest(most_common_elems::text::text[]) AS known,
            unnest(most_common_elem_freqs) AS share
        FROM pg_stats WHERE schemaname = current_schema() AND tablename = %s
    ) AS told ON known = letters
    ORDER BY share NULLS FIRST LIMIT {LOOKED_UP})"""  # noqa: S608
"""PostgreSQL keeps the shares of the most common ones with an index, by ANALYZE."""


def holding(text: str, *columns: str) -> Q:
    """Return the condition that one of these columns holds a text, in any case.

    The columns are those of one index, in its order.
    """
    if not is_indexed(text):
        return _anywhere(text, columns)
    return Q(_HoldsTrigrams(*map(F, columns), text=text)) & _anywhere(text, columns)


def seen_to_hold(text: str, *columns: str) -> Case:
    """Return the same condition, to be looked at row by row along a sorted list.

    For a text that many rows hold: PostgreSQL cannot see into a CASE, takes it to be
    true of half of the rows, and walks until a page is full.
    """
    return Case(
        When(_anywhere(text, columns), then=Value(value=True)),
        default=Value(value=False),
    )


def is_indexed(text: str) -> bool:
    """Whether an index finds a text."""
    is_long = len(text) >= SHORTEST and "\n" not in text
    return is_long and connection.vendor == "postgresql"


def _anywhere(text: str, columns: tuple[str, ...]) -> Q:
    anywhere = Q()
    for column in columns:
        anywhere |= Q(**{f"{column}__icontains": text})
    return anywhere


class _HoldsTrigrams(Func):
    """Whether the columns, as one text, hold the rarest letters of a text."""

    conditional = True
    arg_joiner = JOINED
    output_field = BooleanField()

    def __init__(self, *columns: F, text: str) -> None:
        super().__init__(*columns)
        self.text = text

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> Any:  # type: ignore[override]
        columns, parameters = super().as_sql(
            compiler,
            connection,
            template=f"text_trigrams({SQL.format('%(expressions)s')})",
        )
        index = f"{compiler.query.get_meta().db_table}_text"
        return f"({columns} @> {RAREST})", (*parameters, self.text, index)
