"""The count of the library's changes."""

import uuid

from django.db import models
from django.db.models import F, Q


class LibraryVersion(models.Model):
    """One row that counts the changes of tracks; pools are cached by it.

    `epoch` is made with the row, so that the same number in another database, or
    in an emptied one, is not taken for the same library.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    version = models.PositiveBigIntegerField(default=0)
    epoch = models.UUIDField(default=uuid.uuid4)

    class Meta:
        db_table = "library_version"
        constraints = (
            models.CheckConstraint(name="library_version_one_row", condition=Q(id=1)),
        )

    def __str__(self) -> str:
        return str(self.version)

    @classmethod
    def stamp(cls) -> tuple[uuid.UUID, int] | None:
        """Return epoch and version, None before the first change."""
        return cls.objects.filter(pk=1).values_list("epoch", "version").first()

    @classmethod
    def bump(cls) -> None:
        """Count one change; call it in the transaction that changes tracks."""
        if not cls.objects.filter(pk=1).update(version=F("version") + 1):
            cls.objects.get_or_create(pk=1, defaults={"version": 1})
