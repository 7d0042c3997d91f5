"""What the commands share: numbers, `--wait`, and the words at the end."""

import json
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from automation import causes
from automation.models import Run
from library.management.waiting import work_here
from playlists import reads
from playlists.models import Playlist, PlaylistSnapshot

UNFINISHED = (Run.State.FAILED, Run.State.BLOCKED, Run.State.CANCELLED)


def whole_number(text: str | None, option: str) -> int | None:
    """Return an option's number; None where it was not given.

    :raises CommandError: it is no whole number.
    """
    if text is None:
        return None
    try:
        return int(text)
    except ValueError:
        raise CommandError(
            f"{option} takes a whole number, not “{text[:40]}”."
        ) from None


def carry_out(command: BaseCommand, opened: Run, *, wait: bool) -> list[Run]:
    """Return the runs of what was opened, worked on here with `wait`."""
    runs = opened.children.order_by("pk") if opened.is_bulk else [opened]
    if not wait:
        return list(runs)
    ids = [run.pk for run in runs]
    return work_here(ids, what=opened.title, stdout=command.stdout)


def report(
    command: BaseCommand,
    opened: Run,
    runs: Sequence[Run],
    *,
    verb: str,
    as_json: bool,
    waited: bool,
) -> None:
    """Print what came of the runs; `verb` is what was done, "created".

    :raises CommandError: it was waited for, and one of them did not succeed.
    """
    failed = [run for run in runs if run.state in UNFINISHED]
    if as_json:
        command.stdout.write(json.dumps(_summary(opened, runs, failed)))
    else:
        for run in failed:
            command.stderr.write(f"{run.title}: {in_words(run)}")
        for wait in causes.waits_in_words(runs, say_time=causes.in_utc):
            command.stdout.write(wait)
        for short in _short_lists(runs):
            command.stdout.write(f"{short['name']}: {short['why']}")
        command.stdout.write(_words(opened, runs, verb, waited=waited))
    if waited and failed:
        raise CommandError(f"{len(failed)} of {len(runs)} did not succeed.")


def in_words(run: Run) -> str:
    """Return why a run did not succeed, and what to do."""
    return causes.in_one_line(run, say_time=causes.in_utc)


def _summary(opened: Run, runs: Sequence[Run], failed: Sequence[Run]) -> dict[str, Any]:
    return {
        "run": opened.pk,
        "playlists": [_row(playlist) for playlist in _playlists(runs)],
        "short": _short_lists(runs),
        "done": _count(runs, Run.State.DONE),
        "waiting": sum(run.is_active for run in runs if run not in failed),
        "failed": [{"title": run.title, "error": in_words(run)} for run in failed],
    }


def _row(playlist: Playlist) -> dict[str, Any]:
    return {
        "id": playlist.pk,
        "name": playlist.name,
        "spotify_id": playlist.spotify_id,
        "url": playlist.spotify_url,
    }


def _playlists(runs: Sequence[Run]) -> list[Playlist]:
    keys = [run.subject.removeprefix("playlist:") for run in runs]
    return list(Playlist.objects.filter(pk__in=keys).order_by("pk"))


def _short_lists(runs: Sequence[Run]) -> list[dict[str, str]]:
    """Say of each list these runs brought there with empty places why it has them."""
    lists = PlaylistSnapshot.objects.current().filter(run__in=runs)
    return [
        {
            "name": snapshot.playlist.name,
            "why": " ".join(reads.report_words(snapshot)),
        }
        for snapshot in lists.select_related("playlist").order_by("playlist_id")
        if snapshot.report.get("shortfall")
    ]


def _words(opened: Run, runs: Sequence[Run], verb: str, *, waited: bool) -> str:
    total = f"{len(runs):,} {'playlist' if len(runs) == 1 else 'playlists'}"
    if not waited:
        address = f"{settings.PUBLIC_BASE_URL}{opened.get_absolute_url()}"
        are = "is" if len(runs) == 1 else "are"
        return f"{total} {are} being {verb}: {address}"
    words = f"{_count(runs, Run.State.DONE):,} of {total} {verb}"
    waiting = _count(runs, Run.State.PLANNED) + _count(runs, Run.State.WORKING)
    return f"{words}, {waiting:,} waiting." if waiting else f"{words}."


def _count(runs: Sequence[Run], state: Run.State) -> int:
    return sum(run.state == state for run in runs)
