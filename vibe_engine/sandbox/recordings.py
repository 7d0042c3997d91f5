"""Invented recordings: one title, one ISRC, one sound, on any number of albums."""

from dataclasses import dataclass
from random import Random

from vibe_engine.sandbox import names
from vibe_engine.sandbox.catalogue import Features
from vibe_engine.sandbox.ids import stable_hash


@dataclass(frozen=True, slots=True)
class Style:
    """A corner of the catalogue: how its recordings sound on average."""

    name: str
    energy: float
    valence: float
    danceability: float
    acousticness: float
    instrumentalness: float
    tempo: float


STYLES = (
    Style("house", 0.78, 0.62, 0.80, 0.06, 0.40, 124),
    Style("indie rock", 0.70, 0.52, 0.52, 0.12, 0.08, 128),
    Style("soul", 0.48, 0.62, 0.64, 0.40, 0.03, 98),
    Style("late night", 0.34, 0.30, 0.58, 0.52, 0.28, 92),
    Style("folk", 0.32, 0.42, 0.46, 0.80, 0.05, 108),
    Style("drum and bass", 0.90, 0.45, 0.60, 0.04, 0.45, 174),
    Style("synth pop", 0.68, 0.70, 0.68, 0.10, 0.05, 116),
    Style("jazz", 0.30, 0.50, 0.50, 0.78, 0.62, 112),
    Style("metal", 0.93, 0.30, 0.38, 0.01, 0.20, 138),
    Style("ambient", 0.16, 0.18, 0.30, 0.88, 0.88, 78),
)
_SHARE_WITHOUT_FEATURES = 0.03
_SHARE_EXPLICIT = 0.10
_SHARE_UNPLAYABLE = 0.01
_ISRC_DESIGNATIONS = 100_000
_BASE36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Recording:
    """What every release of one recording shares."""

    title: str
    duration_ms: int
    explicit: bool
    is_playable: bool


def style_of(*key: object) -> Style:
    """Return the style that belongs to the key."""
    return STYLES[stable_hash("style", *key) % len(STYLES)]


def make_recording(*key: object) -> Recording:
    """Return the recording that belongs to the key, the same every time."""
    random = Random(stable_hash("recording", *key))
    return Recording(
        title=names.track_title(random),
        duration_ms=int(min(max(random.gauss(215, 50), 41), 900) * 1000),
        explicit=random.random() < _SHARE_EXPLICIT,
        is_playable=random.random() >= _SHARE_UNPLAYABLE,
    )


def make_features(style: Style, *key: object) -> Features | None:
    """Return the features that belong to the key; None for a few in a hundred."""
    random = Random(stable_hash("features", *key))
    if random.random() < _SHARE_WITHOUT_FEATURES:
        return None
    energy = _near(random, style.energy, 0.13)
    return Features(
        danceability=_near(random, style.danceability, 0.11),
        energy=energy,
        key=random.randrange(12),
        loudness=round(-22 + 19 * energy + random.gauss(0, 1.5), 3),
        mode=int(random.random() < 0.6),
        speechiness=_near(random, 0.06, 0.05),
        acousticness=_near(random, style.acousticness, 0.15),
        instrumentalness=_near(random, style.instrumentalness, 0.20),
        liveness=_near(random, 0.16, 0.10),
        valence=_near(random, style.valence, 0.17),
        tempo=round(min(max(random.gauss(style.tempo, style.tempo / 10), 48), 220), 3),
    )


def isrc(year: int, number: int) -> str:
    """Return the ISRC of the number-th recording: a code no other number has."""
    registrant, designation = divmod(number, _ISRC_DESIGNATIONS)
    digits = "".join(_BASE36[registrant // 36**power % 36] for power in (2, 1, 0))
    return f"QZ{digits}{year % 100:02d}{designation:05d}"


def _near(random: Random, centre: float, spread: float) -> float:
    return round(min(max(random.gauss(centre, spread), 0.0), 0.999), 4)
