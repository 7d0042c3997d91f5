"""Runs for tests."""

from datetime import datetime
from itertools import count

from automation import ledger
from automation.ledger import RunSpec
from automation.models import Run
from vibe_engine import clock

_numbers = count(1)


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


def make_working_run(**changes: object) -> Run:
    """Open a run, claim it and return it."""
    opened = ledger.open_run(make_spec(**changes), now=clock.now())
    run = ledger.claim(opened.pk, worker="test")
    assert run is not None
    return run
