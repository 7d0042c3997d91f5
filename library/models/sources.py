"""The services that tell audio features."""

from django.db import models

from library.models.tracks import Track


class SourcePause(models.Model):
    """Until when a source of audio features is left alone, and why."""

    source = models.CharField(
        max_length=12, primary_key=True, choices=Track.FeatureSource.choices
    )
    until = models.DateTimeField()
    reason = models.CharField(max_length=200)

    class Meta:
        db_table = "feature_pauses"

    def __str__(self) -> str:
        return f"{self.get_source_display()}: {self.reason}"
