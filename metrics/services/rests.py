"""How long tracks had rested when they came into lists, counted in the database."""

from collections import Counter

from django.db import connection
from django.db.models import QuerySet
from django.db.models.fields.json import KT, KeyTransform

from playlists.models import PlaylistSnapshot

_ON_POSTGRESQL = """
    SELECT told.today::integer - (last_day #>> '{{}}')::integer AS rested, COUNT(*)
    FROM ({lists}) AS told, jsonb_path_query(told.notes, '$.*[0]') AS last_day
    GROUP BY 1
"""
_ON_SQLITE = """
    SELECT told.today - JSON_EXTRACT(note.value, '$[0]') AS rested, COUNT(*)
    FROM ({lists}) AS told, JSON_EACH(told.notes) AS note
    GROUP BY 1
"""


def count_rests(lists: QuerySet[PlaylistSnapshot]) -> Counter[int]:
    """Count the tracks of some lists by the whole days they had rested; one query.

    The lists' reports say it, and a report is long: none is read here. Tracks that
    had never been in a list are left out, as are lists without a report.
    """
    told = lists.annotate(
        today=KT("report__seed__2"), notes=KeyTransform("per_track", "report")
    )
    sql, values = told.values("today", "notes").query.sql_with_params()
    by_rest = _ON_POSTGRESQL if connection.vendor == "postgresql" else _ON_SQLITE
    with connection.cursor() as cursor:
        cursor.execute(by_rest.format(lists=sql), values)
        return Counter({days: n for days, n in cursor if days is not None})
