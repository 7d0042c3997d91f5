"""A month in the life of a fleet, lived through the product's own doors."""

import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from django.core.management import call_command
from django.test import override_settings

from accounts.models import Account, Usage
from accounts.tests.factories import connect_account, make_app
from automation import schedules, worker
from automation.models import Run
from library.models import Track as StoredTrack
from playlists.models import HistoryEntry, Playlist, PlaylistSnapshot
from tests.modulewide import learn_sizes
from vibe_engine.sandbox.catalogue import Album, Catalogue, Track
from vibe_engine.testing.clock import MovableClock
from vibe_engine.testing.plugin import DEVELOPMENT_APP, EXTENDED_APP
from vibe_engine.testing.sandbox import SandboxControl, SandboxProcess

START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
DAYS = 30
GROWING = (Run, PlaylistSnapshot, HistoryEntry, Usage)
"""The tables whose size changes with each day of a month."""
APPS = {"extended": EXTENDED_APP, "development": DEVELOPMENT_APP}


@dataclass(frozen=True)
class Order:
    """Playlists to create: how many, what they draw from and how often."""

    count: int
    size: int = 50
    interval_days: int = 5
    collection: str = ""

    def options(self) -> Iterator[str]:
        """Yield the options of `create_playlists`."""
        yield from ("--count", str(self.count), "--size", str(self.size))
        yield from ("--interval-days", str(self.interval_days))
        if self.collection:
            yield from ("--collection", self.collection)


@dataclass
class Month:
    """What was done, what the sandbox was asked meanwhile, and where it stands.

    `catalogue` is what the sandbox serves, read past the product: the truth about
    credits and recordings. `calls` are the sandbox's requests of each chapter.
    """

    sandbox: SandboxControl
    catalogue: Catalogue
    clock: MovableClock
    account: Account
    albums: Sequence[Album]
    calls: dict[str, list[str]] = field(default_factory=dict)

    @contextmanager
    def chapter(self, name: str) -> Iterator[None]:
        """Keep the API requests of what happens inside."""
        self.sandbox.mark()
        yield
        self.calls[name] = self.sandbox.calls()

    def ingest(self, albums: Sequence[Album], folder: Path, *options: str) -> str:
        """Take albums in by command, from a file of links."""
        file = folder / "albums.txt"
        links = (f"https://open.spotify.com/album/{album.id}" for album in albums)
        file.write_text("\n".join(links), encoding="utf-8")
        return run_command("ingest", "--file", str(file), "--wait", *options)

    def create(self, order: Order) -> str:
        """Create playlists by command."""
        options = ("--account", self.account.user_id, *order.options())
        return run_command("create_playlists", *options, "--wait")

    def live(self, days: int = DAYS) -> None:
        """Look twice a day; what is due is opened by its schedule and worked."""
        now = self.clock.now()
        schedules.ensure_defaults(now=now)
        morning = now.replace(hour=11, minute=0)
        learn_sizes()
        for half_days in range(2, 2 * days + 2):
            self.clock.set(morning + timedelta(hours=12 * half_days))
            learn_sizes(*GROWING)
            schedules.open_due_slots(now=self.clock.now())
            while due := Run.objects.due(now=self.clock.now()).values_list("pk"):
                worker.work_all([pk for (pk,) in due])

    def track(self, uri: str) -> Track:
        """Return what the sandbox knows of a track."""
        track = self.catalogue.track(uri.removeprefix("spotify:track:"))
        assert track is not None, uri
        return track

    def remote_lists(self) -> dict[str, list[str]]:
        """Return the account's playlists as the sandbox holds them, by Spotify id."""
        there = self.sandbox.playlists(self.account.user_id)
        return {one["id"]: one["items"] for one in there}

    def playlists(self) -> list[Playlist]:
        """Return the account's playlists."""
        return list(Playlist.objects.filter(account=self.account).order_by("index"))


@dataclass(frozen=True)
class Listing:
    """One list that stood on Spotify: its snapshot, and its tracks as Spotify's."""

    snapshot: PlaylistSnapshot
    tracks: list[Track]

    @property
    def confirmed_on(self) -> date:
        assert self.snapshot.confirmed_at is not None
        return self.snapshot.confirmed_at.astimezone(UTC).date()

    def reported(self, track: Track) -> str:
        """Return why the report lets this track in."""
        key = StoredTrack.objects.get(spotify_id=track.id).pk
        reason: str = self.snapshot.report["per_track"][str(key)][1]
        return reason


def listings(month: Month, playlist: Playlist) -> list[Listing]:
    """Return every list of a playlist, oldest first."""
    snapshots = playlist.snapshots.confirmed().order_by("confirmed_at")
    return [
        Listing(snapshot, [month.track(uri) for uri in uris_of(snapshot)])
        for snapshot in snapshots
    ]


def uris_of(snapshot: PlaylistSnapshot) -> list[str]:
    stored = StoredTrack.objects.in_bulk(snapshot.track_ids())
    return [stored[pk].uri for pk in snapshot.track_ids()]


def recording(track: Track) -> object:
    """Return what is the same for each release of a recording."""
    return track.isrc or (track.name, track.artists[0].id, track.duration_ms)


@contextmanager
def running_sandbox(folder: Path, *options: str) -> Iterator[SandboxControl]:
    """Run a sandbox of one's own and point the product at it."""
    apps = (
        (*APPS["extended"], "extended", "fleet"),
        (*APPS["development"], "development", "newcomer"),
    )
    process = SandboxProcess(
        *("--clock", os.environ["VIBE_CLOCK_FILE"]),
        *(word for app in apps for word in ("--app", ":".join(app))),
        *options,
        log=folder / "sandbox.log",
    )
    url, api_url = process.control.url, process.control.api_url
    try:
        with override_settings(
            SANDBOX_URL=url, SPOTIFY_API_URL=api_url, SPOTIFY_ACCOUNTS_URL=url
        ):
            yield process.control
    finally:
        process.stop()


def connect(sandbox: SandboxControl, *, mode: str) -> Account:
    """Connect an account through an app of this mode."""
    client_id, client_secret = APPS[mode]
    app = make_app(client_id=client_id, client_secret=client_secret, mode=mode)
    return connect_account(sandbox, "Harbour Radio", app=app)


def run_command(name: str, *arguments: str) -> str:
    """Run a management command; return what it printed."""
    out = io.StringIO()
    call_command(name, *arguments, stdout=out, stderr=out)
    return out.getvalue()
