"""What is the matter now, as each app sees it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from automation import registry
from automation.models import Topic
from automation.runtime import RuntimeSettings

COLLECT = "concerns.collect"
"""The event; listeners get `note`, `settings` and `now`, and note what they see."""

Note = Callable[["Concern"], None]


@dataclass(frozen=True)
class Concern:
    """One cause that needs a person, told in plain words.

    `key` is the same for as long as it is the same cause. `todo` says what to do and
    `path` is the page where. It is told once it has stood for `patience`.
    """

    topic: Topic
    key: str
    title: str
    text: str
    todo: str
    path: str
    since: datetime
    lane: str = ""
    patience: timedelta = timedelta()

    def words(self) -> dict[str, str]:
        """Return what may change while it is the same cause, as columns."""
        return {
            "title": self.title[:200],
            "text": self.text[:600],
            "todo": self.todo[:300],
            "path": self.path[:300],
        }


def collect(*, settings: RuntimeSettings, now: datetime) -> dict[str, Concern]:
    """Ask every app what is the matter; return it by key."""
    found: dict[str, Concern] = {}

    def note(concern: Concern) -> None:
        found.setdefault(concern.key, concern)

    registry.emit(COLLECT, note=note, settings=settings, now=now)
    return found
