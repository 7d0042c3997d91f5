"""What upper apps hand down: the kinds of run they execute, and their listeners."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from automation.arguments import ArgumentsForm
from automation.models import Run
from vibe_engine.errors import VibeError

Job = Callable[[Run], dict[str, object] | None]
Listener = Callable[..., None]


@dataclass(frozen=True)
class Kind:
    """A kind of run: its job and, for schedules, whether there is anything to do.

    Only a `schedulable` one needs no subject, so that staff may put it on a schedule.
    `arguments` are the fields of what a schedule may tell it. One that `writes` changes
    something on Spotify.
    """

    name: str
    job: Job
    wanted: Callable[[datetime], bool] | None = None
    schedulable: bool = False
    writes: bool = False
    arguments: type[ArgumentsForm] | None = None


_kinds: dict[str, Kind] = {}
_listeners: defaultdict[str, list[Listener]] = defaultdict(list)


def kind(
    name: str,
    *,
    wanted: Callable[[datetime], bool] | None = None,
    schedulable: bool = False,
    writes: bool = False,
    arguments: type[ArgumentsForm] | None = None,
) -> Callable[[Job], Job]:
    """Register a function as the job of a kind of run.

    `wanted(now)` lets a schedule pass over a slot in which nothing is to be done.
    """

    def register(job: Job) -> Job:
        if name in _kinds:
            raise ValueError(f"The kind {name} is registered twice.")
        _kinds[name] = Kind(name, job, wanted, schedulable, writes, arguments)
        return job

    return register


def get(name: str) -> Kind:
    """Return a kind; :raises VibeError: no app knows it (an older version did)."""
    try:
        return _kinds[name]
    except KeyError:
        raise VibeError(f"This version knows no work of the kind “{name}”.") from None


def names() -> tuple[str, ...]:
    """Return the names of all registered kinds, sorted."""
    return tuple(sorted(_kinds))


def schedulable() -> tuple[str, ...]:
    """Return the names of the kinds that a schedule may stand for, sorted."""
    return tuple(name for name in names() if _kinds[name].schedulable)


def writing() -> tuple[str, ...]:
    """Return the names of the kinds that change something on Spotify, sorted."""
    return tuple(name for name in names() if _kinds[name].writes)


def on(event: str, listener: Listener) -> None:
    """Call `listener(**details)` in the same transaction whenever `event` happens."""
    _listeners[event].append(listener)


def emit(event: str, **details: object) -> None:
    """Tell every listener of `event`; their errors are the caller's."""
    for listener in _listeners[event]:
        listener(**details)
