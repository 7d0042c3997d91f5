"""The list of runs: narrowed down, and paged by key without counting."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, QuerySet, Subquery

from automation.models import Run

PAGE = 50
LOOKED_THROUGH = 50_000
"""Newest runs in whose titles a text is looked for; older ones have no index."""
SCHEDULE, SHELL = "schedule", "shell"
"""Who asks without being a person."""


@dataclass(frozen=True)
class Wanted:
    """Which runs are wanted; "" is any. `who` may be a person's key as a text."""

    state: str = ""
    kind: str = ""
    lane: str = ""
    who: str = ""
    q: str = ""

    @property
    def is_narrow(self) -> bool:
        """Whether the runs inside bulks are meant as well."""
        return any((self.kind, self.lane, self.who, self.q))

    def runs(self) -> QuerySet[Run]:
        """Return the runs, newest first; without a bulk's children unless narrowed."""
        rows = Run.objects.for_table()
        runs: QuerySet[Run] = rows if self.is_narrow else rows.top_level()
        if self.state:
            states = Run.ACTIVE if self.state == "active" else (self.state,)
            runs = runs.filter(state__in=states)
        for column in ("kind", "lane"):
            if value := getattr(self, column):
                runs = runs.filter(**{column: value})
        if self.who:
            runs = _asked_by(runs, self.who)
        if self.q:
            newest = Subquery(Run.objects.order_by("-pk").values("pk")[:1])
            runs = runs.filter(pk__gt=newest - LOOKED_THROUGH, title__icontains=self.q)
        return runs


def _asked_by(runs: QuerySet[Run], who: str) -> QuerySet[Run]:
    if who.isdigit():
        return runs.filter(requested_by=int(who))
    nobody = runs.filter(requested_by=None)
    if who == SCHEDULE:
        return nobody.filter(priority__lt=Run.Priority.INTERACTIVE)
    return nobody.filter(priority=Run.Priority.INTERACTIVE)


@dataclass(frozen=True)
class RunPage:
    """Some runs; `older` and `newer` are the keys beside which more stand, or None."""

    rows: Sequence[Run]
    older: int | None = None
    newer: int | None = None

    def __iter__(self) -> Iterator[Run]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def is_going(self) -> bool:
        """Whether this is the newest page and something on it still goes on."""
        return self.newer is None and any(run.is_active for run in self.rows)


def page_of(
    runs: QuerySet[Run], *, older_than: int | None, newer_than: int | None
) -> RunPage:
    """Return a page beside a key, the newest runs without one; a single query."""
    if newer_than is not None:
        found = list(runs.filter(pk__gt=newer_than).order_by("pk")[: PAGE + 1])
        rows = found[:PAGE][::-1]
        newer = rows[0].pk if len(found) > PAGE else None
        return RunPage(rows, older=rows[-1].pk if rows else None, newer=newer)
    if older_than is not None:
        runs = runs.filter(pk__lt=older_than)
    found = list(runs[: PAGE + 1])
    rows = found[:PAGE]
    older = rows[-1].pk if len(found) > PAGE else None
    return RunPage(rows, older=older, newer=_first_key(rows, older_than))


def _first_key(rows: Sequence[Run], older_than: int | None) -> int | None:
    if older_than is None:
        return None
    return rows[0].pk if rows else older_than - 1


def people() -> list[User]:
    """Return who has asked for a run."""
    asked = Run.objects.filter(requested_by=OuterRef("pk")).order_by()
    return list(User.objects.filter(Exists(asked)).order_by("username"))
