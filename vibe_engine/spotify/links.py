"""Album links in text that people paste; nothing is ever fetched."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class ProblemKind(StrEnum):
    NOT_ALBUM = "not_album"
    BAD_ID = "bad_id"
    NO_LINK = "no_link"
    SHORT_LINK = "short_link"


@dataclass(frozen=True, slots=True)
class AlbumLink:
    album_id: str


@dataclass(frozen=True, slots=True)
class LinkProblem:
    """Why a piece of text is no album; `text` is a sentence for the person."""

    kind: ProblemKind
    text: str


@dataclass(frozen=True, slots=True)
class FoundLink:
    """One verdict: `line_number` from 1, `raw` the piece of text, for display.

    `raw` has no control characters and at most 120 characters.
    """

    line_number: int
    raw: str
    link: AlbumLink | LinkProblem


def parse_album_link(
    text: str, *, extra_hosts: Collection[str] = ()
) -> AlbumLink | LinkProblem:
    """Return the first album in `text`, or else what is wrong with it.

    `extra_hosts` are further hosts with album pages, such as "127.0.0.1:8001".
    """
    raise NotImplementedError


def find_album_links(
    text: str, *, extra_hosts: Collection[str] = ()
) -> list[FoundLink]:
    """Return a verdict for each link in `text`, and one for each line without any.

    Blank lines are skipped. Takes linear time, whatever is pasted.
    """
    raise NotImplementedError
