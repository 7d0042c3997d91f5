"""Sending one message: by e-mail, or to a webhook with a signature."""

import hashlib
import hmac
import json
import smtplib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.dummy import EmailBackend as Nowhere
from django.utils.module_loading import import_string

from automation import ledger
from automation.models import Channel, Delivery, Notice, Run
from automation.notices import messages
from vibe_engine import outbound
from vibe_engine.errors import TransientError, VibeError
from vibe_engine.outbound import Allowed
from vibe_engine.spotify.errors import BadResponseError

AGAIN = frozenset({408, 425, 429})
"""Refusals that say: not now (RFC 9110, 8470, 6585)."""
NO_MAIL = "No mail server is set: EMAIL_URL in the environment names one."


@dataclass(frozen=True)
class Message:
    """A delivery with what it tells of."""

    delivery: Delivery
    notices: Sequence[Notice]

    @property
    def subject(self) -> str:
        """The message in a few words."""
        return messages.subject(self.delivery, self.notices)

    @property
    def text(self) -> str:
        """The whole message."""
        return messages.plain(
            self.delivery, self.notices, base_url=settings.PUBLIC_BASE_URL
        )


def deliver(*, run: Run, now: datetime) -> dict[str, object]:
    """Send the message of a run, unless it has arrived already.

    A worker that dies between the sending and the writing down sends it once more,
    under the same id.

    :raises VibeError: it was refused, or can go nowhere.
    :raises TransientError: the receiver is away; it is tried again.
    """
    deliveries = Delivery.objects.select_related("channel")
    delivery = deliveries.filter(pk=run.arguments["delivery"]).first()
    if delivery is None:
        raise VibeError("The channel is not there any more.")
    if delivery.delivered_at is None and _is_wanted(delivery):
        ledger.require_lease(run)
        answer = send(delivery, now=now)
        with ledger.fenced(run):
            Delivery.objects.filter(pk=delivery.pk).update(
                delivered_at=now, answer=answer
            )
        delivery.answer = answer
    return {"answer": delivery.answer or "The channel was switched off."}


def _is_wanted(delivery: Delivery) -> bool:
    return delivery.channel.is_on or delivery.what == Delivery.What.TEST


def send(delivery: Delivery, *, now: datetime) -> str:
    """Send a message once; return what the receiver said."""
    message = Message(delivery, list(delivery.notices.order_by("pk")))
    if delivery.channel.kind == Channel.Kind.EMAIL:
        return _send_mail(message)
    return _post(message, now=now)


def may_send_mail() -> bool:
    """Whether there is a mail server to hand messages to."""
    return import_string(settings.EMAIL_BACKEND) is not Nowhere


def _send_mail(message: Message) -> str:
    """Hand a message to the mail server; its id is the same each time."""
    if not may_send_mail():
        raise VibeError(NO_MAIL)
    host = urlsplit(settings.PUBLIC_BASE_URL).hostname
    mail = EmailMessage(
        subject=message.subject,
        body=message.text,
        to=message.delivery.channel.address.split(", "),
        headers={
            "Message-ID": f"<{message.delivery.key}@{host}>",
            "Auto-Submitted": "auto-generated",
        },
    )
    try:
        mail.send()
    except smtplib.SMTPRecipientsRefused:
        raise VibeError("The mail server refuses these addresses.") from None
    except smtplib.SMTPAuthenticationError:
        raise VibeError("The mail server refuses name and password.") from None
    except smtplib.SMTPResponseException as error:
        raise _refused_mail(error.smtp_code) from None
    except (smtplib.SMTPException, OSError) as error:
        name = type(error).__name__
        raise TransientError(f"The mail server does not answer ({name}).") from None
    return "Taken by the mail server"


def _refused_mail(code: int) -> VibeError:
    """Return what an answer means: 4xx is for now, 5xx for good (RFC 5321, 4.2.1)."""
    text = f"The mail server refuses the message ({code})."
    return TransientError(text) if code < 500 else VibeError(text)


def allowed() -> Allowed:
    """Return where webhooks may go in this installation."""
    return Allowed.of(settings.NOTIFY_ALLOWED_HOSTS, plain_on_loopback=settings.DEMO)


def _post(message: Message, *, now: datetime) -> str:
    delivery = message.delivery
    said = messages.payload(
        delivery, message.notices, base_url=settings.PUBLIC_BASE_URL
    )
    body = json.dumps(said).encode()
    headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": str(delivery.key),
        "Vibe-Event": delivery.what,
        **signature(delivery.channel.secret, body, now=now),
    }
    try:
        status = outbound.post(
            delivery.channel.url, body=body, headers=headers, allowed=allowed()
        )
    except BadResponseError as error:
        if error.status is not None and 300 <= error.status < 400:
            raise VibeError(str(error)) from None
        raise
    return _answer(status)


def signature(secret: str, body: bytes, *, now: datetime) -> dict[str, str]:
    """Return the headers by which a receiver knows that we sent this, and when.

    HMAC-SHA256 with the channel's secret over the seconds since 1970, a dot, and the
    body as it is sent.
    """
    at = str(int(now.timestamp()))
    signed = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
    return {"Vibe-Timestamp": at, "Vibe-Signature": f"v1={signed.hexdigest()}"}


def _answer(status: int) -> str:
    if 200 <= status < 300:
        return f"HTTP {status}"
    text = f"The receiver answered HTTP {status}."
    if status >= 500 or status in AGAIN:
        raise TransientError(text)
    raise VibeError(text)
