"""Audio features of tracks that lack them, from the services that know them.

What a person imported is never asked for and never replaced.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Q
from django.urls import reverse

from accounts import services as account_services
from accounts.models import Account
from automation import ledger
from automation.ledger import RunSpec
from automation.models import Run
from automation.runtime import RuntimeSettings
from library.models import (
    FEATURE_NAMES,
    SHARE_FEATURES,
    Album,
    LibraryVersion,
    Track,
    TrackQuerySet,
)
from library.services.sources import (
    Source,
    SourceRestsError,
    SpotifySource,
    Told,
    available,
)
from vibe_engine.errors import InputError, WaitError

KIND = "library.fetch_features"

_FIELDS = (*FEATURE_NAMES, "features_source", "features_at", "reccobeats_missed_at")


@dataclass(frozen=True)
class Answer:
    """What one request brought, in tracks."""

    found: int
    missed: int


@dataclass
class Fetched:
    """What one run brought: tracks by source, and which sources rest and why."""

    found: dict[str, int] = field(default_factory=dict)
    missed: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, source: str, answer: Answer) -> None:
        """Count what one request brought."""
        self.found[source] = self.found.get(source, 0) + answer.found
        self.missed[source] = self.missed.get(source, 0) + answer.missed


def open_fetch(
    *,
    settings: RuntimeSettings,
    now: datetime,
    album: Album | None = None,
    track: Track | None = None,
    requested_by: AbstractBaseUser | None = None,
) -> Run:
    """Open the run that asks for what is lacking: of a track, an album, or everywhere.

    :raises InputError: nobody can be asked, or nothing is to be asked for.
    """
    arguments = {
        name: row.pk for name, row in (("album", album), ("track", track)) if row
    }
    sources = available(settings=settings, now=now)
    if not sources:
        raise InputError(
            "Nobody can be asked: no connected app may read features from Spotify, "
            "and ReccoBeats is switched off or rests. A file can be imported."
        )
    if not _due(_tracks(arguments), sources, now=now).exists():
        raise InputError(
            "Nothing is to be asked for: what lacks features was asked for lately, "
            "and is asked for again by itself after some weeks."
        )
    about = album or track
    spec = RunSpec(
        kind=KIND,
        subject=":".join(["features", *(f"{k}:{v}" for k, v in arguments.items())]),
        title=f"Features of “{about}”" if about else "Features of the library",
        url=about.get_absolute_url() if about else reverse("library:features"),
        arguments=dict(arguments),
    )
    return ledger.open_run(spec, now=now, requested_by=requested_by)


def something_is_lacking(*, settings: RuntimeSettings, now: datetime) -> bool:
    """Whether a slot would find anything to ask for, and anybody to ask."""
    sources = available(settings=settings, now=now)
    return bool(sources) and _due(_tracks({}), sources, now=now).exists()


def fetch_features(*, run: Run, settings: RuntimeSettings, now: datetime) -> Fetched:
    """Ask the sources in order for what is lacking, within their budgets.

    Each answer is stored before the next request. A source that rests, or has to be
    waited for, does not keep the next one from being asked.

    :raises WaitError: Spotify is to be asked later; the others have been.
    """
    fetched, waits = Fetched(), list[WaitError]()
    tracks, done = _tracks(run.arguments), run.progress_done
    for source in available(settings=settings, now=now):
        try:
            for answer in answers(source, tracks, run=run, now=now):
                fetched.add(source.name.value, answer)
                done += answer.found
                ledger.note_step(run, f"{done:,} tracks have features now", done=done)
        except WaitError as wait:
            waits.append(wait)
        except SourceRestsError as error:
            fetched.notes.append(str(error))
    if waits:
        raise waits[0]
    return fetched


def fill_features(*, run: Run, album: Album, account: Account, now: datetime) -> int:
    """Ask Spotify for the features of an album's tracks; return how many came.

    Through an account whose app may ask, `account` if it is one. Without such an
    account nothing is asked. The other sources follow with the next fetch.

    :raises WaitError: Spotify asks to wait.
    """
    reader = account_services.features_account(account, now=now)
    if reader is None:
        return 0
    tracks, found = album.tracks.all(), 0
    source = SpotifySource(reader)
    most = -(-tracks.count() // source.per_call)
    try:
        for answer in answers(source, tracks, run=run, now=now, most_calls=most):
            found += answer.found
    except SourceRestsError:
        return found
    return found


def answers(
    source: Source,
    tracks: TrackQuerySet,
    *,
    run: Run,
    now: datetime,
    most_calls: int | None = None,
) -> Iterator[Answer]:
    """Ask one source for the tracks that lack features; yield after each request.

    :raises WaitError: the source is to be asked later.
    :raises SourceRestsError: the source is of no use for now.
    """
    calls = source.calls(run=run, now=now) if most_calls is None else most_calls
    last = 0
    for _ in range(calls):
        rows = _due(tracks, [source], now=now).filter(pk__gt=last).order_by("pk")
        chunk = list(rows.values_list("pk", "spotify_id")[: source.per_call])
        if not chunk:
            return
        ledger.require_lease(run)
        told = source.ask([spotify_id for _, spotify_id in chunk], run=run, now=now)
        with ledger.fenced(run):
            answer = _store([pk for pk, _ in chunk], told, source, now=now)
        yield answer
        last = chunk[-1][0]


def _tracks(arguments: Mapping[str, object]) -> TrackQuerySet:
    """Return the tracks that a run is about."""
    names = {"album": "album", "track": "pk"}
    about = {
        column: arguments[name] for name, column in names.items() if name in arguments
    }
    return Track.objects.filter(**about)


def _due(
    tracks: TrackQuerySet, sources: Sequence[Source], *, now: datetime
) -> TrackQuerySet:
    """Return the tracks that lack features and that any of the sources is asked for."""
    due = Q()
    for source in sources:
        due |= source.due(now=now)
    return tracks.lacking_features().filter(due, is_playable=True)


def _store(keys: Sequence[int], told: Told, source: Source, *, now: datetime) -> Answer:
    """Write down what was told of tracks that lack features still."""
    lacking = Track.objects.lacking_features().filter(pk__in=keys).order_by("pk")
    rows = list(lacking.select_for_update(no_key=True).only("spotify_id", *_FIELDS))
    for track in rows:
        features = told.get(track.spotify_id)
        energy = features and storable("energy", features.energy)
        if energy is None:
            source.note_miss(track, now=now)
            continue
        for name in FEATURE_NAMES:
            setattr(track, name, storable(name, getattr(features, name)))
        track.features_source, track.features_at = source.name, now
    Track.objects.bulk_update(rows, _FIELDS)
    found = sum(track.has_features for track in rows)
    if found:
        LibraryVersion.bump()
    return Answer(found, len(rows) - found)


def storable(name: str, value: float | None) -> float | None:
    """Return a value that its column takes, None for one that makes no sense."""
    if value is None or (name in SHARE_FEATURES and not 0.0 <= value <= 1.0):
        return None
    return value
