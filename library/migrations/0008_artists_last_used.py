"""The days of an artist's tracks in order; keys that other indexes begin with."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("library", "0007_credits_by_artist")]

    operations = [
        migrations.RemoveIndex("track", "tracks_artist"),
        migrations.AlterField(
            "track",
            "primary_artist",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="primary_tracks",
                to="library.artist",
            ),
        ),
        migrations.AlterField(
            "trackartist",
            "artist",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="credits",
                to="library.artist",
            ),
        ),
        migrations.AlterField(
            "trackartist",
            "track",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="credits",
                to="library.track",
            ),
        ),
        migrations.AddIndex(
            "track",
            models.Index(
                fields=["primary_artist", "last_used_on"], name="tracks_artist_used"
            ),
        ),
        migrations.AddIndex(
            "trackartist",
            models.Index(
                condition=models.Q(("position__gt", 1)),
                fields=["artist", "track"],
                name="track_artists_guests",
            ),
        ),
    ]
