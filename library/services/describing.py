"""Audio features, where Spotify still tells them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db.models import Q

from accounts import services as account_services
from accounts.failures import translated
from accounts.models import Account
from automation import ledger
from automation.models import Run
from library.models import (
    FEATURE_NAMES,
    SHARE_FEATURES,
    Album,
    LibraryVersion,
    Track,
    TrackQuerySet,
)
from vibe_engine.errors import BlockedError
from vibe_engine.spotify.errors import (
    BadRequestError,
    EndpointClosedError,
    NotFoundError,
)
from vibe_engine.spotify.types import AudioFeatures

PER_CALL = 100
ASK_AGAIN_AFTER = timedelta(days=30)
"""How long "not to be had" is believed."""

_FIELDS = (*FEATURE_NAMES, "features_source", "features_at")


def fill_features(*, run: Run, album: Album, account: Account, now: datetime) -> int:
    """Ask for the features of an album's tracks that have none; return how many came.

    100 tracks a call, through an account whose app may ask, `account` if it is one.
    Without such an account nothing is asked. Tracks that Spotify tells nothing of,
    and all of them where it refuses, are remembered as not to be had.

    :raises WaitError: Spotify asks to wait.
    """
    reader = account_services.features_account(account, now=now)
    tracks = list(_wanting(album, now=now)) if reader else []
    found = 0
    for start in range(0, len(tracks), PER_CALL):
        chunk = tracks[start : start + PER_CALL]
        features = _ask(run, reader, chunk, now=now) if reader else None
        if features is None:
            break
        with ledger.fenced(run):
            found += _store(chunk, features, now=now)
    return found


def _wanting(album: Album, *, now: datetime) -> TrackQuerySet:
    unknown = Q(features_at=None) | Q(
        features_source=Track.FeatureSource.NONE, features_at__lt=now - ASK_AGAIN_AFTER
    )
    return album.tracks.filter(unknown, is_playable=True).only("spotify_id", *_FIELDS)


def _ask(
    run: Run, account: Account, tracks: Sequence[Track], *, now: datetime
) -> Mapping[str, AudioFeatures] | None:
    """Return what Spotify tells; nothing where it refuses, None: not now."""
    ledger.require_lease(run)
    try:
        client = account_services.client_for(account, now=now, run=run)
        with client, translated(account, now):
            return client.audio_features([track.spotify_id for track in tracks])
    except (EndpointClosedError, NotFoundError, BadRequestError):
        return {}
    except BlockedError:
        return None


def _store(
    tracks: Sequence[Track], features: Mapping[str, AudioFeatures], *, now: datetime
) -> int:
    for track in tracks:
        told = features.get(track.spotify_id)
        for name in FEATURE_NAMES:
            setattr(track, name, _storable(name, getattr(told, name, None)))
        known = told is not None and track.has_features
        track.features_source = (
            Track.FeatureSource.SPOTIFY if known else Track.FeatureSource.NONE
        )
        track.features_at = now
    Track.objects.bulk_update(sorted(tracks, key=lambda track: track.pk), _FIELDS)
    LibraryVersion.bump()
    return sum(t.features_source == Track.FeatureSource.SPOTIFY for t in tracks)


def _storable(name: str, value: float | None) -> float | None:
    """Return a value that its column takes, None for one that makes no sense."""
    if value is None or (name in SHARE_FEATURES and not 0.0 <= value <= 1.0):
        return None
    return value
