"""Rules of playlists: changed, and looked at before they are."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet

from automation.runtime import RuntimeSettings
from playlists import sampler
from playlists.effective import BOUNDS, check_override, rules_for
from playlists.models import Playlist
from playlists.sampler.stored import INHERITABLE, RULES_VERSION, migrated
from playlists.services import planning, stock
from vibe_engine.errors import ConflictError, InputError

BATCH = 200
TROUBLES: Mapping[sampler.PinTrouble, str] = {
    "absent": "It is held, blocked or outside the playlist's collections.",
    "filter": "A filter or the rule about explicit tracks keeps it out.",
    "same": "The same song is pinned already.",
    "cap": "Its artist or album has reached the cap by other pins.",
    "full": "More tracks are pinned than the list has places.",
}
"""Why a pinned track cannot come."""


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
    inherited: Collection[str] = (),
) -> None:
    """Change a playlist's rules as the person saw it at `version`.

    Rules that it has already are no change, so a form sent twice does no harm. They
    count from the next reshuffle; Spotify shows nothing of them. `numbers` are
    overrides by name, None inherits; `inherited` are the rules that come from the
    settings from now on.

    Stored rules that cannot be read are replaced as a whole.

    :raises ConflictError: somebody else has changed it since.
    :raises InputError: a value is not possible; `field` names it.
    """
    values: dict[str, Any] = {
        name: check_override(name, value) for name, value in numbers.items()
    }
    values["rules"] = merged_rules(_readable(playlist), rules, inherited)
    if all(getattr(playlist, name) == value for name, value in values.items()):
        return
    mine = Playlist.objects.filter(pk=playlist.pk, version=version or 0)
    if not mine.update(**values, version=F("version") + 1):
        raise ConflictError(
            f"{playlist.name} was changed by somebody else. Look at it again."
        )


def change_rules_of(
    *,
    playlists: QuerySet[Playlist],
    rules: Mapping[str, Any],
    inherited: Collection[str] = (),
) -> int:
    """Give many playlists these rules, all others of each left as they are; count.

    `inherited` are the rules that come from the settings from now on.

    :raises InputError: a rule is not possible.
    """
    with transaction.atomic():
        ids = list(playlists.values_list("pk", flat=True))
        mine = Playlist.objects.managed().select_for_update().filter(pk__in=ids)
        rows = list(mine.only("pk", "rules", "version"))
        for row in rows:
            row.rules = merged_rules(row.rules, rules, inherited)
            row.version += 1
        Playlist.objects.bulk_update(rows, ["rules", "version"], batch_size=BATCH)
    return len(rows)


def trial(
    playlist: Playlist,
    rules: Mapping[str, Any],
    numbers: Mapping[str, int | None],
    inherited: Collection[str] = (),
) -> Playlist:
    """Return the playlist as it would be with these rules; nothing is stored.

    :raises InputError: a value is not possible; `field` names it.
    """
    playlist.rules = merged_rules(_readable(playlist), rules, inherited)
    for name, value in numbers.items():
        setattr(playlist, name, check_override(name, value))
    return playlist


def count_matching(
    *, playlist: Playlist, settings: RuntimeSettings, now: datetime
) -> Matching:
    """Count the tracks that a playlist's rules let come, before any rest."""
    collection_ids = planning.collection_ids_of(playlist)
    today = now.astimezone(UTC).date()
    library = stock.find_library(collection_ids=collection_ids, on=today)
    steps = sampler.filter_steps(library, rules_for(playlist, settings))
    return Matching(steps[-1].left, len(library), steps)


def pin_problems(
    *, playlist: Playlist, settings: RuntimeSettings, now: datetime
) -> dict[int, str]:
    """Say of a playlist's pins, by their place among them, why they could not come.

    Looked at is today and every later day on which a pin begins to hold.

    :raises RulesError: the rules contradict themselves.
    """
    rules = rules_for(playlist, settings)
    if not rules.pins:
        return {}
    today = now.astimezone(UTC).date()
    found = stock.find_stock(
        rules=rules,
        collection_ids=planning.collection_ids_of(playlist),
        on=today,
    )
    problems: dict[int, str] = {}
    for day in sampler.days_to_look_at(rules.pins, sampler.day_of(now)):
        troubles = sampler.pin_troubles(found.pool, day)
        for number, pin in enumerate(rules.pins):
            if pin.holds_on(day) and pin.track in troubles:
                problems.setdefault(number, TROUBLES[troubles[pin.track]])
    for number, pin in enumerate(rules.pins):
        if (pin.position or 0) > rules.size:
            problems[number] = f"The list has {rules.size} places."
    return problems


def share_problems(*, playlist: Playlist) -> dict[int, str]:
    """Say of a playlist's shares, by their place, which its collections lack."""
    shares = sampler.Rules.from_dict(playlist.rules).shares
    if not shares:
        return {}
    drawn_from = set(playlist.collections.values_list("pk", flat=True))
    text = "The playlist does not draw from this collection."
    return {
        number: text
        for number, share in enumerate(shares)
        if drawn_from and share.collection not in drawn_from
    }


def _readable(playlist: Playlist) -> dict[str, Any]:
    """Return a playlist's stored rules, none where they cannot be read."""
    try:
        sampler.Rules.from_dict(playlist.rules)
    except sampler.RulesError:
        return {}
    return dict(playlist.rules)


def merged_rules(
    stored: Mapping[str, Any], changes: Mapping[str, Any], inherited: Collection[str]
) -> dict[str, Any]:
    """Return changed rules as they are stored: today's form, without the numbers.

    What comes from the settings is left out: what was before, and `inherited`.

    :raises InputError: the rules cannot be kept.
    """
    try:
        said = {**migrated(stored), **changes}
        plain = sampler.Rules.from_dict({**said, "version": RULES_VERSION}).to_dict()
    except sampler.RulesError as error:
        raise InputError(str(error)) from error
    left_out = {name for name in INHERITABLE if name not in said or name in inherited}
    return {k: v for k, v in plain.items() if k not in BOUNDS and k not in left_out}
