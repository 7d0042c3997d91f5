"""What the form shows at first: rules that are in force, and what settings say."""

from collections.abc import Container
from typing import Any

from automation import runtime
from automation.runtime import RuntimeSettings
from playlists import chosen
from playlists.ruleforms.fields import NEVER, side
from playlists.ruleforms.pins import initial_rows
from playlists.rulewords import COLUMNS, RUNGS
from playlists.sampler import Rules
from playlists.sampler.stored import INHERITABLE


def inherited_words(settings: RuntimeSettings) -> dict[str, str]:
    """Say what the settings hold of each rule that may come from them."""
    versions = dict(runtime.VERSIONS)
    return {
        "explicit": dict(runtime.EXPLICIT)[settings.explicit_tracks],
        "rest_scope": dict(runtime.REST_SCOPES)[settings.rest_scope],
        "primary_only": "The first artist of a track"
        if settings.primary_only
        else "Every credited artist",
        "album_cap": f"{settings.album_cap}" if settings.album_cap else "no limit",
        "refresh_share": f"{settings.refresh_share}",
        "same_song_from": ", ".join(versions[v] for v in settings.same_song)
        or "the same recording alone",
    }


def initial_of(rules: Rules, own: Container[str]) -> dict[str, Any]:
    """Return what the form shows of rules; `own` are those that are not inherited."""
    initial: dict[str, Any] = {
        name: getattr(rules, name)
        for name in (
            "explicit",
            "refresh_share",
            "same_song",
            "rest_scope",
            "popularity_weight",
            "arc",
        )
    }
    initial["album_cap"] = rules.album_cap or 0
    initial["primary_only"] = "1" if rules.primary_only else "0"
    initial["same_song_from"] = "own" if "same_song" in own else ""
    initial |= {n: "" for n in INHERITABLE if n not in own and n != "same_song"}
    initial |= initial_rows(rules)
    initial |= _initial_ranges(rules) | _initial_choices(rules)
    places: dict[str, str] = {r: str(n) for n, r in enumerate(rules.rungs, start=1)}
    return initial | {f"rung_{name}": places.get(name, NEVER) for name in RUNGS}


def _initial_ranges(rules: Rules) -> dict[str, Any]:
    initial: dict[str, Any] = {}
    columns = {column.name: column for column in COLUMNS}
    for limit in rules.ranges:
        scale = columns[limit.column].scale
        for part, bound in (("min", limit.minimum), ("max", limit.maximum)):
            shown = None if bound is None else f"{bound / scale:g}"
            initial[f"{limit.column}_{part}"] = shown
        initial[f"{limit.column}_soft"] = limit.soft
        initial[f"{limit.column}_known"] = limit.missing_fails
    return initial


def _initial_choices(rules: Rules) -> dict[str, Any]:
    initial: dict[str, Any] = {}
    for choice in rules.choices:
        if choice.of not in chosen.MODELS:
            continue
        name = f"{choice.of}_{side(out=choice.out)}"
        initial[name] = "\n".join(chosen.name_all(choice.of, choice.keys))
        initial[f"{name}_soft"] = choice.soft
    return initial
