"""What a message says: as plain text, and as JSON for a webhook.

Names in it come from people and from Spotify: they are written without control and
direction marks, on one line, so that none can pretend to be another part of it.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from django.urls import reverse

from automation.models import Delivery, Notice

LONGEST_SUBJECT = 150
TEST_TEXT = "This is a test: this channel works."


def one_line(text: str) -> str:
    """Return a text on one line, without control, format and private characters."""
    plain = (" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
    return " ".join("".join(plain).split())


def subject(delivery: Delivery, notices: Sequence[Notice]) -> str:
    """Return a message in a few words."""
    if delivery.what == Delivery.What.TEST:
        return "Vibe Engine: test"
    if len(notices) == 1:
        words = one_line(notices[0].title)
    else:
        need = "are over" if delivery.what == Delivery.What.OVER else "need a person"
        return f"Vibe Engine: {len(notices)} things {need}"
    over = "over: " if delivery.what == Delivery.What.OVER else ""
    return f"Vibe Engine: {over}{words}"[:LONGEST_SUBJECT]


def plain(delivery: Delivery, notices: Sequence[Notice], *, base_url: str) -> str:
    """Return the whole message as plain text."""
    parts = ["\n".join(_lines(delivery, one, base_url)) for one in notices]
    if delivery.what == Delivery.What.TEST:
        parts = [TEST_TEXT]
    foot = f"Staff choose who is told what: {base_url}{reverse('automation:notices')}"
    return "\n\n".join([*parts, foot]) + "\n"


def _lines(delivery: Delivery, notice: Notice, base_url: str) -> Iterator[str]:
    is_over = delivery.what == Delivery.What.OVER
    yield f"{'It is over: ' if is_over else ''}{one_line(notice.title)}"
    yield f"Since: {_moment(notice.since)}"
    if is_over and notice.ended_at is not None:
        yield f"Over: {_moment(notice.ended_at)}"
        return
    if notice.text:
        yield one_line(notice.text)
    if notice.todo:
        yield f"What to do: {one_line(notice.todo)}"
    yield f"{base_url}{notice.path}"


def payload(
    delivery: Delivery, notices: Sequence[Notice], *, base_url: str
) -> dict[str, object]:
    """Return the message for a webhook; the same whenever it is sent again."""
    return {
        "id": str(delivery.key),
        "event": delivery.what,
        "created_at": delivery.created_at.astimezone(UTC).isoformat(),
        "text": plain(delivery, notices, base_url=base_url),
        "notices": [_row(notice, base_url) for notice in notices],
    }


def _row(notice: Notice, base_url: str) -> dict[str, object]:
    ended = notice.ended_at
    return {
        "cause": notice.key,
        "topic": notice.topic,
        "title": one_line(notice.title),
        "text": one_line(notice.text),
        "todo": one_line(notice.todo),
        "url": f"{base_url}{notice.path}",
        "since": notice.since.astimezone(UTC).isoformat(),
        "ended_at": ended.astimezone(UTC).isoformat() if ended else None,
    }


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
