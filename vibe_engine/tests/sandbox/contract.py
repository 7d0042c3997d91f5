"""What Spotify's OpenAPI document says about an answer, held to the letter.

The document is lenient: most of its objects require nothing and forbid nothing. Here
every property it names must be there and no other may be, except as the tables
below say. Each line of them is something that real answers are known to do.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml

Schema = dict[str, Any]
Table = Mapping[str, frozenset[str]]

_DOCUMENT = Path(__file__).with_name("openapi") / "spotify.yml"


def _table(**rows: str) -> Table:
    return {name: frozenset(fields.split()) for name, fields in rows.items()}


# What apps in development mode do not get since February 2026 (changelog), and the
# genres of artists, which they do not get either (reports of 2026).
_REMOVED = _table(
    AlbumBase="available_markets",
    AlbumObject="label popularity genres",
    ArtistDiscographyAlbumObject="album_group",
    ArtistObject="followers popularity genres",
    SimplifiedTrackObject="available_markets linked_from",
    TrackObject="available_markets linked_from popularity",
    PrivateUserObject="country email explicit_content followers product",
    PlaylistObject="tracks followers",
    SimplifiedPlaylistObject="tracks",
    PlaylistTrackObject="track",
)
# There on some occasions only: a market was asked for, the track is restricted, the
# playlist is one's own, the release has such a number.
_OPTIONAL = _table(
    AlbumBase="restrictions",
    SimplifiedTrackObject="is_playable restrictions linked_from",
    TrackObject="is_playable restrictions linked_from",
    PlaylistObject="items tracks",
    ExternalIdObject="isrc ean upc",
)
# null although the document does not say so: withdrawn tracks in playlists, accounts
# without a name.
_NULLABLE = _table(
    PlaylistTrackObject="item track",
    PrivateUserObject="display_name",
)
# In real answers, not in the document.
_UNDOCUMENTED = _table(
    PlaylistObject="primary_color",
    SimplifiedPlaylistObject="primary_color",
    PlaylistTrackObject="primary_color video_thumbnail",
    ErrorObject="reason",
)
# Lists that hold null where an id is unknown.
_BATCHES = frozenset({"ManyAlbums", "ManyTracks", "ManyArtists", "ManyAudioFeatures"})


class Contract:
    """The document as it holds for an app of one profile."""

    def __init__(self, *, is_extended: bool) -> None:
        self._document = _load()
        self._is_extended = is_extended

    @property
    def paths(self) -> frozenset[str]:
        """The routes that the document knows."""
        return frozenset(self._document["paths"])

    def statuses(self, method: str, path: str) -> frozenset[int]:
        """Return the statuses the document has for the route; none if unknown."""
        operation = self._document["paths"].get(path, {}).get(method.lower(), {})
        return frozenset(int(status) for status in operation.get("responses", {}))

    def has_body(self, method: str, path: str, status: int) -> bool:
        """Tell whether the answer has a body."""
        return "content" in self._response(method, path, status)

    def problems(self, method: str, path: str, status: int, body: Any) -> list[str]:
        """Return what is wrong with the body of an answer; [] for nothing."""
        response = self._response(method, path, status)
        schema = response["content"]["application/json"]["schema"]
        return self._validate(self._strict(schema, response["name"]), body)

    def error_problems(self, body: Any) -> list[str]:
        """Return what is wrong with an error's body."""
        shape = self._document["components"]["responses"]["Forbidden"]
        schema = shape["content"]["application/json"]["schema"]
        return self._validate(self._strict(schema, "Forbidden"), body)

    def _response(self, method: str, path: str, status: int) -> Schema:
        found = self._document["paths"][path][method.lower()]["responses"][str(status)]
        name = found.get("$ref", "").rpartition("/")[2]
        return {"name": name, **(self._named("responses", name) if name else found)}

    def _named(self, kind: str, name: str) -> Schema:
        named: Schema = self._document["components"][kind][name]
        return named

    def _validate(self, schema: Schema, body: Any) -> list[str]:
        found = jsonschema.Draft202012Validator(schema).iter_errors(body)
        return [f"{error.json_path}: {error.message}" for error in found]

    def _strict(self, schema: Schema, name: str = "") -> Schema:
        """Return the schema without references, with all its tables applied."""
        flat, names = self._flatten(schema)
        if name:
            names.add(name)
        if "oneOf" in flat:  # a track or an episode; the sandbox has tracks only
            return self._strict(flat["oneOf"][0])
        if "properties" in flat:
            strict = self._strict_object(flat, names)
        elif "items" in flat:
            strict = {"type": "array", "items": self._strict(flat["items"])}
        else:
            strict = {
                key: flat[key] for key in flat if key not in ("nullable", "format")
            }
        return _or_null(strict) if flat.get("nullable") else strict

    def _strict_object(self, flat: Schema, names: set[str]) -> Schema:
        removed = frozenset() if self._is_extended else _of(_REMOVED, names)
        optional, nullable = _of(_OPTIONAL, names), _of(_NULLABLE, names)
        properties = {
            field: self._strict(schema)
            for field, schema in flat["properties"].items()
            if field not in removed
        }
        required = [field for field in properties if field not in optional]
        for field in nullable & properties.keys():
            properties[field] = _or_null(properties[field])
        if names & _BATCHES:
            for batch in properties.values():
                batch["items"] = _or_null(batch["items"])
        undocumented: Schema = {field: {} for field in _of(_UNDOCUMENTED, names)}
        return {
            "type": "object",
            "properties": {**properties, **undocumented},
            "required": required,
            "additionalProperties": False,
        }

    def _flatten(self, schema: Schema) -> tuple[Schema, set[str]]:
        """Merge references and `allOf` into one schema; return it with its names."""
        names: set[str] = set()
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            schema, names = self._named("schemas", name), {name}
        flat = {key: value for key, value in schema.items() if key != "allOf"}
        flat["properties"] = dict(flat.get("properties", {}))
        for part in schema.get("allOf", ()):
            inner, inner_names = self._flatten(part)
            properties = {**inner.get("properties", {}), **flat["properties"]}
            flat = {**inner, **flat, "properties": properties}
            names |= inner_names
        if not flat["properties"]:
            del flat["properties"]
        return flat, names


@cache
def _load() -> Schema:
    document: Schema = yaml.safe_load(_DOCUMENT.read_text(encoding="utf-8"))
    return document


def _of(table: Table, names: set[str]) -> frozenset[str]:
    return frozenset().union(*(table.get(name, frozenset()) for name in names))


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}
