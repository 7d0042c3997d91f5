"""Album links in text that people paste; nothing is ever fetched.

A text is cut into lines and a line into words; each word is looked at once by
patterns without nested repetition, so that the time grows with the length only.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

ID_LENGTH = 22
RAW_LENGTH = 120

_LINE_ENDS = re.compile(r"\r\n|\r|\n")
# Invisible marks of chat programs and editors separate words as blanks do. An address
# glued to the end of another, or within one, is a word of its own.
_SEPARATORS = re.compile(
    r"[\s\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\"'`<>(){}\[\]|,;]+"
    r"|(?=https?://)",
    re.IGNORECASE,
)
_SPOTIFY_HOST = r"(?:www\.)?(?:open|play)\.spotify\.com(?::443|:80)?"
_SHORT_LINK = re.compile(
    r"(?:^|//|[^\w.@/-])(?:www\.)?(?:spotify\.link|spotify\.app\.link|spoti\.fi)/",
    re.IGNORECASE,
)
_URI = re.compile(
    r"(?:^|[^\w/.-])spotify:(?:user:[^:]*:)?([a-z]+)(?::([^?#&]*))?", re.IGNORECASE
)
_BASE62 = re.compile(r"[0-9A-Za-z]*")
_LOCALE = re.compile(r"intl-[\w-]+", re.IGNORECASE)
_WORD_OR_NUMBER = re.compile(r"[A-Za-z]?[a-z]+|[A-Z]+|[0-9]+")
_PUNCTUATION = ".:!?*_-~#=/\\&+“”„‘’«»…•·–—"
_LIKELY_ID_LENGTHS = range(16, 33)
_LONGEST_BARE = 80

_KINDS = {
    "playlist": "a playlist",
    "track": "a single track",
    "artist": "an artist",
    "show": "a podcast",
    "episode": "a podcast episode",
    "audiobook": "an audiobook",
    "user": "a person's profile",
    "prerelease": "an album that is not out yet",
    "embed-podcast": "a podcast player",
}


class ProblemKind(StrEnum):
    """What keeps a piece of text from being an album."""

    NOT_ALBUM = "not_album"
    BAD_ID = "bad_id"
    NO_LINK = "no_link"
    SHORT_LINK = "short_link"


@dataclass(frozen=True, slots=True)
class AlbumLink:
    """An album by its id, of 22 letters and digits; whether it exists is not known."""

    album_id: str


@dataclass(frozen=True, slots=True)
class LinkProblem:
    """Why a piece of text is no album; `text` is a sentence for the person."""

    kind: ProblemKind
    text: str


@dataclass(frozen=True, slots=True)
class FoundLink:
    """One verdict: `line_number` from 1, `raw` the piece of text, for display.

    `raw` has at most 120 characters and no control characters.
    """

    line_number: int
    raw: str
    link: AlbumLink | LinkProblem


_NO_LINK = LinkProblem(ProblemKind.NO_LINK, "There is no album link or id in it.")
_SHORT = LinkProblem(
    ProblemKind.SHORT_LINK,
    "A short link does not say where it leads. Open it, then copy the full address.",
)


def parse_album_link(
    text: str, *, extra_hosts: Collection[str] = ()
) -> AlbumLink | LinkProblem:
    """Return the first album in `text`, or else what is wrong with it.

    Takes web addresses, URIs and bare ids, amid other words too.

    :param extra_hosts: further hosts with album pages, "127.0.0.1:8001" or
        "http://127.0.0.1:8001".
    """
    links = [found.link for found in find_album_links(text, extra_hosts=extra_hosts)]
    albums = [link for link in links if isinstance(link, AlbumLink)]
    return next(iter(albums + links), _NO_LINK)


def find_album_links(
    text: str, *, extra_hosts: Collection[str] = ()
) -> list[FoundLink]:
    """Return a verdict for each link in `text`, and one for each line without any.

    Blank lines are skipped; `extra_hosts` is as in `parse_album_link`.
    """
    pages = _pages_pattern(extra_hosts)
    return [
        found
        for number, line in enumerate(_LINE_ENDS.split(text), start=1)
        if line
        for found in _line_verdicts(number, line, pages)
    ]


def _pages_pattern(extra_hosts: Collection[str]) -> re.Pattern[str]:
    """Match a host with album pages, captured the path after it."""
    names = [re.sub(r"^https?://|/+$", "", host) for host in extra_hosts]
    hosts = "|".join([_SPOTIFY_HOST, *(re.escape(name) for name in names if name)])
    return re.compile(rf"(?:^|//|[^\w.@/-])(?:{hosts})/([^?#]*)", re.IGNORECASE)


def _line_verdicts(number: int, line: str, pages: re.Pattern[str]) -> list[FoundLink]:
    words = [word for word in _SEPARATORS.split(line) if word]
    is_alone = len(words) == 1
    links = [(word, _verdict(word, pages, is_alone=is_alone)) for word in words]
    found = [FoundLink(number, _shown(word), link) for word, link in links if link]
    shown = _shown(line)
    if not found and (words or shown):
        return [FoundLink(number, shown, _NO_LINK)]
    return found


def _verdict(
    word: str, pages: re.Pattern[str], *, is_alone: bool
) -> AlbumLink | LinkProblem | None:
    """Return what a word is; None for one that has nothing to do with Spotify."""
    if match := pages.search(word):
        return _page_verdict(match[1])
    if _SHORT_LINK.search(word):
        return _SHORT
    if match := _URI.search(word):
        return _kind_verdict(match[1], match[2] or "")
    return _bare_verdict(word, is_alone=is_alone)


def _page_verdict(path: str) -> AlbumLink | LinkProblem:
    parts = [part for part in path.split("/", 8) if part]
    if parts and _LOCALE.fullmatch(parts[0]):
        del parts[0]
    if parts and parts[0].lower() == "embed":
        del parts[0]
    if len(parts) > 2 and parts[0].lower() == "user":
        del parts[:2]
    kind, spotify_id = (*parts, "", "")[:2]
    return _kind_verdict(kind, spotify_id)


def _kind_verdict(kind: str, rest: str) -> AlbumLink | LinkProblem:
    if kind.lower() == "album":
        return _id_verdict(_leading_base62(rest))
    what = _KINDS.get(kind.lower(), "something else")
    text = f"This link leads to {what}, not to an album."
    return LinkProblem(ProblemKind.NOT_ALBUM, text)


def _id_verdict(spotify_id: str) -> AlbumLink | LinkProblem:
    if len(spotify_id) == ID_LENGTH:
        return AlbumLink(spotify_id)
    characters = "character" if len(spotify_id) == 1 else "characters"
    return LinkProblem(
        ProblemKind.BAD_ID,
        f"The album's id has {len(spotify_id)} {characters}; {ID_LENGTH} are wanted.",
    )


def _bare_verdict(word: str, *, is_alone: bool) -> AlbumLink | LinkProblem | None:
    """Take an id without any address; amid others it must not look like a word."""
    if "/" in word or "@" in word or len(word) > _LONGEST_BARE:
        return None
    word = word.strip(_PUNCTUATION)
    if not _BASE62.fullmatch(word):
        return None
    if len(word) == ID_LENGTH and (is_alone or not _WORD_OR_NUMBER.fullmatch(word)):
        return AlbumLink(word)
    if is_alone and len(word) in _LIKELY_ID_LENGTHS and _is_mixed(word):
        return _id_verdict(word)
    return None


def _is_mixed(word: str) -> bool:
    """Whether it has digits, capitals and small letters, as nearly every id has."""
    kinds = (str.isdigit, str.isupper, str.islower)
    return all(any(kind(character) for character in word) for kind in kinds)


def _leading_base62(text: str) -> str:
    match = _BASE62.match(text)
    return match[0] if match else ""


def _shown(text: str) -> str:
    """Return a snippet that is safe to show: one line, nothing invisible."""
    text = text.strip()
    line = " ".join(text[: 4 * RAW_LENGTH].split())
    snippet = "".join(c for c in line if c.isprintable())
    is_cut = len(text) > 4 * RAW_LENGTH or len(snippet) > RAW_LENGTH
    return snippet[: RAW_LENGTH - 1] + "…" if snippet and is_cut else snippet
