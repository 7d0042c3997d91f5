"""Channels: added, changed, tried out and removed by staff."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction

from automation.models import Channel, Delivery, Run, Topic
from automation.notices import sending, watch
from vibe_engine import outbound
from vibe_engine.errors import InputError

SAME_NAME = "There is another channel of this name."
UNSIGNED = "A webhook needs a secret, so that its receiver can tell who sends."


@dataclass(frozen=True)
class Wish:
    """What a channel is to be; an empty `url` or `secret` leaves the one there is."""

    name: str
    topics: Sequence[str]
    tells_end: bool
    addresses: Sequence[str] = ()
    url: str = ""
    secret: str = ""


def save_channel(
    *,
    channel: Channel | None,
    kind: str,
    wish: Wish,
    now: datetime,
    by: AbstractBaseUser | None,
) -> Channel:
    """Add a channel, or change one; secrets are sealed before they are stored.

    :raises InputError: the name is taken, the address may not be posted to, or a
        webhook would have no secret; `field` names the field.
    """
    found = channel or Channel(
        kind=kind, created_at=now, created_by_id=by.pk if by else None
    )
    found.name, found.tells_end = wish.name, wish.tells_end
    found.topics = [str(topic) for topic in Topic if topic in wish.topics]
    found.address = _address(found, wish)
    try:
        with transaction.atomic():
            found.save()
            found.seal(url=wish.url, secret=wish.secret)
            found.save(update_fields=["url_encrypted", "secret_encrypted"])
    except IntegrityError:
        raise InputError(SAME_NAME, field="name") from None
    return found


def _address(channel: Channel, wish: Wish) -> str:
    """Return what pages show of where it goes; check what is new of it."""
    if channel.kind == Channel.Kind.EMAIL:
        return ", ".join(wish.addresses)
    if not (wish.secret or channel.secret_encrypted):
        raise InputError(UNSIGNED, field="secret")
    if not wish.url:
        if not channel.url_encrypted:
            raise InputError("A webhook needs an address.", field="url")
        return channel.address
    try:
        return outbound.check(wish.url, allowed=sending.allowed()).netloc
    except InputError as error:
        raise InputError(str(error), field="url") from None


def toggle_channel(*, channel: Channel) -> bool:
    """Switch a channel on or off; return whether it is on now."""
    channel.is_on = not channel.is_on
    channel.save(update_fields=["is_on"])
    return channel.is_on


def open_test(*, channel: Channel, now: datetime, by: AbstractBaseUser) -> Run:
    """Open a run that sends a test message, whether the channel is on or off."""
    with transaction.atomic():
        delivery = Delivery.objects.create(
            channel=channel, what=Delivery.What.TEST, created_at=now
        )
        return watch.open_delivery(
            delivery, now=now, priority=Run.Priority.INTERACTIVE, requested_by=by
        )
