"""Many lists at once: one pool and one read of what rests for all that share rules."""

import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from automation.models import Run
from automation.runtime import RuntimeSettings
from playlists import sampler
from playlists.effective import rules_for
from playlists.models import Playlist, PlaylistSnapshot
from playlists.services import planning, stock
from playlists.services.neighbours import Neighbours
from playlists.services.planning import Plan
from playlists.services.resting import read_resting_of
from playlists.services.standing import read_standing
from vibe_engine.errors import VibeError

logger = logging.getLogger(__name__)

CHUNK = 100
"""Lists drawn at once: half a second's work, so what comes first hardly waits."""

_Alike = tuple[sampler.Rules, tuple[int, ...]]


def draw_lists(
    *,
    playlists: Sequence[Playlist],
    settings: RuntimeSettings,
    now: datetime,
    seeds: Mapping[int, int],
) -> Iterator[tuple[Playlist, Plan | None]]:
    """Yield for each playlist the list that it would get alone; stores nothing.

    `seeds` are by playlist. None stands where no list can be drawn, whatever the
    reason: a run that draws for this playlist alone says why. Lists whose rest
    reaches further than their playlist count among each other as they come.
    """
    for (rules, collection_ids), alike in _by_rules(playlists, settings).items():
        found = stock.find_stock(
            rules=rules, collection_ids=collection_ids, on=now.astimezone(UTC).date()
        )
        rules_hash = planning.rules_hash_of(rules, collection_ids)
        others = Neighbours(rules, now=now, known=found.columns)
        resting = read_resting_of(
            alike, cooldown_days=rules.cooldown_days, now=now, library=found.library
        )
        standing = read_standing([one.pk for one in alike], rules)
        for playlist in alike:
            rest = others.beside(playlist, resting[playlist.pk])
            rest = replace(rest, standing=standing.get(playlist.pk, ()))
            plan = _draw(found, rest, playlist, seeds[playlist.pk], rules_hash)
            if plan is not None:
                others.add(playlist, plan.track_ids)
            yield playlist, plan


def _draw(
    found: stock.Stock,
    resting: sampler.Resting,
    playlist: Playlist,
    seed: int,
    rules_hash: str,
) -> Plan | None:
    try:
        return planning.draw_from(
            found, resting, playlist=playlist, seed=seed, rules_hash=rules_hash
        )
    except VibeError:
        return None
    except Exception:
        logger.exception("The list of playlist %s was not drawn.", playlist.pk)
        return None


def store_lists(
    plans: Sequence[tuple[Playlist, Plan]],
    *,
    runs: Mapping[int, Run],
    origin: PlaylistSnapshot.Origin,
    now: datetime,
) -> list[PlaylistSnapshot]:
    """Write planned lists of playlists that have none: one statement for all.

    `runs` are by playlist. The caller holds the transaction and the playlists' rows,
    and has made sure that nothing is planned.
    """
    return PlaylistSnapshot.objects.bulk_create(
        planning.new_snapshot(
            playlist=playlist,
            run=runs.get(playlist.pk),
            origin=origin,
            now=now,
            **plan.columns(),
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
        try:
            rules = rules_for(playlist, settings)
        except VibeError:
            continue
        alike[rules, tuple(sorted(collections[playlist.pk]))].append(playlist)
    return alike
