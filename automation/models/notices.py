"""What people are told outside of the pages: causes, who hears of them, and how."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from automation.models.runs import Run
from vibe_engine import crypto


class Topic(models.TextChoices):
    """What a cause is about; each channel chooses those that it hears of."""

    CONSENT = "consent", "A consent ends soon"
    ACCOUNT = "account", "An account is lost"
    CIRCUIT = "circuit", "Calls rest for hours"
    SCHEDULE = "schedule", "A schedule has paused itself"
    PUSHES = "pushes", "Pushes were stopped by Vibe Engine"
    SHORTFALL = "shortfall", "More and more lists are too short"


class NoticeQuerySet(models.QuerySet["Notice"]):
    def standing(self) -> "NoticeQuerySet":
        """Causes that last."""
        return self.filter(ended_at=None)


class Notice(models.Model):
    """One cause that needs a person, from when it was seen until it was gone.

    `key` names the cause; it stands once while it lasts, and anew when it comes back.
    `tell_from` is when it is worth telling: some causes mostly pass by themselves.
    `lane` is that of the account it speaks of, with whose erasure it goes.
    """

    topic = models.CharField(max_length=16, choices=Topic.choices)
    key = models.CharField(max_length=120)
    lane = models.CharField(max_length=64, blank=True)
    title = models.CharField(max_length=200)
    text = models.CharField(max_length=600, blank=True)
    todo = models.CharField(max_length=300, blank=True)
    path = models.CharField(max_length=300, blank=True)
    since = models.DateTimeField()
    opened_at = models.DateTimeField()
    tell_from = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        db_table = "notices"
        ordering = ("-opened_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                name="notices_one_standing",
                fields=("key",),
                condition=Q(ended_at__isnull=True),
            ),
            models.CheckConstraint(
                name="notices_known_topic", condition=Q(topic__in=Topic.values)
            ),
        )

    def __str__(self) -> str:
        return self.title


class Channel(models.Model):
    """Where causes are told: e-mail addresses, or the address of a webhook.

    `address` is what pages show: the e-mail addresses, or the webhook's host alone,
    since the rest of such an address is often a secret of its own.
    """

    class Kind(models.TextChoices):
        EMAIL = "email", "E-mail"
        WEBHOOK = "webhook", "Webhook"

    kind = models.CharField(max_length=8, choices=Kind.choices)
    name = models.CharField(max_length=80, unique=True)
    address = models.CharField(max_length=1_000)
    url_encrypted = models.TextField(blank=True)
    secret_encrypted = models.TextField(blank=True)
    topics = models.JSONField(default=list)
    tells_end = models.BooleanField(default=True)
    is_on = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )

    class Meta:
        db_table = "notice_channels"
        ordering = ("name",)
        constraints = (
            models.CheckConstraint(
                name="notice_channels_known_kind",
                condition=Q(kind__in=("email", "webhook")),
            ),
        )

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("automation:edit_channel", args=[self.pk])

    def identity(self, part: str) -> str:
        """What "url" and "secret" are bound to: this row alone can be read with it."""
        return f"channel:{self.pk}:{part}"

    def seal(self, *, url: str = "", secret: str = "") -> None:
        """Put new secrets in place, those that are given; the caller saves."""
        if url:
            self.url_encrypted = crypto.encrypt(url, identity=self.identity("url"))
        if secret:
            identity = self.identity("secret")
            self.secret_encrypted = crypto.encrypt(secret, identity=identity)

    @property
    def url(self) -> str:
        """The webhook's whole address; :raises DecryptError: it cannot be read."""
        return crypto.decrypt(self.url_encrypted, identity=self.identity("url"))

    @property
    def secret(self) -> str:
        """What webhooks are signed with; :raises DecryptError: it cannot be read."""
        return crypto.decrypt(self.secret_encrypted, identity=self.identity("secret"))

    @property
    def topic_words(self) -> str:
        """What it hears of, in words."""
        labels = [str(topic.label) for topic in Topic if topic in self.topics]
        return "everything" if len(labels) == len(Topic) else "; ".join(labels)


class Delivery(models.Model):
    """One message to one channel; `key` is the same however often it is sent."""

    class What(models.TextChoices):
        OPENED = "opened", "Needs a person"
        OVER = "over", "It is over"
        TEST = "test", "Test"

    channel = models.ForeignKey(Channel, models.CASCADE, related_name="deliveries")
    what = models.CharField(max_length=8, choices=What.choices)
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=200, blank=True)
    run = models.ForeignKey(
        Run, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    notices: models.ManyToManyField[Notice, "Telling"] = models.ManyToManyField(
        Notice, through="Telling", related_name="deliveries"
    )

    class Meta:
        db_table = "notice_deliveries"
        verbose_name_plural = "deliveries"
        ordering = ("-created_at", "-pk")
        constraints = (
            models.CheckConstraint(
                name="notice_deliveries_known_what",
                condition=Q(what__in=("opened", "over", "test")),
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_what_display()}, {self.created_at:%Y-%m-%d %H:%M}"


class Telling(models.Model):
    """A cause told in a message: that it is there, and that it is over, once each."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="tellings")
    notice = models.ForeignKey(Notice, models.CASCADE, related_name="tellings")
    channel = models.ForeignKey(Channel, models.CASCADE, related_name="+")
    what = models.CharField(max_length=8, choices=Delivery.What.choices)

    class Meta:
        db_table = "notice_tellings"
        constraints = (
            models.UniqueConstraint(
                name="notice_tellings_once", fields=("notice", "channel", "what")
            ),
        )

    def __str__(self) -> str:
        return f"{self.notice_id} to {self.channel_id}: {self.what}"
