"""Rules of playlists: changed, and looked at before they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet

from automation.runtime import RuntimeSettings
from playlists import sampler
from playlists.effective import BOUNDS, rules_for
from playlists.models import Playlist
from playlists.services import stock
from playlists.services.creation import check_override
from vibe_engine.errors import ConflictError, InputError

BATCH = 200


@dataclass(frozen=True)
class Matching:
    """How many tracks pass the filters of rules, of how many; `steps` say how."""

    tracks: int
    library: int
    steps: tuple[sampler.FunnelStep, ...]

    @property
    def taken(self) -> list[sampler.FunnelStep]:
        """The filters that take tracks away."""
        return [step for step in self.steps if step.taken]


def change_rules(
    *,
    playlist: Playlist,
    version: int | None,
    rules: Mapping[str, Any],
    numbers: Mapping[str, int | None],
) -> None:
    """Change a playlist's rules as the person saw it at `version`.

    Rules that it has already are no change, so a form sent twice does no harm. They
    count from the next reshuffle; Spotify shows nothing of them. `numbers` are
    overrides by name, None inherits.

    :raises ConflictError: somebody else has changed it since.
    :raises InputError: a value is not possible; `field` names it.
    """
    values: dict[str, Any] = {
        name: check_override(name, value) for name, value in numbers.items()
    }
    values["rules"] = _checked({**playlist.rules, **rules})
    if all(getattr(playlist, name) == value for name, value in values.items()):
        return
    mine = Playlist.objects.filter(pk=playlist.pk, version=version or 0)
    if not mine.update(**values, version=F("version") + 1):
        raise ConflictError(
            f"{playlist.name} was changed by somebody else. Look at it again."
        )


def change_rules_of(*, playlists: QuerySet[Playlist], rules: Mapping[str, Any]) -> int:
    """Give many playlists these rules, all others of each left as they are; count.

    :raises InputError: a rule is not possible.
    """
    with transaction.atomic():
        ids = list(playlists.values_list("pk", flat=True))
        mine = Playlist.objects.managed().select_for_update().filter(pk__in=ids)
        rows = list(mine.only("pk", "rules", "version"))
        for row in rows:
            row.rules = _checked({**row.rules, **rules})
            row.version += 1
        Playlist.objects.bulk_update(rows, ["rules", "version"], batch_size=BATCH)
    return len(rows)


def trial(
    playlist: Playlist, rules: Mapping[str, Any], numbers: Mapping[str, int | None]
) -> Playlist:
    """Return the playlist as it would be with these rules; nothing is stored.

    :raises InputError: a value is not possible; `field` names it.
    """
    playlist.rules = _checked({**playlist.rules, **rules})
    for name, value in numbers.items():
        setattr(playlist, name, check_override(name, value))
    return playlist


def count_matching(
    *, playlist: Playlist, settings: RuntimeSettings, now: datetime
) -> Matching:
    """Count the tracks that a playlist's rules let come, before any rest."""
    collection_ids = sorted(playlist.collections.values_list("pk", flat=True))
    return _matching(rules_for(playlist, settings), collection_ids, now)


def count_matching_all(*, rules: Mapping[str, Any], now: datetime) -> Matching:
    """Count the tracks of the whole library that rules let come."""
    return _matching(sampler.Rules.from_dict(rules), (), now)


def _matching(
    rules: sampler.Rules, collection_ids: Sequence[int], now: datetime
) -> Matching:
    today = now.astimezone(UTC).date()
    library = stock.find_library(collection_ids=collection_ids, on=today)
    steps = sampler.filter_steps(library, rules)
    return Matching(steps[-1].left, len(library), steps)


def _checked(rules: Mapping[str, Any]) -> dict[str, Any]:
    """Return rules as they are stored: today's form, without the playlist's numbers."""
    try:
        plain = sampler.Rules.from_dict(rules).to_dict()
    except sampler.RulesError as error:
        raise InputError(str(error)) from error
    return {name: value for name, value in plain.items() if name not in BOUNDS}
