"""The services that tell audio features, behind one interface."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from django.conf import settings as project
from django.db.models import Q

from accounts import services as account_services
from accounts.failures import translated
from accounts.models import Account
from accounts.spotify import tag_for
from accounts.throttle import usage
from automation import ledger, waiting
from automation.models import Run
from automation.runtime import RuntimeSettings
from library.models import SourcePause, Track
from vibe_engine import reccobeats
from vibe_engine.errors import BlockedError, VibeError
from vibe_engine.reccobeats import ReccoBeatsError
from vibe_engine.spotify.client import MAX_FEATURES
from vibe_engine.spotify.errors import (
    BadRequestError,
    EndpointClosedError,
    NotFoundError,
)
from vibe_engine.spotify.types import AudioFeatures

Told = Mapping[str, AudioFeatures]

ASK_AGAIN_AFTER = timedelta(days=30)
"""How long Spotify's "not to be had" is believed."""
MISSED_FOR = timedelta(days=90)
"""How long a track that ReccoBeats did not know is not asked for again."""
SHARE = 2
"""At most every second call of the catalogue's daily budget is spent by schedules."""
SLOTS_A_DAY = 24
CALLS_FOR_A_PERSON = 100
RECCOBEATS_CALLS = 25
"""Calls to ReccoBeats in one run; its limit is not published, it asks not to spam."""
REST = timedelta(hours=1)
"""How long ReccoBeats is left alone after an answer of no use."""


class SourceRestsError(VibeError):
    """A source of features cannot be asked for a while; the text says why."""


class Source(Protocol):
    """Somebody who may know how tracks sound.

    `per_call` ids fit in one request.
    """

    name: Track.FeatureSource
    per_call: int

    def due(self, *, now: datetime) -> Q:
        """Return which of the tracks without features may be asked for."""

    def calls(self, *, run: Run, now: datetime) -> int:
        """Return how many requests this run may make."""

    def ask(self, ids: Sequence[str], *, run: Run, now: datetime) -> Told:
        """Return what is known, by Spotify id.

        :raises WaitError: the run has to come back later.
        :raises SourceRestsError: this source is of no use for now.
        """

    def note_miss(self, track: Track, *, now: datetime) -> None:
        """Set on the row, unsaved, that this source does not know the track."""


class SpotifySource:
    """Spotify, through an account whose app may still read audio features."""

    name = Track.FeatureSource.SPOTIFY
    per_call = MAX_FEATURES

    def __init__(self, account: Account) -> None:
        self.account = account

    def due(self, *, now: datetime) -> Q:
        """Everything never asked for, and what was missed long ago."""
        old = Q(features_at__lt=now - ASK_AGAIN_AFTER)
        return Q(features_at=None) | old

    def calls(self, *, run: Run, now: datetime) -> int:
        """A person's run may make a hundred, a schedule's its part of half a day."""
        if waiting.goes_first(run):
            return CALLS_FOR_A_PERSON
        budgets = usage.budgets(self.account.app.developer, now=now)
        budget = next(one for one in budgets if one.name == usage.CATALOGUE)
        if budget.left <= budget.limit // SHARE and budget.left < budget.limit:
            return 0
        return min(budget.left, max(1, budget.limit // (SHARE * SLOTS_A_DAY)))

    def ask(self, ids: Sequence[str], *, run: Run, now: datetime) -> Told:
        """Ask once; where Spotify refuses, nothing is known."""
        try:
            client = account_services.client_for(self.account, now=now, run=run)
            with client, translated(self.account, now):
                return client.audio_features(ids)
        except (EndpointClosedError, NotFoundError, BadRequestError):
            return {}
        except BlockedError as error:
            raise SourceRestsError(str(error)) from error

    def note_miss(self, track: Track, *, now: datetime) -> None:
        """Remember when Spotify had nothing."""
        track.features_source = Track.FeatureSource.NONE
        track.features_at = now


class ReccoBeatsSource:
    """ReccoBeats, where it is switched on."""

    name = Track.FeatureSource.RECCOBEATS
    per_call = reccobeats.MAX_IDS

    def due(self, *, now: datetime) -> Q:
        """Everything never asked for, and what was missed long ago."""
        old = Q(reccobeats_missed_at__lt=now - MISSED_FOR)
        return Q(reccobeats_missed_at=None) | old

    def calls(self, *, run: Run, now: datetime) -> int:
        """The same for everybody."""
        return RECCOBEATS_CALLS

    def ask(self, ids: Sequence[str], *, run: Run, now: datetime) -> Told:
        """Ask once; after an answer of no use nobody asks for an hour or as told."""
        try:
            return reccobeats.audio_features(
                ids,
                url=project.RECCOBEATS_URL,
                worker=tag_for(project.RECCOBEATS_URL),
                deadline_s=project.TIMES["SPOTIFY_DEADLINE_S"],
            )
        except ReccoBeatsError as error:
            wait_s = error.retry_after_s
            until = now + (REST if wait_s is None else timedelta(seconds=wait_s))
            with ledger.fenced(run):
                _rest(self.name, until=until, reason=str(error))
            raise SourceRestsError(
                f"{error} It is left alone until {until:%Y-%m-%d %H:%M} UTC."
            ) from error

    def note_miss(self, track: Track, *, now: datetime) -> None:
        """Remember when ReccoBeats had nothing."""
        track.reccobeats_missed_at = now
        track.features_source = track.features_source or Track.FeatureSource.NONE


def available(*, settings: RuntimeSettings, now: datetime) -> list[Source]:
    """Return the services that can be asked at this moment, in their order."""
    found: list[Source] = []
    account = account_services.features_account(now=now)
    if account is not None:
        found.append(SpotifySource(account))
    if (
        settings.reccobeats
        and pause_of(Track.FeatureSource.RECCOBEATS, now=now) is None
    ):
        found.append(ReccoBeatsSource())
    return found


def pause_of(source: str, *, now: datetime) -> SourcePause | None:
    """Return the pause that a source is in, None if it can be asked."""
    return SourcePause.objects.filter(source=source, until__gt=now).first()


def _rest(source: str, *, until: datetime, reason: str) -> None:
    SourcePause.objects.update_or_create(
        source=source, defaults={"until": until, "reason": reason[:200]}
    )
