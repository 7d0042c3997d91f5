"""How tracks are chosen and ordered: arithmetic on columns, and a seed.

Pure: no Django, no clock, no global generator. The same inputs give the same list
on every machine and numpy release.
"""

from playlists.sampler.absence import Absence, why_not
from playlists.sampler.draw import Draw, draw
from playlists.sampler.filters import Choice
from playlists.sampler.library import FEATURES, Library
from playlists.sampler.pool import Pool, build_pool, filter_steps
from playlists.sampler.report import (
    ALGORITHM_VERSION,
    BindingRule,
    FunnelStep,
    Report,
    RungUse,
    SequenceReport,
    TrackNote,
)
from playlists.sampler.rest import Resting, day_of, first_day_back
from playlists.sampler.rules import DEFAULT_LADDER, Range, Rules, RulesError
from playlists.sampler.sequence import sequence
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
    "Pool",
    "Range",
    "Report",
    "Resting",
    "Rules",
    "RulesError",
    "RungUse",
    "SequenceReport",
    "Supply",
    "TrackNote",
    "build_pool",
    "day_of",
    "describe",
    "draw",
    "filter_steps",
    "first_day_back",
    "sequence",
    "why_not",
]
