"""Spotify developers and their apps."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from vibe_engine import crypto

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
