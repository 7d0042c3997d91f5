"""What a piece of work is about, for the log, and which calls it made.

A request or a run opens a trace; whatever happens inside, in the same thread, finds
it here without being handed it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime

from vibe_engine import clock


@dataclass(frozen=True)
class Call:
    """One request to another service: its route without ids, and what came back.

    `status` 0 says that no answer came.
    """

    at: datetime
    route: str
    status: int
    took_ms: int


@dataclass
class Trace:
    """One piece of work: the facts that its log lines carry, and its calls."""

    facts: Mapping[str, object]
    calls: list[Call] = field(default_factory=list)

    def take_calls(self) -> list[Call]:
        """Return the calls since this was asked last."""
        taken, self.calls = self.calls, []
        return taken


_current: ContextVar[Trace | None] = ContextVar("trace", default=None)


@contextmanager
def trace(**facts: object) -> Iterator[Trace]:
    """Let log lines and calls inside belong to a piece of work."""
    opened = Trace({**current_facts(), **facts})
    token = _current.set(opened)
    try:
        yield opened
    finally:
        _current.reset(token)


def current() -> Trace | None:
    """Return the piece of work that goes on in this thread, if there is one."""
    return _current.get()


def current_facts() -> Mapping[str, object]:
    """Return what log lines carry here."""
    found = _current.get()
    return found.facts if found else {}


def note_call(route: str, *, status: int, took_ms: int) -> None:
    """Write a call down, if a piece of work goes on here."""
    found = _current.get()
    if found is not None:
        found.calls.append(Call(clock.now(), route, status, took_ms))
