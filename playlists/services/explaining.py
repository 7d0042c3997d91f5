"""Why a track is not in a playlist's list, as things stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np

from automation.runtime import RuntimeSettings
from library.models import Artist, Track
from library.services import blocking
from playlists import sampler
from playlists.effective import rules_for
from playlists.models import Playlist
from playlists.services import planning, stock
from playlists.services.neighbours import Neighbours
from playlists.services.resting import read_resting

MOST_TRACKS = 5
EPOCH = date(1970, 1, 1)
CHANCE = "Nothing speaks against it: chance drew others, and it may come next."


@dataclass(frozen=True)
class Verdict:
    """A track, and what keeps it out of a list; no sentence where it is in it."""

    track: Track
    sentences: list[str]
    is_listed: bool


def find_tracks(text: str) -> list[Track]:
    """Return a few tracks that a person may mean: by link, Spotify id or name."""
    wanted = text.strip()
    if not wanted:
        return []
    last = wanted.partition("?")[0].replace(":", "/").rpartition("/")[2]
    tracks = Track.objects.select_related("album").order_by("pk")
    named = tracks.matching(wanted)
    return (
        list(tracks.filter(spotify_id=last))
        or list(named.filter(name__iexact=wanted)[:MOST_TRACKS])
        or list(named.filter(name__istartswith=wanted)[:MOST_TRACKS])
    )


def why_not(
    *,
    playlist: Playlist,
    tracks: Sequence[Track],
    settings: RuntimeSettings,
    now: datetime,
) -> list[Verdict]:
    """Say of each track what keeps it out of the list that stands, by today's rules."""
    rules = rules_for(playlist, settings)
    ids = planning.collection_ids_of(playlist)
    today = now.astimezone(UTC).date()
    found = stock.find_stock(rules=rules, collection_ids=ids, on=today)
    columns, library = found.columns, found.library
    resting = read_resting(
        playlist, cooldown_days=rules.cooldown_days, now=now, library=library
    )
    resting = Neighbours(rules, now=now, known=columns).beside(playlist, resting)
    standing = playlist.snapshots.current().first()
    listed_ids = standing.track_ids() if standing else []
    listed = _rows(library, listed_ids)

    def judge(track: Track) -> Verdict:
        if track.pk in listed_ids:
            return Verdict(track, [], is_listed=True)
        rows = _rows(library, [track.pk])
        if not rows:
            return Verdict(track, [_outside(track)], is_listed=False)
        against = sampler.why_not(library, rules, resting, listed, rows[0])
        return Verdict(track, _sentences(against, library) or [CHANCE], is_listed=False)

    return [judge(track) for track in tracks]


def _rows(library: sampler.Library, track_ids: Sequence[int]) -> list[int]:
    """Return the rows of those tracks that the library holds."""
    wanted = np.array(track_ids, np.int64)
    place = np.searchsorted(library.track_ids, wanted)
    inside = place < len(library)
    place, wanted = place[inside], wanted[inside]
    rows: list[int] = place[library.track_ids[place] == wanted].tolist()
    return rows


def _outside(track: Track) -> str:
    if not track.is_usable:
        return f"It is held back: {track.held_reason}."
    block = blocking.blocks_against(track).first()
    if block is not None:
        return f"{block} is blocked for every playlist: {block.reason}."
    if not track.is_playable:
        return "Spotify does not play it any more."
    return "Its album is in none of the playlist's collections."


def _sentences(
    against: Sequence[sampler.Absence], library: sampler.Library
) -> list[str]:
    artists = [one.artist for one in against if one.artist is not None]
    rows = [one.row for one in against if one.row is not None]
    names = _names(artists) if artists else {}
    keys = [int(library.track_ids[row]) for row in rows]
    titles = Track.objects.in_bulk(keys) if keys else {}
    return list(dict.fromkeys(_say(one, names, titles, library) for one in against))


def _names(artists: Sequence[int]) -> dict[int, str]:
    return {row.pk: str(row) for row in Artist.objects.filter(pk__in=artists)}


def _say(
    one: sampler.Absence,
    names: dict[int, str],
    titles: dict[int, Track],
    library: sampler.Library,
) -> str:
    match one.kind:
        case "filter":
            return f"{one.text}."
        case "resting" | "resting_elsewhere":
            where = "It" if one.kind == "resting" else "Another list had it: it"
            return f"{where} rests until {_day(one.day)}."
        case "same":
            other = titles.get(int(library.track_ids[one.row or 0]))
            return f"The list holds the same song: {other or 'another release'}."
        case "artist_cap":
            who = names.get(one.artist or 0, "An artist")
            role = ", who is featured on it," if one.is_guest else ""
            return f"{who}{role} has reached the artist cap."
    return {
        "explicit": "The rule about explicit tracks keeps it out.",
        "standing": "Its recording stands in the list now, or is about to.",
        "album_cap": "Its album has reached the album cap.",
        "shares": "The places are kept for collections that it is not in.",
        "listed": "It is in the list.",
    }[one.kind]


def _day(day: int | None) -> str:
    when = EPOCH + timedelta(days=day or 0)
    return f"{when.day} {when:%B %Y}"
