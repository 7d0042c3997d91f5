"""Spotify developers, their apps, the connected accounts and their tokens."""

from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from automation.models import Run
from vibe_engine import crypto

CONSENT_MONTHS = 6
"""A refresh token dies six months after consent (Spotify, 2026-06-18)."""
CONSENT_SOON = timedelta(days=30)
"""From this much on the pages remind of renewing the consent."""
CONSENT_WARNINGS_DAYS = (30, 14, 7, 1)
"""Days before its end at which the team is told anew."""
CONSENT_LEAD = timedelta(hours=1)
"""So much before its end no work is begun any more that would need the consent."""
MOST_RESERVE_PERCENT = 90
"""Schedules and bulks keep at least a tenth of each daily budget."""


class Developer(models.Model):
    """A Spotify developer account: rate and quota are its, not the app's."""

    name = models.CharField(max_length=100, unique=True)
    requests_per_s = models.FloatField(
        default=1.0, validators=[MinValueValidator(0.01)]
    )
    catalogue_calls_a_day = models.PositiveIntegerField(default=400)
    playlist_writes_a_day = models.PositiveIntegerField(default=300)
    playlist_reads_a_day = models.PositiveIntegerField(default=400)
    interactive_reserve_percent = models.PositiveSmallIntegerField(
        default=20, validators=[MaxValueValidator(MOST_RESERVE_PERCENT)]
    )
    next_free_at = models.DateTimeField(null=True, blank=True)
    queue_tail_at = models.DateTimeField(null=True, blank=True)
    circuit_open_until = models.DateTimeField(null=True, blank=True)
    circuit_cause = models.CharField(max_length=40, blank=True)
    circuit_trips = models.PositiveIntegerField(default=0)
    circuit_closed_at = models.DateTimeField(null=True, blank=True)
    probe_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "spotify_developers"
        ordering = ("name",)
        constraints = (
            models.CheckConstraint(
                name="spotify_developers_positive_rate",
                condition=Q(requests_per_s__gt=0),
            ),
            models.CheckConstraint(
                name="spotify_developers_some_for_routine",
                condition=Q(interactive_reserve_percent__lte=MOST_RESERVE_PERCENT),
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def budget(self) -> str:
        """The ledger's budget: whose rate and quota a run's calls cost."""
        return f"developer:{self.pk}"


class App(models.Model):
    """A Spotify app (client id); refresh tokens belong to it.

    `refresh_halted_until`: before then no refresh token of its accounts is tried,
    for the reason in `refresh_halt_cause`.
    """

    class Mode(models.TextChoices):
        DEVELOPMENT = "development", "Development mode"
        EXTENDED = "extended", "Extended quota"

    developer = models.ForeignKey(Developer, models.PROTECT, related_name="apps")
    name = models.CharField(max_length=100)
    client_id = models.CharField(max_length=64, unique=True)
    client_secret_encrypted = models.TextField(blank=True)
    mode = models.CharField(
        max_length=16, choices=Mode.choices, default=Mode.DEVELOPMENT
    )
    seats = models.PositiveIntegerField(
        default=5, validators=[MaxValueValidator(10_000)]
    )
    refresh_halted_until = models.DateTimeField(null=True, blank=True, editable=False)
    refresh_halt_cause = models.CharField(max_length=16, blank=True, editable=False)

    class Meta:
        db_table = "spotify_apps"
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(
                name="spotify_apps_known_mode",
                condition=Q(mode__in=("development", "extended")),
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def client_secret(self) -> str:
        """Return the secret in the clear; :raises DecryptError: it cannot be read."""
        return crypto.decrypt(self.client_secret_encrypted, identity=self.identity)

    def seal_client_secret(self, secret: str) -> None:
        """Set the encrypted secret, to be tried at once; the caller saves."""
        self.client_secret_encrypted = crypto.encrypt(secret, identity=self.identity)
        self.refresh_halted_until, self.refresh_halt_cause = None, ""

    @property
    def identity(self) -> str:
        """What the encrypted secret is bound to."""
        return f"app:{self.client_id}"

    @property
    def may_read_features(self) -> bool:
        """Whether Spotify may answer audio-feature calls (closed for new apps)."""
        return self.mode == self.Mode.EXTENDED


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


class Token(models.Model):
    """The tokens of one account, apart so that their lock blocks nothing else.

    `version` grows with every change and serves compare-and-set. `refused_at` is
    the first refusal of a row of `refusals`, `refreshed_at` the last success.
    """

    account = models.OneToOneField(
        Account, models.CASCADE, primary_key=True, related_name="token"
    )
    access_encrypted = models.TextField(blank=True)
    refresh_encrypted = models.TextField(blank=True)
    previous_refresh_encrypted = models.TextField(blank=True)
    key_id = models.CharField(max_length=32, blank=True)
    version = models.PositiveIntegerField(default=1)
    refreshing_until = models.DateTimeField(null=True, blank=True)
    refreshed_at = models.DateTimeField(null=True, blank=True)
    refused_at = models.DateTimeField(null=True, blank=True)
    refusals = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "spotify_tokens"

    def __str__(self) -> str:
        return f"Tokens of account {self.account_id}"

    @property
    def access_token(self) -> str:
        """Return the access token, "" if none; :raises DecryptError: unreadable."""
        return self._open(self.access_encrypted, "access")

    @property
    def refresh_tokens(self) -> tuple[str, ...]:
        """Return the refresh token and the one before it, as far as they can be read.

        :raises DecryptError: there are some, and none can be read.
        """
        stored = (self.refresh_encrypted, self.previous_refresh_encrypted)
        kept = [text for text in stored if text]
        opened = [self._try_open(text, "refresh") for text in kept]
        readable = tuple(text for text in opened if text is not None)
        if kept and not readable:
            self._open(kept[0], "refresh")
        return readable

    def seal(self, *, access: str, refresh: str | None, used: str = "") -> None:
        """Set fresh tokens; the caller saves.

        `used` is the refresh token that Spotify accepted for them. A new one moves
        it back a generation; where none comes (`refresh` is None, as usual since
        July 2026) it is the one to keep, even if another was thought newer. All
        are sealed anew, so that none brings an old key back.
        """
        kept = self._try_open(self.refresh_encrypted, "refresh")
        before = self._try_open(self.previous_refresh_encrypted, "refresh")
        if refresh is not None:
            before = used or kept
        elif used and used != kept:
            before = None
        self.access_encrypted = self._sealed(access, "access")
        self.refresh_encrypted = self._sealed(refresh or used or kept, "refresh")
        self.previous_refresh_encrypted = self._sealed(before, "refresh")
        self.key_id = crypto.key_id_of(self.access_encrypted)

    def identity(self, part: str) -> str:
        """Return what a value is bound to; `part` is "access" or "refresh"."""
        return f"token:{self.account_id}:{part}"

    def _sealed(self, text: str | None, part: str) -> str:
        return crypto.encrypt(text, identity=self.identity(part)) if text else ""

    def _open(self, stored: str, part: str) -> str:
        return crypto.decrypt(stored, identity=self.identity(part)) if stored else ""

    def _try_open(self, stored: str, part: str) -> str | None:
        try:
            return self._open(stored, part)
        except crypto.DecryptError:
            return None


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


class ErasureReceipt(models.Model):
    """What was erased with an account, when and at whose wish; nothing personal.

    The Spotify ids are kept as salted scrypt hashes (`services.receipts`), so that
    whoever knows an id can prove that this is its receipt. `counts` are rows deleted
    by table, `on_spotify` says what was left there.
    """

    code = models.CharField(max_length=12, unique=True)
    account_number = models.PositiveBigIntegerField(unique=True)
    salt = models.CharField(max_length=32)
    id_hashes = models.JSONField(default=list)
    unfollow = models.BooleanField(default=False)
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=150)
    finished_at = models.DateTimeField(null=True, blank=True)
    counts = models.JSONField(default=dict, blank=True)
    on_spotify = models.JSONField(default=dict, blank=True)
    run = models.ForeignKey(
        Run, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        db_table = "erasure_receipts"
        ordering = ("-asked_at", "-pk")
        constraints = (
            models.CheckConstraint(
                name="erasure_receipts_finished_later",
                condition=Q(finished_at__isnull=True)
                | Q(finished_at__gte=F("asked_at")),
            ),
        )

    def __str__(self) -> str:
        return self.code

    def get_absolute_url(self) -> str:
        return reverse("accounts:receipt", args=[self.code])

    @property
    def is_finished(self) -> bool:
        """Whether nothing of the account is left."""
        return self.finished_at is not None

    @property
    def rows(self) -> int:
        """How many rows were deleted in all."""
        return sum(self.counts.values())
