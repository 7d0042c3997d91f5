"""Tracks that are not what the catalogue says any more."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from vibe_engine.sandbox.catalogue import Catalogue, Track
from vibe_engine.sandbox.store import Store

STATES = ("available", "unplayable", "withdrawn", "relinked")


class UnknownTrackError(Exception):
    """There is no such track; the text names it."""


@dataclass(frozen=True, slots=True)
class _Alteration:
    state: str
    target_id: str


class AlteredTracks:
    """The catalogue's tracks as requests see them.

    `unplayable`: not playable in any market. `withdrawn`: unknown by its id and empty
    in playlists, unplayable on its album; playlists still take it. `relinked`: where
    a market is named, another track stands in its place and names it in
    `linked_from` (Web API, "Track Relinking").
    """

    def __init__(self, store: Store, catalogue: Catalogue) -> None:
        self._store = store
        self._catalogue = catalogue

    def alter(self, track_id: str, state: str, target_id: str = "") -> None:
        """Give a track a state, one of `STATES`.

        :raises UnknownTrackError: the track or its target is not in the catalogue.
        """
        for wanted in (track_id, target_id) if state == "relinked" else (track_id,):
            if not self._catalogue.has_track(wanted):
                raise UnknownTrackError(f"There is no track {wanted!r}.")
        self._store.execute(
            "REPLACE INTO altered_tracks VALUES (?, ?, ?)", track_id, state, target_id
        )

    def track(self, track_id: str, *, has_market: bool) -> Track | None:
        """Return the track; None where it is unknown or withdrawn."""
        track = self._catalogue.track(track_id)
        if track is None or self._alteration(track_id).state == "withdrawn":
            return None
        return self._seen(track, has_market=has_market)

    def on_album(self, tracks: Iterable[Track], *, has_market: bool) -> list[Track]:
        """Return the tracks of an album, each as it is seen now."""
        return [self._seen(track, has_market=has_market) for track in tracks]

    def _seen(self, track: Track, *, has_market: bool) -> Track:
        alteration = self._alteration(track.id)
        if alteration.state in ("unplayable", "withdrawn"):
            return replace(track, is_playable=False)
        if alteration.state == "relinked" and has_market:
            target = self._catalogue.track(alteration.target_id)
            if target is not None:
                return replace(target, linked_from_id=track.id)
        return track

    def _alteration(self, track_id: str) -> _Alteration:
        row = self._store.row(
            "SELECT state, target_id FROM altered_tracks WHERE track_id = ?", track_id
        )
        if row is None:
            return _Alteration("available", "")
        return _Alteration(row["state"], row["target_id"])
