"""Finding a text anywhere in the names of a million rows.

PostgreSQL keeps an index of every three letters in a row (`text_trigrams`, made by a
migration; no extension is needed) and looks only at rows that hold all those of the
text. SQLite, and texts that are too short, read the rows.
"""

from typing import Any

from django.db import connection
from django.db.models import BooleanField, F, Func, Q

SHORTEST = 3
"""Letters from which on the index helps."""
SQL = "UPPER({})"
JOINED = " || chr(10) || "
"""Columns are searched as one text; no text that is searched for holds a newline."""


def holding(text: str, *columns: str) -> Q:
    """Return the condition that one of these columns holds a text, in any case.

    The columns are those of one index, in its order.
    """
    anywhere = Q()
    for column in columns:
        anywhere |= Q(**{f"{column}__icontains": text})
    if connection.vendor != "postgresql" or len(text) < SHORTEST or "\n" in text:
        return anywhere
    return Q(_HoldsTrigrams(*map(F, columns), text=text)) & anywhere


class _HoldsTrigrams(Func):
    """Whether the columns, as one text, hold every three letters of a text."""

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
        return f"({columns} @> text_trigrams(UPPER(%s)))", (*parameters, self.text)
