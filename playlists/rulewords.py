"""Rules said in words: "Energy 0.6 to 0.9", "from 2010 on", "at most 2 per artist"."""

from collections.abc import Mapping
from dataclasses import dataclass

from automation import runtime
from playlists import sampler
from playlists.sampler.filters import Choice, Range

MOST_NAMED = 3


@dataclass(frozen=True)
class Column:
    """A column that a range may bound, as people know it.

    `scale` is what one typed unit is in the library; `low` and `high` bound what may
    be typed. `is_common` columns are offered first.
    """

    name: str
    label: str
    unit: str
    low: float
    high: float
    step: str
    scale: float = 1
    hint: str = ""
    is_common: bool = False


def _part(name: str, hint: str, *, is_common: bool = False) -> Column:
    return Column(
        name, name.capitalize(), "", 0, 1, "0.01", hint=hint, is_common=is_common
    )


COLUMNS = (
    Column("year", "Release year", "", 1000, 2999, "1", is_common=True),
    Column("duration_ms", "Length", "min", 0, 600, "0.1", 60_000, is_common=True),
    Column(
        "popularity", "Popularity", "", 0, 100, "1", hint="0 to 100", is_common=True
    ),
    _part("energy", "0 calm, 1 driving", is_common=True),
    _part("valence", "0 dark, 1 bright", is_common=True),
    _part("danceability", "0 to 1", is_common=True),
    Column("tempo", "Tempo", "BPM", 0, 400, "1", is_common=True),
    _part("acousticness", "0 to 1"),
    _part("instrumentalness", "0 sung, 1 played"),
    _part("speechiness", "0 music, 1 speech"),
    _part("liveness", "0 studio, 1 stage"),
    Column("loudness", "Loudness", "dB", -60, 10, "0.5", 1, "-60 to 0"),
    Column("key", "Key", "", 0, 11, "1", 1, "0 is C, 11 is B"),
    Column("mode", "Mode", "", 0, 1, "1", 1, "0 minor, 1 major"),
)
VERSION_WORDS: Mapping[str, str] = dict(runtime.VERSIONS)
RUNGS: Mapping[str, str] = {
    "refresh_share": "More of the list stays than asked",
    "shares": "Places of a collection are filled from all",
    "cooldown": "Rest is shortened, longest rested first",
    "rest_scope": "What rests in other lists may come",
    "primary_credits": "Only first artists count for the cap",
    "album_cap": "The album cap is raised",
    "same_song": "Other versions of a song may come",
    "soft_ranges": "Soft filters are widened",
    "artist_cap": "The artist cap is raised",
}
"""Rungs of the ladder, as the form lists them."""


def say_rules(
    rules: sampler.Rules, names: Mapping[tuple[str, int], str] | None = None
) -> list[str]:
    """Say which tracks may come and how many of a kind, in short phrases.

    `names` gives the names of what is chosen by kind and number; what has none is
    counted.
    """
    phrases = [_range(limit) for limit in rules.ranges]
    phrases += [_choice(choice, names or {}) for choice in rules.choices]
    if rules.explicit != "allow":
        words = {"exclude": "nothing explicit", "only": "only explicit tracks"}
        phrases.append(words[rules.explicit])
    phrases.append(_artist_cap(rules))
    if rules.album_cap is not None:
        phrases.append(f"at most {rules.album_cap} per album")
    if rules.same_song:
        phrases.append(_songs(rules))
    if rules.rest_scope != "playlist" and rules.cooldown_days:
        phrases.append(_scope(rules))
    if rules.popularity_weight:
        phrases.append("popular tracks more often")
    phrases += [_share(share, names or {}) for share in rules.shares]
    if rules.pins:
        phrases.append(_pins(rules.pins, names or {}))
    if rules.refresh_share < 100:
        phrases.append(f"{rules.refresh_share} % of the places change at a reshuffle")
    return phrases


def in_one_sentence(phrases: list[str]) -> str:
    """Join phrases as one sentence with a capital and a full stop."""
    text = ", ".join(phrases)
    return f"{text[:1].upper()}{text[1:]}."


def _range(limit: Range) -> str:
    column = next(c for c in COLUMNS if c.name == limit.column)
    text = _year(limit) if column.name == "year" else _bounds(limit, column)
    if limit.soft:
        text += ", or near it"
    return f"{text}, where it is known" if limit.missing_fails else text


def _year(limit: Range) -> str:
    if limit.maximum is None:
        return f"from {limit.minimum:.0f} on"
    if limit.minimum is None:
        return f"up to {limit.maximum:.0f}"
    if limit.minimum == limit.maximum:
        return f"from {limit.minimum:.0f}"
    return f"from {limit.minimum:.0f} to {limit.maximum:.0f}"


def _bounds(limit: Range, column: Column) -> str:
    low, high = (
        None if bound is None else f"{bound / column.scale:g}"
        for bound in (limit.minimum, limit.maximum)
    )
    unit = f" {column.unit}" if column.unit else ""
    if low and high:
        span = f"{low} to {high}{unit}"
    else:
        span = f"{low}{unit} or more" if low else f"{high}{unit} or less"
    return f"{column.label.lower()} {span}"


def _choice(choice: Choice, names: Mapping[tuple[str, int], str]) -> str:
    named = [names[choice.of, k] for k in choice.keys if (choice.of, k) in names]
    shown, more = named[:MOST_NAMED], len(choice.keys) - len(named[:MOST_NAMED])
    noun = choice.of if len(choice.keys) == 1 else f"{choice.of}s"
    if not shown:
        who = f"{len(choice.keys):,} {noun}"
    else:
        who = ", ".join(shown) + (f" and {more:,} more" if more else "")
    of = {"artist": "by ", "album": "from "}.get(choice.of, "")
    never = f"never {who}" if not of else f"nothing {of}{who}"
    text = never if choice.out else f"only {of}{who}"
    return f"{text}, if it can be" if choice.soft else text


def _share(share: sampler.Share, names: Mapping[tuple[str, int], str]) -> str:
    whose = names.get(("collection", share.collection), "a collection that is gone")
    return f"{share.percent} % from {whose}"


def _pins(pins: tuple[sampler.Pin, ...], names: Mapping[tuple[str, int], str]) -> str:
    named = [names["track", pin.track] for pin in pins if ("track", pin.track) in names]
    shown, more = named[:MOST_NAMED], len(pins) - len(named[:MOST_NAMED])
    if not shown:
        return f"{len(pins):,} pinned track{'s' if len(pins) > 1 else ''}"
    return "pinned: " + " and ".join(
        [", ".join(shown), *([f"{more:,} more"] * (more > 0))]
    )


def _artist_cap(rules: sampler.Rules) -> str:
    text = f"at most {rules.artist_cap} per artist"
    return f"{text} (first credit only)" if rules.primary_only else text


def _scope(rules: sampler.Rules) -> str:
    whose = "of the account" if rules.rest_scope == "account" else "of all accounts"
    return (
        f"nothing that stood in another list {whose} within {rules.cooldown_days} days"
    )


def _songs(rules: sampler.Rules) -> str:
    kinds = [VERSION_WORDS[v].lower() for v in rules.same_song if v != "title"]
    if not kinds:
        return "no title twice"
    return f"no song twice, counting {', '.join(kinds)}"
