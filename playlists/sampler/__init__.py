"""How tracks are chosen and ordered: arithmetic on columns, and a seed.

Pure: no Django, no clock, no global generator. The same inputs give the same list
on every machine and numpy release.
"""

from playlists.sampler.absence import Absence, why_not
from playlists.sampler.draw import Draw, draw
from playlists.sampler.filters import Choice
from playlists.sampler.fixing import PinTrouble, pin_troubles
from playlists.sampler.library import FEATURES, Library
from playlists.sampler.pins import Pin, days_to_look_at
from playlists.sampler.places import sequence_around
from playlists.sampler.pool import Pool, build_pool, filter_steps
from playlists.sampler.report import (
    ALGORITHM_VERSION,
    BindingRule,
    FunnelStep,
    Report,
    RungUse,
    SequenceReport,
    Source,
    TrackNote,
)
from playlists.sampler.rest import Resting, Standing, day_of, first_day_back
from playlists.sampler.rules import DEFAULT_LADDER, Range, Rules, RulesError
from playlists.sampler.sequence import sequence
from playlists.sampler.shares import Share
from playlists.sampler.supply import Supply
from playlists.sampler.words import describe

__all__ = [
    "ALGORITHM_VERSION",
    "DEFAULT_LADDER",
    "FEATURES",
    "Absence",
    "BindingRule",
    "Choice",
    "Draw",
    "FunnelStep",
    "Library",
    "Pin",
    "PinTrouble",
    "Pool",
    "Range",
    "Report",
    "Resting",
    "Rules",
    "RulesError",
    "RungUse",
    "SequenceReport",
    "Share",
    "Source",
    "Standing",
    "Supply",
    "TrackNote",
    "build_pool",
    "day_of",
    "days_to_look_at",
    "describe",
    "draw",
    "filter_steps",
    "first_day_back",
    "pin_troubles",
    "sequence",
    "sequence_around",
    "why_not",
]
