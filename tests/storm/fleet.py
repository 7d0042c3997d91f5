"""Accounts, a library and playlists for a storm, made by the product's services."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from django.db import transaction

from accounts.models import Account, App, Developer
from accounts.services import client_for
from accounts.tests.factories import connect_account, make_app, make_developer
from automation.models import Run
from automation.runtime import RuntimeSettings
from library.services import storing
from playlists.models import Playlist
from playlists.services import creation, reshuffling
from playlists.tests.factories import stock_library
from vibe_engine import clock
from vibe_engine.testing.sandbox import SandboxControl

SIZE = 5
ALBUMS = 60
MOST_PLAYLISTS = 200
PAGE = 50


@dataclass
class Fleet:
    """The accounts of a storm, and every run that was accepted for them."""

    accounts: Sequence[Account]
    accepted: set[int] = field(default_factory=set)

    def create(self, account: Account, count: int, *, size: int = SIZE) -> Run:
        """Ask for new playlists of an account."""
        bulk = creation.create_playlists(
            account=account,
            count=count,
            size=size,
            settings=RuntimeSettings(),
            now=clock.now(),
        )
        return self.accept(bulk)

    def create_everywhere(self, total: int) -> None:
        """Ask for playlists, as many for each account."""
        share = -(-total // len(self.accounts))
        for account in self.accounts:
            self.create(account, share)

    def reshuffle(self, accounts: Sequence[Account] | None = None) -> Run:
        """Ask for a reshuffle of every active playlist of these accounts."""
        chosen = Playlist.objects.filter(status=Playlist.Status.ACTIVE)
        if accounts is not None:
            chosen = chosen.filter(account__in=accounts)
        return self.accept(
            reshuffling.open_reshuffle(playlists=chosen, now=clock.now())
        )

    def accept(self, run: Run) -> Run:
        """Hold the product to a run that it has answered for."""
        self.accepted |= {run.pk, *run.children.values_list("pk", flat=True)}
        return run

    def has_room(self, account: Account, count: int) -> bool:
        """Whether an account may hold so many more playlists."""
        return creation.count_managed(account) + count <= MOST_PLAYLISTS

    def pick(self, rng: Random) -> Account:
        """Choose an account by chance."""
        return rng.choice(self.accounts)


def found_fleet(sandbox: SandboxControl, *, accounts: int) -> Fleet:
    """Connect accounts, each on an app of its own developer, and read a library.

    A developer of its own each, so that one circuit does not stop the whole storm.
    """
    names = [f"Storm {number}" for number in range(accounts)]
    connected = [
        connect_account(sandbox, name, app=_found_app(sandbox, name)) for name in names
    ]
    stock_library(sandbox, connected[0], albums=ALBUMS)
    return Fleet(accounts=connected)


def found_one_house(
    sandbox: SandboxControl, *, accounts: int, albums: int
) -> tuple[Developer, Fleet]:
    """Connect accounts on one new app of one developer, and read a library."""
    app = _found_app(sandbox, "House", mode="development")
    connected = [
        connect_account(sandbox, f"House {number}", app=app)
        for number in range(1, accounts + 1)
    ]
    _read_albums(sandbox, connected[0], albums)
    return app.developer, Fleet(accounts=connected)


def _read_albums(sandbox: SandboxControl, account: Account, count: int) -> None:
    """Take the sandbox's first albums in, however many."""
    with client_for(account, now=clock.now()) as client:
        for offset in range(0, count, PAGE):
            page = sandbox.catalogue(offset=offset, limit=min(PAGE, count - offset))
            for row in page:
                album = client.album(row["id"])
                with transaction.atomic():
                    storing.store_album(data=album, submitted_url="", now=clock.now())


def _found_app(sandbox: SandboxControl, name: str, *, mode: str = "extended") -> App:
    client = (secrets.token_hex(16), secrets.token_hex(16))
    developer = make_developer(name=name)
    sandbox.add_app(*client, profile=mode, developer=developer.name)
    return make_app(
        developer=developer,
        client_id=client[0],
        client_secret=client[1],
        mode=mode,
    )
