"""Indexes for text anywhere in a name, and for tracks that wait for their first turn."""

from django.db import migrations, models

FUNCTION = """
CREATE OR REPLACE FUNCTION text_trigrams(text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT array_agg(substr($1, n, 3)) FROM generate_series(1, length($1) - 2) AS n
$$"""
INDEXES = {
    "tracks": "name || chr(10) || artist_line",
    "albums": "name || chr(10) || artist_line",
    "artists": "name",
}


def make_indexes(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    schema_editor.execute(FUNCTION)
    for table, text in INDEXES.items():
        schema_editor.execute(
            f"CREATE INDEX {table}_text ON {table} "
            f"USING gin (text_trigrams(UPPER({text})))"
        )


def drop_indexes(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    for table in INDEXES:
        schema_editor.execute(f"DROP INDEX {table}_text")
    schema_editor.execute("DROP FUNCTION text_trigrams(text)")


class Migration(migrations.Migration):
    dependencies = [("library", "0004_features_from_services")]

    operations = [
        migrations.RunPython(make_indexes, drop_indexes),
        migrations.AddIndex(
            model_name="track",
            index=models.Index(
                fields=["id"],
                condition=models.Q(
                    ("is_playable", True), ("is_usable", True), ("last_used_on", None)
                ),
                name="tracks_unused",
            ),
        ),
    ]
