"""The report in plain sentences, for the page and the terminal."""

from collections import Counter
from collections.abc import Callable, Mapping

from playlists.sampler.binding import LIBRARY
from playlists.sampler.report import BindingRule, Report, RungUse, SequenceReport

MOST_NAMES = 3
HELP = {
    "refresh_share": "If more stayed {places} could be filled",
    "shares": "Without the shares of collections {places} could be filled",
    "artist_cap": "A higher artist cap would fill {places}",
    "cooldown": "Without rest {places} could be filled",
    "ranges": "Without the ranges {places} could be filled",
    "choices": "Without the choice of artists and albums {places} could be filled",
    "album_cap": "A higher album cap would fill {places}",
    "same_song": "With several versions of a song {places} could be filled",
    "explicit": "Without the explicit rule {places} could be filled",
}


PIN_TROUBLES = {
    "absent": "held, blocked, gone or outside the playlist's collections",
    "filter": "kept out by a filter or the rule about explicit tracks",
    "same": "the same song as another pinned track",
    "cap": "one too many of an artist or album",
    "full": "one more than the list has places",
}


def describe(
    report: Report,
    artist_names: Mapping[int, str] | None = None,
    collection_names: Mapping[int, str] | None = None,
) -> list[str]:
    """Say in short sentences how the list came about and what would help it.

    The first sentence always gives the count. `artist_names` lets the artist cap's
    sentence name whom it binds; artists without a name are only counted.
    """
    sentences = [_count(report)]
    sentences += _fixed(report)
    sentences += _sources(report, collection_names or {})
    sentences += [_rung(rung) for rung in report.rungs]
    if report.binding_rule is not None:
        sentences.append(_binding(report, report.binding_rule, artist_names or {}))
        sentences += _help(report.binding_rule)
    if report.order is not None:
        sentences += _order(report.order)
    return sentences


def _count(report: Report) -> str:
    if report.shortfall == 0:
        return f"All {_tracks(report.asked)} were drawn."
    if report.drawn == 0:
        return f"None of {_tracks(report.asked)} could be drawn."
    drawn = f"Only {report.drawn} of {_tracks(report.asked)} could be drawn"
    stay = "stays" if report.shortfall == 1 else "stay"
    return f"{drawn}; {_places(report.shortfall)} {stay} empty."


def _fixed(report: Report) -> list[str]:
    """Say what was pinned, what stayed and which pins could not come."""
    reasons = Counter(note.reason for note in report.per_track.values())
    sentences = []
    if reasons["pinned"]:
        is_pinned = "is pinned" if reasons["pinned"] == 1 else "are pinned"
        sentences.append(f"{_tracks(reasons['pinned'])} {is_pinned}.")
    if reasons["kept"]:
        stayed = f"{_tracks(reasons['kept'])} stayed from the list before"
        sentences.append(f"{stayed}, each on its place as far as there is one.")
    for trouble, count in Counter(report.pins_left_out.values()).items():
        who = "A pinned track" if count == 1 else f"{count:,} pinned tracks"
        is_what = "it is" if count == 1 else "they are"
        why = PIN_TROUBLES.get(trouble, "not possible")
        sentences.append(f"{who} could not come: {is_what} {why}.")
    return sentences


def _sources(report: Report, names: Mapping[int, str]) -> list[str]:
    if not report.sources:
        return []
    parts = [
        f"{source.came:,} from {names.get(source.collection, 'a collection')} "
        f"({source.wanted:,} wanted)"
        for source in report.sources
    ]
    return [f"By collection: {', '.join(parts)}."]


def _rung(rung: RungUse) -> str:
    return f"{_RUNGS[rung.name](rung.detail)}; that filled {_places(rung.gained)}."


def _shorter_rest(detail: Mapping[str, float]) -> str:
    return (
        f"Rest was shortened from {_days(detail['from'])} to {_days(detail['to'])}, "
        "longest rested first"
    )


def _primary_credits(detail: Mapping[str, float]) -> str:
    return "The artist cap was counted on the first artist of each track alone"


def _wider_ranges(detail: Mapping[str, float]) -> str:
    return f"Soft ranges were widened by {detail['to']:.0%} of their scale"


def _higher_cap(detail: Mapping[str, float]) -> str:
    return f"The artist cap was raised from {detail['from']:.0f} to {detail['to']:.0f}"


def _own_rest(detail: Mapping[str, float]) -> str:
    return "What rests in other lists was let in; only this list's own rest counted"


def _higher_album_cap(detail: Mapping[str, float]) -> str:
    return f"The album cap was raised from {detail['from']:.0f} to {detail['to']:.0f}"


def _longer_stay(detail: Mapping[str, float]) -> str:
    return (
        f"Only {detail['to']:.0f} instead of {_places(int(detail['from']))} changed, "
        "since nothing else could come"
    )


def _no_shares(detail: Mapping[str, float]) -> str:
    return (
        f"Of {_places(int(detail['from']))} kept for collections {detail['to']:.0f} "
        "could be filled from them; the others were filled from all"
    )


def _other_versions(detail: Mapping[str, float]) -> str:
    return "Several versions of a song were let in, though never the same recording"


_RUNGS: Mapping[str, Callable[[Mapping[str, float]], str]] = {
    "refresh_share": _longer_stay,
    "shares": _no_shares,
    "cooldown": _shorter_rest,
    "rest_scope": _own_rest,
    "album_cap": _higher_album_cap,
    "same_song": _other_versions,
    "primary_credits": _primary_credits,
    "soft_ranges": _wider_ranges,
    "artist_cap": _higher_cap,
}


def _binding(report: Report, binding: BindingRule, names: Mapping[int, str]) -> str:
    if binding.rule == "artist_cap":
        return _binding_cap(report, binding, names)
    return {
        "refresh_share": "What is left stands in the list now and was to go.",
        "shares": "What is left belongs to none of the collections with open places.",
        "cooldown": "What is left stands in the list now or rests.",
        "ranges": "What is left lies outside the ranges.",
        "choices": "What is left is by artists or from albums that are not wanted.",
        "album_cap": "The album cap binds: the albums left have their share.",
        "same_song": "What is left are other versions of songs in the list.",
        "explicit": "What is left breaks the explicit rule.",
        LIBRARY: "The library holds no more tracks for this playlist.",
    }[binding.rule]


def _binding_cap(report: Report, binding: BindingRule, names: Mapping[int, str]) -> str:
    many = binding.artist_count != 1
    who = f"{binding.artist_count:,} artists" if many else "one artist"
    have = "already have their" if many else "already has"
    most = _tracks(_cap_in_force(report))
    sentence = f"The artist cap binds: {who} {have} {most}{_listed(binding, names)}."
    if not binding.by_guests:
        return sentence
    are = "track is" if binding.by_guests == 1 else "tracks are"
    return (
        f"{sentence} {binding.by_guests:,} {are} kept out by a featured artist alone."
    )


def _listed(binding: BindingRule, names: Mapping[int, str]) -> str:
    """Return the names that are known, in brackets, and how many more there are."""
    known = [names[artist] for artist in binding.artist_ids if artist in names]
    shown = known[:MOST_NAMES]
    more = binding.artist_count - len(shown)
    if not shown:
        return ""
    return f" ({', '.join(shown)}{f' and {more:,} more' if more else ''})"


def _cap_in_force(report: Report) -> int:
    raised = [rung.detail["to"] for rung in report.rungs if rung.name == "artist_cap"]
    return int(max(raised, default=report.rules.artist_cap))


def _help(binding: BindingRule) -> list[str]:
    sentences = [
        f"{HELP[rule].format(places=_places(gain))}."
        for rule, gain in sorted(binding.gains.items(), key=lambda item: -item[1])
    ]
    wanted = (
        "albums by other artists" if binding.rule == "artist_cap" else "more albums"
    )
    return [*sentences, f"Taking in {wanted} would help."]


def _order(order: SequenceReport) -> list[str]:
    if order.achieved is None or not order.reduced:
        return []
    return [
        f"Tracks that share an artist stand at least {order.achieved} positions apart; "
        f"{order.asked} were asked, but these tracks do not allow it."
    ]


def _tracks(count: int) -> str:
    return "1 track" if count == 1 else f"{count:,} tracks"


def _places(count: int) -> str:
    return "1 place" if count == 1 else f"{count:,} places"


def _days(count: float) -> str:
    return "1 day" if count == 1 else f"{count:.0f} days"
