"""The connected accounts and their consent."""

from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from accounts.models.developers import App

CONSENT_MONTHS = 6
"""A refresh token dies six months after consent (Spotify, 2026-06-18)."""
CONSENT_SOON = timedelta(days=30)
"""From this much on the pages remind of renewing the consent."""
CONSENT_WARNINGS_DAYS = (30, 14, 7, 1)
"""Days before its end at which the team is told anew."""
CONSENT_LEAD = timedelta(hours=1)
"""So much before its end no work is begun any more that would need the consent."""


class AccountQuerySet(models.QuerySet["Account"]):
    def usable(self) -> Self:
        """Accounts whose playlists may be worked on."""
        return self.filter(status=Account.Status.ACTIVE)

    def signed_in(self, *, now: datetime) -> Self:
        """Usable accounts that Spotify does not refuse, with a consent that lasts."""
        accepted = Q(recheck_at=None) | Q(recheck_at__lte=now)
        return self.usable().filter(accepted, consent_ends_at__gt=now + CONSENT_LEAD)

    def seated(self) -> Self:
        """Accounts that take up a seat of their app."""
        return self.filter(disconnected_at=None)

    def for_table(self) -> Self:
        """Everything one row or strip shows, in a stable order."""
        return self.select_related("app__developer").order_by("app_id", "pk")


class Account(models.Model):
    """A Spotify account of the fleet, connected by consent.

    `recheck_at`: Spotify refused its sign-in, and is asked again then;
    `consent_warned_days`: the last warning that was given before its consent ends.
    """

    class Status(models.TextChoices):
        ACTIVE = "active", "Connected"
        INACTIVE = "inactive", "Paused"
        NEEDS_REAUTH = "needs_reauth", "Needs consent"
        BLOCKED = "blocked", "Blocked"
        ERASING = "erasing", "Being erased"

    app = models.ForeignKey(App, models.PROTECT, related_name="accounts")
    account_id = models.CharField(max_length=128, unique=True)
    user_id = models.CharField(max_length=128)
    display_name = models.CharField(max_length=200, blank=True)
    image_url = models.URLField(max_length=500, blank=True)
    profile_url = models.URLField(max_length=500, blank=True)
    prefix = models.CharField(max_length=64)
    status = models.CharField(
        max_length=16, choices=Status.choices, default=Status.ACTIVE
    )
    status_reason = models.CharField(max_length=300, blank=True)
    token_expires_at = models.DateTimeField(null=True, blank=True)
    authorized_at = models.DateTimeField()
    consent_ends_at = models.DateTimeField()
    consent_warned_days = models.PositiveSmallIntegerField(null=True, blank=True)
    recheck_at = models.DateTimeField(null=True, blank=True)
    authorized_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True
    )
    scopes = models.CharField(max_length=500, blank=True)
    playlists_count = models.PositiveIntegerField(default=0)
    next_index = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    disconnected_at = models.DateTimeField(null=True, blank=True)

    objects = AccountQuerySet.as_manager()

    class Meta:
        db_table = "spotify_accounts"
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(
                name="spotify_accounts_known_status",
                condition=Q(
                    status__in=(
                        "active",
                        "inactive",
                        "needs_reauth",
                        "blocked",
                        "erasing",
                    )
                ),
            ),
            models.CheckConstraint(
                name="spotify_accounts_prefix_given", condition=~Q(prefix="")
            ),
            models.CheckConstraint(
                name="spotify_accounts_consent_ends_later",
                condition=Q(consent_ends_at__gt=F("authorized_at")),
            ),
            models.CheckConstraint(
                name="spotify_accounts_next_index", condition=Q(next_index__gte=1)
            ),
        )

    def __str__(self) -> str:
        return self.display_name or self.user_id

    def get_absolute_url(self) -> str:
        return reverse("accounts:detail", args=[self.pk])

    @property
    def lane(self) -> str:
        """The ledger's lane: runs of one account go one after another."""
        return f"account:{self.pk}"

    @property
    def budget(self) -> str:
        """The ledger's budget: whose rate and quota a call costs."""
        return f"developer:{self.app.developer_id}"

    @property
    def subject(self) -> str:
        """The ledger's subject of runs about the account itself."""
        return f"account:{self.pk}"

    @property
    def is_usable(self) -> bool:
        """Whether its playlists may be worked on."""
        return self.status == self.Status.ACTIVE

    @property
    def is_disconnected(self) -> bool:
        """Whether somebody disconnected it here, rather than Spotify."""
        return self.disconnected_at is not None

    @property
    def is_being_erased(self) -> bool:
        """Whether all that is kept of it is on its way out."""
        return self.status == self.Status.ERASING

    @property
    def state_mark(self) -> str:
        """The mark beside its name, whatever the time: ok, paused, off or bad."""
        if self.is_disconnected:
            return "off"
        if self.status == self.Status.INACTIVE:
            return "paused"
        return "ok" if self.is_usable else "bad"

    def state(self, *, now: datetime) -> tuple[str, str]:
        """Return mark (ok, warn, bad, paused, off) and what is the matter, in words."""
        if self.is_being_erased:
            return "off", "Being erased"
        if self.is_disconnected:
            return "off", "Disconnected"
        if self.status == self.Status.NEEDS_REAUTH:
            ended = self.consent_ends_at <= now
            return "bad", "Consent ended" if ended else "Needs consent"
        if self.status == self.Status.BLOCKED:
            return "bad", "No seat"
        if self.status == self.Status.INACTIVE:
            return "paused", "Paused"
        if self.recheck_at is not None:
            return "warn", "Sign-in refused"
        if self.ends_soon(now=now):
            days = self.consent_warning(now=now)
            words = "a day" if days == min(CONSENT_WARNINGS_DAYS) else f"{days} days"
            return "warn", f"Consent ends within {words}"
        return "ok", "Connected"

    def consent_left(self, *, now: datetime) -> timedelta:
        """Time until the consent dies; negative afterwards."""
        return self.consent_ends_at - now

    def consent_warning(self, *, now: datetime) -> int | None:
        """Return the warning that stands: 30, 14, 7 or 1 days before the end."""
        left = self.consent_left(now=now)
        stages = [days for days in CONSENT_WARNINGS_DAYS if left <= timedelta(days)]
        return min(stages, default=None)

    def ends_soon(self, *, now: datetime) -> bool:
        """Whether its work stops within the month unless the consent is renewed."""
        return self.is_usable and self.consent_left(now=now) <= CONSENT_SOON
