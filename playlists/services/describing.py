"""True sentences for a playlist's description on Spotify."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from automation.runtime import RuntimeSettings
from playlists.effective import Effective
from playlists.naming import DESCRIPTION_LONGEST

FALLBACK = "A new selection every {interval_days} days."
FALLBACK_IN_PART = "Changes {changes} of {size} tracks every {interval_days} days."
UNCHANGED = "{size} tracks from {collection}."
"""Always true of lists that change as a whole, in part, not at all; used where no
template is."""
MOST_NAMED = 2
"""Collections that a sentence names; more are counted."""


@dataclass(frozen=True)
class ListFacts:
    """What is true of a list: its length, and which promises it really keeps.

    `refresh_share` percent of it may change at a reshuffle; `staying` tracks of it are
    pinned or were left where they stood.
    """

    size: int
    keeps_rest: bool = True
    keeps_cap: bool = True
    refresh_share: int = 100
    staying: int = 0

    @property
    def changes(self) -> int:
        """How many of its tracks change at a reshuffle."""
        wanted = -(-self.size * self.refresh_share // 100)
        return min(wanted, self.size - self.staying)


def facts_of(*, track_count: int, report: Mapping[str, object]) -> ListFacts:
    """Read off a snapshot's report which rules gave way, or to pins had to."""
    rungs = report.get("rungs")
    gave_way = (
        {rung["name"] for rung in rungs if rung["gained"]}
        if isinstance(rungs, Sequence)
        else set()
    )
    return ListFacts(
        size=track_count,
        keeps_rest="cooldown" not in gave_way and not _count(report, "pinned"),
        keeps_cap=not gave_way & {"primary_credits", "artist_cap"},
        staying=_count(report, "pinned", "kept"),
    )


def _count(report: Mapping[str, object], *reasons: str) -> int:
    """Return how many tracks came into the list for one of some reasons."""
    notes = report.get("per_track")
    values = notes.values() if isinstance(notes, Mapping) else ()
    return sum(reason in reasons for _, reason in values)


def write_description(
    *,
    playlist_id: int,
    batch_tag: str,
    values: Effective,
    facts: ListFacts,
    collections: Sequence[str],
    settings: RuntimeSettings,
) -> str:
    """Return one true sentence: at most 300 characters, one line, no markup.

    The same playlist and batch always get the same template; one that promises what
    this list does not keep is passed over. So is, where a part of the list stays, what
    does not say how many change.
    """
    templates = _true_ones(settings.description_templates, values, facts)
    chosen = templates[_pick(f"{playlist_id}:{batch_tag}", len(templates))]
    sentence = _fill(
        chosen,
        {
            "interval_days": str(values.interval_days),
            "cooldown_days": str(values.cooldown_days),
            "artist_cap": str(values.artist_cap),
            "size": str(facts.size),
            "changes": str(facts.changes),
            "collection": name_collections(collections),
        },
    )
    return _shorten(_singular(sentence))


def name_collections(names: Sequence[str]) -> str:
    """Say where the tracks come from, as the object of "from"."""
    plain = [" ".join(re.sub("[<>]", " ", name).split()) for name in names]
    if not plain:
        return "the whole library"
    if len(plain) > MOST_NAMED:
        return f"{len(plain)} collections"
    if len(plain) == 1:
        ends_so = plain[0].casefold().endswith("collection")
        return f"the {plain[0]}" if ends_so else f"the {plain[0]} collection"
    return f"the {' and '.join(plain)} collections"


def _true_ones(
    templates: Sequence[str], values: Effective, facts: ListFacts
) -> Sequence[str]:
    if facts.size and not facts.changes:
        return (UNCHANGED,)
    is_in_part, broken = facts.changes < facts.size, []
    if not facts.keeps_rest or values.cooldown_days == 0:
        broken.append("{cooldown_days}")
    if not facts.keeps_cap:
        broken.append("{artist_cap}")
    fitting = [t for t in templates if ("{changes}" in t) == is_in_part]
    true = [t for t in fitting if not any(name in t for name in broken)]
    return true or (FALLBACK_IN_PART if is_in_part else FALLBACK,)


def _pick(text: str, count: int) -> int:
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % count


def _fill(template: str, words: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: words.get(found[1], found[0]), template)


def _singular(sentence: str) -> str:
    sentence = re.sub(r"\bevery 1 days\b", "every day", sentence)
    return re.sub(r"(?<![\d.,])1 (day|track)s\b", r"1 \1", sentence)


def _shorten(sentence: str) -> str:
    line = " ".join(sentence.split())
    if len(line) <= DESCRIPTION_LONGEST:
        return line
    return line[: DESCRIPTION_LONGEST - 1].rstrip() + "…"
