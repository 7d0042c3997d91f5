from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("library", "0006_blocks")]

    operations = [
        migrations.RemoveConstraint("trackartist", "track_artists_once"),
        migrations.AddConstraint(
            "trackartist",
            models.UniqueConstraint(
                fields=("artist", "track"), name="track_artists_once"
            ),
        ),
    ]
