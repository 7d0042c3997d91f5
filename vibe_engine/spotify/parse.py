"""Reads decoded JSON of Spotify into our types.

One rule throughout: absent and null are the same and give the default where there
is one; a value of the wrong type, or outside what a column can hold, is a
`BadResponseError`. Nothing else is ever raised.
"""

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from vibe_engine.spotify.errors import BadResponseError
from vibe_engine.spotify.types import (
    AlbumData,
    ArtistRef,
    AudioFeatures,
    Me,
    PlaylistData,
    Token,
    TrackData,
)

Fields = Mapping[str, object]

_ID = re.compile(r"[0-9A-Za-z]{22}")
_USER_ID = re.compile(r"[^\s/?#]{1,255}")
_TOKEN = re.compile(r"[!-~]{1,4096}")
_WEB_ADDRESS = re.compile(r"https?://[^\x00-\x20\x7f-\U0010ffff\"'<>\\]{1,1000}")
_RELEASE_DATE = re.compile(r"\d{4}(-\d{2}){0,2}", re.ASCII)
_PRECISIONS = {4: "year", 7: "month", 10: "day"}
_INT_MAX = 2**31 - 1
_FLOAT_MAX = 1e9
_KEY_UNKNOWN = -1


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list; `next_url` is "" on the last one."""

    rows: tuple[object, ...]
    next_url: str


def page(value: object) -> Page:
    """Return one page of any list."""
    fields = _fields(value, "page")
    return Page(rows=tuple(_rows(fields, "items")), next_url=_text(fields, "next"))


def album_page(value: object) -> Page:
    """Return the first page of tracks, which an album brings along."""
    return page(_fields(value, "album").get("tracks"))


def album(value: object, rows: Iterable[object]) -> AlbumData:
    """Return an album with the tracks of `rows`, those of all its pages.

    Rows that are no tracks of the catalogue (null, local files, episodes, tracks
    without an id) are left out.
    """
    fields = _fields(value, "album")
    tracks = tuple(track for row in rows if (track := _track(row)))
    released, precision = _release_date(fields)
    return AlbumData(
        id=_id(fields),
        name=_text(fields, "name"),
        album_type=_text(fields, "album_type") or "album",
        release_date=released,
        release_date_precision=precision,
        total_tracks=_int(fields, "total_tracks", default=len(tracks)),
        image_url=_image_url(fields),
        upc=_text(_optional(fields, "external_ids"), "upc"),
        url=_external_url(fields),
        artists=_artists(fields),
        tracks=tracks,
    )


def audio_features(value: object) -> dict[str, AudioFeatures]:
    """Return the features that were found, by track id."""
    rows = _rows(_fields(value, "answer"), "audio_features")
    found = [_features(_fields(row, "features")) for row in rows if row is not None]
    return {features.track_id: features for features in found}


def me(value: object) -> Me:
    """Return a person's profile."""
    fields = _fields(value, "profile")
    user_id = _user_id(fields)
    return Me(
        account_id=_text(fields, "account_id") or user_id,
        user_id=user_id,
        display_name=_text(fields, "display_name"),
        image_url=_image_url(fields),
        url=_external_url(fields),
    )


def playlist(value: object) -> PlaylistData:
    """Return a playlist; its items may be there or not."""
    fields = _fields(value, "playlist")
    description = html.unescape(_text(fields, "description"))
    return PlaylistData(
        id=_id(fields),
        name=_text(fields, "name"),
        description=_storable(description).strip(),
        owner_id=_user_id(_fields(fields.get("owner"), "owner")),
        snapshot_id=_text(fields, "snapshot_id"),
        url=_external_url(fields),
        is_public=_flag(fields, "public"),
        total=_items_total(fields),
    )


def snapshot_id(value: object) -> str:
    """Return the version that a write made, "" if none is named."""
    return _text(_fields(value, "answer"), "snapshot_id")


def item_uri(row: object) -> str:
    """Return the URI of one row of a playlist, "" if there is none.

    A track that Spotify replaces by its twin for the market keeps the URI under
    which it was added. New apps get `item`; old ones `track`, which for new ones
    may be there as a boolean.
    """
    fields = _fields(row, "row") if row is not None else {}
    item = fields.get("item") or fields.get("track")
    if not isinstance(item, dict):
        return ""
    return _text(_optional(item, "linked_from"), "uri") or _text(item, "uri")


def token(value: object) -> Token:
    """Return the tokens; they consist of visible ASCII only, fit for a header."""
    fields = _fields(value, "token")
    refresh_token = _text(fields, "refresh_token")
    expires_in_s = _int(fields, "expires_in")
    if not _TOKEN.fullmatch(_text(fields, "access_token")) or not expires_in_s:
        raise _unexpected("access_token", "a token")
    if refresh_token and not _TOKEN.fullmatch(refresh_token):
        raise _unexpected("refresh_token", "a token")
    return Token(
        access_token=_text(fields, "access_token"),
        refresh_token=refresh_token or None,
        expires_in_s=expires_in_s,
        scopes=tuple(_text(fields, "scope").split()),
    )


def _track(row: object) -> TrackData | None:
    fields = _fields(row, "track") if row is not None else {}
    if not _is_catalogue_track(fields):
        return None
    return TrackData(
        id=_id(fields),
        name=_text(fields, "name"),
        artists=_artists(fields),
        disc_number=_int(fields, "disc_number", default=1),
        track_number=_int(fields, "track_number"),
        duration_ms=_int(fields, "duration_ms"),
        explicit=_flag(fields, "explicit") or False,
        isrc=_text(_optional(fields, "external_ids"), "isrc"),
        popularity=_optional_int(fields, "popularity", highest=100),
        is_playable=_is_playable(fields),
    )


def _is_catalogue_track(fields: Fields) -> bool:
    is_track = fields.get("type") in (None, "track")
    return is_track and bool(fields.get("id")) and not _flag(fields, "is_local")


def _is_playable(fields: Fields) -> bool:
    """`is_playable` comes only with a market; `restrictions` says it otherwise."""
    playable = _flag(fields, "is_playable")
    return not _optional(fields, "restrictions") if playable is None else playable


def _features(fields: Fields) -> AudioFeatures:
    key = _optional_int(fields, "key", lowest=_KEY_UNKNOWN, highest=11)
    return AudioFeatures(
        track_id=_id(fields),
        danceability=_float(fields, "danceability"),
        energy=_float(fields, "energy"),
        key=None if key == _KEY_UNKNOWN else key,
        loudness=_float(fields, "loudness"),
        mode=_optional_int(fields, "mode", highest=1),
        speechiness=_float(fields, "speechiness"),
        acousticness=_float(fields, "acousticness"),
        instrumentalness=_float(fields, "instrumentalness"),
        liveness=_float(fields, "liveness"),
        valence=_float(fields, "valence"),
        tempo=_float(fields, "tempo"),
    )


def _artists(fields: Fields) -> tuple[ArtistRef, ...]:
    """Every credited artist in order; those without an id cannot be told apart."""
    rows = [_fields(row, "artist") for row in _rows(fields, "artists") if row]
    return tuple(
        ArtistRef(_id(row), _text(row, "name")) for row in rows if row.get("id")
    )


def _release_date(fields: Fields) -> tuple[str, str]:
    """Return date and precision; "0000" and the like have been seen and are none."""
    released = _text(fields, "release_date")
    if not _RELEASE_DATE.fullmatch(released):
        return "", ""
    try:
        date.fromisoformat((released + "-01-01")[:10])
    except ValueError:
        return "", ""
    return released, _PRECISIONS[len(released)]


def _image_url(fields: Fields) -> str:
    """The widest picture; Spotify does not promise an order."""
    images = [_fields(row, "image") for row in _rows(fields, "images") if row]
    widest = max(images, key=lambda image: _int(image, "width"), default={})
    return _web_address(_text(widest, "url"))


def _external_url(fields: Fields) -> str:
    return _web_address(_text(_optional(fields, "external_urls"), "spotify"))


def _items_total(fields: Fields) -> int | None:
    for key in ("items", "tracks"):
        items = fields.get(key)
        if isinstance(items, dict) and items.get("total") is not None:
            return _int(items, "total")
    return None


def _web_address(text: str) -> str:
    return text if _WEB_ADDRESS.fullmatch(text) else ""


def _fields(value: object, name: str) -> Fields:
    if isinstance(value, dict):
        return value
    raise _unexpected(name, "an object")


def _optional(fields: Fields, key: str) -> Fields:
    value = fields.get(key)
    return {} if value is None else _fields(value, key)


def _rows(fields: Fields, key: str) -> list[object]:
    value = fields.get(key)
    if value is None:
        return []
    if isinstance(value, list):
        return value
    raise _unexpected(key, "a list")


def _id(fields: Fields) -> str:
    text = _text(fields, "id")
    if _ID.fullmatch(text):
        return text
    raise _unexpected("id", "an id")


def _user_id(fields: Fields) -> str:
    text = _text(fields, "id")
    if _USER_ID.fullmatch(text):
        return text
    raise _unexpected("id", "a user id")


def _text(fields: Fields, key: str) -> str:
    value = fields.get(key)
    if value is None:
        return ""
    if isinstance(value, str):
        return _storable(value)
    raise _unexpected(key, "a text")


def _storable(text: str) -> str:
    """Drop what no database takes: NUL and halves of surrogate pairs."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode("utf-8")


def _flag(fields: Fields, key: str) -> bool | None:
    value = fields.get(key)
    if value is None or isinstance(value, bool):
        return value
    raise _unexpected(key, "true or false")


def _int(fields: Fields, key: str, *, default: int = 0) -> int:
    value = _optional_int(fields, key)
    return default if value is None else value


def _optional_int(
    fields: Fields, key: str, *, lowest: int = 0, highest: int = _INT_MAX
) -> int | None:
    value = fields.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise _unexpected(key, "a whole number")
    if not lowest <= value <= highest:
        raise _unexpected(key, f"from {lowest} to {highest}")
    return value


def _float(fields: Fields, key: str) -> float | None:
    value = fields.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _unexpected(key, "a number")
    if not abs(value) <= _FLOAT_MAX:
        raise _unexpected(key, "a number of sensible size")
    return float(value)


def _unexpected(name: str, wanted: str) -> BadResponseError:
    return BadResponseError(
        f"Spotify's answer is not what it should be: “{name}” is not {wanted}."
    )
