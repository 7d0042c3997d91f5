"""The report in plain sentences, for the page and the terminal."""

from collections.abc import Mapping

from playlists.sampler.report import Report


def describe(
    report: Report, artist_names: Mapping[int, str] | None = None
) -> list[str]:
    """Say in short sentences how the list came about and what would help it."""
    raise NotImplementedError
