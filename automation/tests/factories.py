"""Runs for tests."""

from datetime import datetime
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from automation import ledger
from automation.ledger import RunSpec
from automation.models import Channel, Notice, Run, Topic
from vibe_engine import clock

_numbers = count(1)
WEBHOOK_SECRET = "a secret of some length"


def make_spec(**changes: object) -> RunSpec:
    """Return the spec of a run of the kind `tests.echo` about a fresh subject."""
    number = next(_numbers)
    values: dict[str, object] = {
        "kind": "tests.echo",
        "subject": f"thing:{number}",
        "title": f"Thing {number}",
    }
    return RunSpec(**(values | changes))  # type: ignore[arg-type]


def make_run(*, now: datetime | None = None, **changes: object) -> Run:
    """Open a run and return it."""
    return ledger.open_run(make_spec(**changes), now=now or clock.now())


def make_channel(
    *, url: str = "", secret: str = WEBHOOK_SECRET, **fields: Any
) -> Channel:
    """Save a webhook at `url`, or an e-mail channel where there is none."""
    fields.setdefault("kind", "webhook" if url else "email")
    fields.setdefault("name", f"Channel {next(_numbers)}")
    fields.setdefault("address", urlsplit(url).netloc or "night@example.org")
    fields.setdefault("topics", list(Topic))
    fields.setdefault("created_at", clock.now())
    channel = Channel.objects.create(**fields)
    channel.seal(url=url, secret=secret if url else "")
    channel.save()
    return channel


def make_notice(*, now: datetime, **fields: Any) -> Notice:
    """Save a cause that stands and is worth telling."""
    fields.setdefault("topic", Topic.SCHEDULE)
    fields.setdefault("key", f"thing:{next(_numbers)}")
    fields.setdefault("title", "The schedule “Due reshuffles” has paused itself")
    times = dict.fromkeys(("since", "opened_at", "tell_from"), now)
    return Notice.objects.create(**(times | fields))


def make_working_run(**changes: object) -> Run:
    """Open a run, claim it and return it."""
    opened = ledger.open_run(make_spec(**changes), now=clock.now())
    run = ledger.claim(opened.pk, worker="test")
    assert run is not None
    return run
