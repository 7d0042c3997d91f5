"""Many lists at once: one pool and one read of what rests for all that share rules."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from automation.runtime import RuntimeSettings
from playlists import sampler
from playlists.effective import rules_for
from playlists.models import Playlist, PlaylistSnapshot
from playlists.services import planning, stock
from playlists.services.neighbours import Neighbours
from playlists.services.planning import EmptyDrawError, Plan
from playlists.services.resting import read_resting_of

CHUNK = 200
STEPS = 4
"""Improving moves of an order in bulk; a single list gets twice as many."""

_Alike = tuple[sampler.Rules, tuple[int, ...]]


def draw_lists(
    *,
    playlists: Sequence[Playlist],
    settings: RuntimeSettings,
    now: datetime,
    seeds: Mapping[int, int],
    steps: int = STEPS,
) -> Iterator[tuple[Playlist, Plan | EmptyDrawError]]:
    """Yield for each playlist its list, or why there is none; stores nothing.

    `seeds` are by playlist. Each list has its own report, as though it were alone.
    """
    for (rules, collection_ids), alike in _by_rules(playlists, settings).items():
        found = stock.find_stock(
            rules=rules, collection_ids=collection_ids, on=now.astimezone(UTC).date()
        )
        rules_hash = planning.rules_hash_of(rules, collection_ids)
        others = Neighbours(rules, now=now, known=found.columns)
        for start in range(0, len(alike), CHUNK):
            chunk = alike[start : start + CHUNK]
            resting = read_resting_of(
                chunk, cooldown_days=rules.cooldown_days, now=now, library=found.library
            )
            for playlist in chunk:
                try:
                    plan = planning.draw_from(
                        found,
                        others.beside(playlist, resting[playlist.pk]),
                        playlist=playlist,
                        seed=seeds[playlist.pk],
                        rules_hash=rules_hash,
                        steps=steps,
                    )
                except EmptyDrawError as error:
                    yield playlist, error
                else:
                    others.add(playlist, plan.track_ids)
                    yield playlist, plan


def store_lists(
    plans: Sequence[tuple[Playlist, Plan]],
    *,
    origin: PlaylistSnapshot.Origin,
    now: datetime,
) -> list[PlaylistSnapshot]:
    """Write planned lists of playlists that have none: one statement for all.

    The caller holds the transaction and has made sure that nothing is planned.
    """
    return PlaylistSnapshot.objects.bulk_create(
        planning.new_snapshot(
            playlist=playlist, origin=origin, now=now, **plan.columns()
        )
        for playlist, plan in plans
    )


def _by_rules(
    playlists: Sequence[Playlist], settings: RuntimeSettings
) -> dict[_Alike, list[Playlist]]:
    collections: dict[int, list[int]] = defaultdict(list)
    links = Playlist.collections.through.objects.filter(playlist__in=playlists)
    for playlist_id, collection_id in links.values_list("playlist", "collection"):
        collections[playlist_id].append(collection_id)
    alike: dict[_Alike, list[Playlist]] = defaultdict(list)
    for playlist in playlists:
        collection_ids = tuple(sorted(collections[playlist.pk]))
        alike[rules_for(playlist, settings), collection_ids].append(playlist)
    return alike
