"""`manage.py create_playlists`: new playlists from the shell or from cron."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import services as account_services
from automation import runtime
from automation.models import Run
from library.models import Collection
from playlists.management.outcome import carry_out, report, whole_number
from playlists.services import creation, forecast
from vibe_engine import clock
from vibe_engine.errors import InputError, VibeError


class Command(BaseCommand):
    """Create playlists of an account, each with its first list."""

    help = (
        "Creates playlists of an account and fills them. Three calls to Spotify each. "
        "Each is created once, however often its worker dies."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options; what is not given comes from account and settings."""
        parser.add_argument(
            "--account", required=True, help="primary key, Spotify id or profile URL"
        )
        parser.add_argument("--count", required=True, help="how many")
        parser.add_argument("--prefix", default="", help="names them “PREFIX • 001”")
        parser.add_argument("--size", help="tracks in each, 1 to 100")
        parser.add_argument("--interval-days", help="days between reshuffles, 1 to 90")
        parser.add_argument(
            "--collection",
            action="append",
            default=[],
            metavar="NAME",
            help="draw from this collection alone; may be given several times",
        )
        parser.add_argument(
            "--label",
            action="append",
            default=[],
            metavar="NAME",
            help="label them so; may be given several times",
        )
        parser.add_argument(
            "--wait", action="store_true", help="carry it out here; fail if any fails"
        )
        parser.add_argument(
            "--json", action="store_true", help="print one JSON object at the end"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Open the runs, work on them with `--wait`, and say what came of it."""
        settings = runtime.load()
        try:
            order = _order(options)
            warning = forecast.warn_creation(**order, settings=settings)
            bulk = self._open(options, order, settings)
        except VibeError as error:
            raise CommandError(str(error)) from error
        if warning:
            self.stderr.write(warning)
        runs = carry_out(self, bulk, wait=options["wait"])
        report(
            self,
            bulk,
            runs,
            verb="created",
            as_json=options["json"],
            waited=options["wait"],
        )

    def _open(
        self,
        options: dict[str, Any],
        order: dict[str, Any],
        settings: runtime.RuntimeSettings,
    ) -> Run:
        return creation.create_playlists(
            **order,
            prefix=options["prefix"],
            label_names=options["label"],
            settings=settings,
            now=clock.now(),
        )


def _order(options: dict[str, Any]) -> dict[str, Any]:
    """Return what creation and forecast are both told."""
    return {
        "account": account_services.find_account(options["account"]),
        "count": whole_number(options["count"], "--count") or 0,
        "size": whole_number(options["size"], "--size"),
        "interval_days": whole_number(options["interval_days"], "--interval-days"),
        "collection_ids": [_find_collection(name) for name in options["collection"]],
    }


def _find_collection(name: str) -> int:
    """Return the primary key of the collection of that name, capitals aside.

    :raises InputError: there is none.
    """
    found = Collection.objects.filter(name__iexact=" ".join(name.split())).first()
    if found is None:
        raise InputError(f"There is no collection “{name[:80]}”.")
    return found.pk
