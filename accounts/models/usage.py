"""Calls used, by the hour."""

from django.db import models

from accounts.models.accounts import Account
from accounts.models.developers import Developer


class Usage(models.Model):
    """Calls of one developer in one hour, by endpoint group and account.

    The account is kept for its own page; erasing it leaves the count, since the
    developer's quota has been used all the same.
    """

    developer = models.ForeignKey(Developer, models.CASCADE, related_name="usage")
    account = models.ForeignKey(
        Account, models.SET_NULL, null=True, blank=True, related_name="usage"
    )
    hour = models.DateTimeField()
    group = models.CharField(max_length=24)
    calls = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "spotify_usage"
        constraints = (
            models.UniqueConstraint(
                name="spotify_usage_once",
                fields=("developer", "hour", "group", "account"),
            ),
        )

    def __str__(self) -> str:
        return f"{self.group} {self.hour:%Y-%m-%d %H}h"
