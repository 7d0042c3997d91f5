"""`manage.py reshuffle`: new lists from the shell or from cron."""

import json
import secrets
from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet

from accounts import services as account_services
from automation import runtime
from automation.models import Run
from playlists.lookups import find_playlist
from playlists.management.outcome import carry_out, report, whole_number
from playlists.models import Playlist, PlaylistSnapshot
from playlists.services import labelling, opening, replaying, reshuffling
from vibe_engine import clock
from vibe_engine.errors import VibeError

SEED_BITS = 31
WAYS = ("playlist", "account", "label", "due", "all")


class Command(BaseCommand):
    """Give playlists new lists, or show what they would be."""

    help = (
        "Reshuffles playlists: one call to Spotify each, two where the description "
        "is refreshed. --dry-run draws the lists and stores nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options; which playlists is said in exactly one way."""
        parser.add_argument(
            "--playlist",
            nargs="+",
            action="extend",
            metavar="P",
            help="primary keys, Spotify ids or links",
        )
        parser.add_argument(
            "--account", help="all active ones of an account: key, Spotify id or URL"
        )
        parser.add_argument("--label", help="all active ones that carry this label")
        parser.add_argument("--due", action="store_true", help="what is due by now")
        parser.add_argument("--all", action="store_true", help="every active playlist")
        parser.add_argument(
            "--dry-run", action="store_true", help="show the draws, change nothing"
        )
        parser.add_argument("--seed", help="draw what a dry run showed for this seed")
        parser.add_argument(
            "--replay", metavar="SNAPSHOT", help="with --dry-run: draw this list again"
        )
        parser.add_argument(
            "--wait", action="store_true", help="carry it out here; fail if any fails"
        )
        parser.add_argument(
            "--json", action="store_true", help="print one JSON object at the end"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Open the runs, or show the draws; say what came of it."""
        try:
            if options["replay"] is not None:
                self._replay(options)
                return
            playlists = _chosen(options)
            seed = whole_number(options["seed"], "--seed")
            if seed is not None:
                reshuffling.check_seed(seed)
            if options["dry_run"]:
                self._show(playlists, seed, as_json=options["json"])
            elif options["due"] and not playlists:
                self._say_nothing_is_due(as_json=options["json"])
            else:
                self._reshuffle(playlists, seed, options)
        except VibeError as error:
            raise CommandError(str(error)) from error

    def _reshuffle(
        self,
        playlists: opening.Playlists,
        seed: int | None,
        options: dict[str, Any],
    ) -> None:
        opened: Run = reshuffling.open_reshuffle(
            playlists=playlists, now=clock.now(), seed=seed
        )
        runs = carry_out(self, opened, wait=options["wait"])
        report(
            self,
            opened,
            runs,
            verb="reshuffled",
            as_json=options["json"],
            waited=options["wait"],
        )

    def _replay(self, options: dict[str, Any]) -> None:
        if not options["dry_run"]:
            raise CommandError("--replay goes with --dry-run: it changes nothing.")
        key = whole_number(options["replay"], "--replay") or 0
        snapshots = PlaylistSnapshot.objects.select_related("playlist")
        snapshot = snapshots.filter(pk=key).first()
        if snapshot is None:
            raise CommandError(f"There is no list {key}.")
        plan = replaying.replay_list(snapshot=snapshot, now=clock.now())
        if options["json"]:
            row = {"snapshot": snapshot.pk, "track_ids": plan.track_ids}
            self.stdout.write(json.dumps(row | {"seed": plan.seed}))
            return
        self.stdout.write(" ".join(map(str, plan.track_ids)))
        self.stdout.write(f"The same {len(plan.track_ids)} tracks in the same order.")

    def _say_nothing_is_due(self, *, as_json: bool) -> None:
        empty: dict[str, Any] = {
            "run": None,
            "playlists": [],
            "short": [],
            "done": 0,
            "waiting": 0,
            "failed": [],
        }
        self.stdout.write(json.dumps(empty) if as_json else "Nothing is due.")

    def _show(
        self, playlists: Iterable[Playlist], seed: int | None, *, as_json: bool
    ) -> None:
        seed = secrets.randbits(SEED_BITS) if seed is None else seed
        settings, now = runtime.load(), clock.now()
        rows, failed = [], 0
        for playlist in playlists:
            try:
                preview = reshuffling.preview_draw(
                    playlist=playlist, settings=settings, now=now, seed=seed
                )
            except VibeError as error:
                failed += 1
                rows.append(
                    {"id": playlist.pk, "name": playlist.name, "error": str(error)}
                )
            else:
                rows.append(_preview_row(playlist, preview))
        if as_json:
            self.stdout.write(json.dumps({"seed": seed, "playlists": rows}))
        else:
            self._print_rows(rows, seed)
        if failed:
            raise CommandError(f"{failed} of {len(rows)} lists cannot be drawn.")

    def _print_rows(self, rows: list[dict[str, Any]], seed: int) -> None:
        for row in rows:
            self.stdout.write(f"{row['name']}: {row.get('error') or _line(row)}")
        self.stdout.write(
            f"Nothing was changed. --seed {seed} draws these lists today."
        )


def _chosen(options: dict[str, Any]) -> opening.Playlists:
    """Return the playlists that are meant.

    :raises CommandError: it is said in no way, or in two.
    """
    given = [name for name in WAYS if options[name]]
    if len(given) != 1:
        raise CommandError(
            "Give one of --playlist P..., --account A, --label NAME, --due and --all."
        )
    if options["playlist"]:
        found = {one.pk: one for one in map(find_playlist, options["playlist"])}
        return list(found.values())
    if options["due"]:
        return reshuffling.due_playlists(now=clock.now())
    active: QuerySet[Playlist] = Playlist.objects.filter(status=Playlist.Status.ACTIVE)
    if options["account"]:
        account = account_services.find_account(options["account"])
        active = active.filter(account=account)
    if options["label"]:
        active = active.filter(labels=labelling.find_label(options["label"]))
    return active


def _preview_row(playlist: Playlist, preview: reshuffling.Preview) -> dict[str, Any]:
    return {
        "id": playlist.pk,
        "name": playlist.name,
        "track_ids": preview.track_ids,
        "new": len(preview.new_ids),
        "kept": len(preview.kept_ids),
        "gone": len(preview.gone_ids),
        "calls": preview.calls,
        "words": preview.words,
    }


def _line(row: dict[str, Any]) -> str:
    return (
        f"{len(row['track_ids'])} tracks, {row['new']} new, {row['kept']} kept. "
        f"{' '.join(row['words'])}"
    )
