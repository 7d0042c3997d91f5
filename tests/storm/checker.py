"""Judges a history: what was asked, what Spotify saw, what the database says.

In Jepsen's manner: the storm only records, this module alone decides. It is pure
and knows neither Django nor the sandbox; `tests.storm.observing` fills a `History`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise

DONE = "done"
CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True)
class Call:
    """One request to the Web API, as Spotify's side logged it.

    `digest` and `version` are those of the items it left, "" where it wrote none:
    it was not carried out, or it writes no items. `playlist` is "" for calls that
    are not about one.
    """

    number: int
    started_s: float
    ended_s: float
    name: str
    developer: str = ""
    playlist: str = ""
    digest: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Remote:
    """One playlist as it stands on Spotify."""

    id: str
    description: str
    digest: str


@dataclass(frozen=True, slots=True)
class Local:
    """One playlist as the database has it; `is_settled`: nothing is left to tell."""

    pk: int
    remote_id: str
    marker: str
    description: str
    is_settled: bool


@dataclass(frozen=True, slots=True)
class List:
    """One stored list of a playlist, in the order in which they were planned."""

    pk: int
    playlist: int
    run: int | None
    state: str
    digest: str


@dataclass(frozen=True, slots=True)
class Ended:
    """One run of the ledger as it stands at the end."""

    pk: int
    title: str
    state: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Opening:
    """One stretch of time in which a developer's circuit was open."""

    developer: str
    opened_s: float
    until_s: float


@dataclass(frozen=True, slots=True)
class History:
    """Everything that a storm leaves behind; `accepted` are runs answered for."""

    accepted: frozenset[int] = frozenset()
    runs: Sequence[Ended] = ()
    calls: Sequence[Call] = ()
    remote: Sequence[Remote] = ()
    local: Sequence[Local] = ()
    lists: Sequence[List] = ()
    openings: Sequence[Opening] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """How strictly a history is judged.

    `deadline_s`: a caller has given up by then, whatever the server still does.
    `flight_s`: a call may be that long on its way when a circuit opens.
    `late_writes`: a process that slept past its lease may send one call after it
    wakes. No check can come after the last check, so such calls may overlap with
    others and be repaired; the content has to be right all the same.
    """

    deadline_s: float
    flight_s: float
    late_writes: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found wrong, a sentence each; all four are empty after a good storm."""

    lost: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    markers: list[str] = field(default_factory=list)

    @property
    def findings(self) -> list[str]:
        """Everything found, in one list."""
        return [*self.lost, *self.duplicates, *self.wrong, *self.markers]


def judge(history: History, rules: Rules) -> Verdict:
    """Hold a history against everything that was promised."""
    wrong = [
        *wrong_content(history),
        *wrong_descriptions(history),
        *calls_in_open_circuits(history, rules),
    ]
    if not rules.late_writes:
        wrong += [*uncounted_writes(history), *overlaps(history, rules)]
    return Verdict(
        lost=[*lost_runs(history), *lost_playlists(history)],
        duplicates=[*unknown_playlists(history), *repeated_runs(history)],
        wrong=wrong,
        markers=list(markers_left(history)),
    )


def lost_runs(history: History) -> Iterator[str]:
    """Find accepted work that did not end well, and rows that vanished."""
    known = {run.pk for run in history.runs}
    for pk in sorted(history.accepted - known):
        yield f"run {pk} was accepted and is not in the ledger"
    for run in history.runs:
        if run.state != DONE:
            yield f"run {run.pk} ({run.title}) ended as {run.state} {run.reason}"


def lost_playlists(history: History) -> Iterator[str]:
    """Find playlists of the database that Spotify does not hold."""
    there = {playlist.id for playlist in history.remote}
    for playlist in history.local:
        if playlist.remote_id not in there:
            yield f"playlist {playlist.pk} ({playlist.remote_id or 'no id'}) is missing"


def unknown_playlists(history: History) -> Iterator[str]:
    """Find playlists on Spotify that no row, or more than one, stands for."""
    rows = Counter(playlist.remote_id for playlist in history.local)
    for playlist in history.remote:
        if rows[playlist.id] != 1:
            yield f"{playlist.id} on Spotify belongs to {rows[playlist.id]} rows"


def repeated_runs(history: History) -> Iterator[str]:
    """Find runs that brought more than one list."""
    lists = Counter(one.run for one in _confirmed(history) if one.run is not None)
    for run, count in lists.items():
        if count > 1:
            yield f"run {run} brought {count} lists"


def wrong_content(history: History) -> Iterator[str]:
    """Find playlists that do not hold the newest confirmed list."""
    newest = {one.playlist: one.digest for one in _confirmed(history)}
    there = {playlist.id: playlist.digest for playlist in history.remote}
    for playlist in history.local:
        found, wanted = there.get(playlist.remote_id), newest.get(playlist.pk)
        if found is not None and found != wanted:
            yield f"playlist {playlist.pk} does not hold its newest confirmed list"


def wrong_descriptions(history: History) -> Iterator[str]:
    """Find playlists whose description is not what the row says."""
    there = {playlist.id: playlist.description for playlist in history.remote}
    for playlist in history.local:
        found = there.get(playlist.remote_id)
        if found is not None and found != playlist.description:
            yield f"playlist {playlist.pk} is described as {found!r}"


def uncounted_writes(history: History) -> Iterator[str]:
    """Compare the lists that were written with the lists that were confirmed.

    Writing one list several times in a row is one writing: replacing is idempotent.
    """
    written: defaultdict[str, list[str]] = defaultdict(list)
    for call in sorted(history.calls, key=lambda call: call.number):
        if call.digest:
            written[call.playlist].append(call.digest)
    confirmed: defaultdict[int, list[str]] = defaultdict(list)
    for one in _confirmed(history):
        confirmed[one.playlist].append(one.digest)
    for playlist in history.local:
        wrote = [digest for digest, _ in groupby(written[playlist.remote_id])]
        if wrote != confirmed[playlist.pk]:
            yield (
                f"playlist {playlist.pk}: {len(wrote)} lists were written, "
                f"{len(confirmed[playlist.pk])} confirmed, not the same"
            )


def overlaps(history: History, rules: Rules) -> Iterator[str]:
    """Find calls about one playlist that were under way at the same time."""
    by_playlist: defaultdict[str, list[Call]] = defaultdict(list)
    for call in history.calls:
        if call.playlist:
            by_playlist[call.playlist].append(call)
    for playlist, calls in by_playlist.items():
        calls.sort(key=lambda call: call.started_s)
        for one, other in pairwise(calls):
            until_s = min(one.ended_s, one.started_s + rules.deadline_s)
            if other.started_s < until_s:
                yield f"{playlist}: calls {one.number} and {other.number} overlap"


def calls_in_open_circuits(history: History, rules: Rules) -> Iterator[str]:
    """Find calls of a developer that began while its circuit was open."""
    by_developer: defaultdict[str, list[Opening]] = defaultdict(list)
    for opening in history.openings:
        by_developer[opening.developer].append(opening)
    for call in history.calls:
        for opening in by_developer[call.developer]:
            if opening.opened_s + rules.flight_s < call.started_s < opening.until_s:
                yield f"call {call.number} ({call.name}) began in an open circuit"


def markers_left(history: History) -> Iterator[str]:
    """Find descriptions with a marker in them, and rows with something untold."""
    markers = {playlist.remote_id: playlist.marker for playlist in history.local}
    for playlist in history.remote:
        marker = markers.get(playlist.id)
        if marker and marker in playlist.description:
            yield f"{playlist.id} still shows its marker"
    for row in history.local:
        if not row.is_settled:
            yield f"playlist {row.pk} has something left to tell Spotify"


def _confirmed(history: History) -> Iterable[List]:
    return (one for one in history.lists if one.state == CONFIRMED)
