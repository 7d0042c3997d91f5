"""Accounts, a library and playlists for a storm, made by the product's services."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from accounts.models import Account
from accounts.tests.factories import connect_account, make_app, make_developer
from automation.models import Run
from automation.runtime import RuntimeSettings
from playlists.models import Playlist
from playlists.services import creation, reshuffling
from playlists.tests.factories import stock_library
from vibe_engine import clock
from vibe_engine.testing.sandbox import SandboxControl

SIZE = 5
ALBUMS = 60
MOST_PLAYLISTS = 200


@dataclass
class Fleet:
    """The accounts of a storm, and every run that was accepted for them."""

    accounts: Sequence[Account]
    accepted: set[int] = field(default_factory=set)

    def create(self, account: Account, count: int) -> Run:
        """Ask for new playlists of an account."""
        bulk = creation.create_playlists(
            account=account,
            count=count,
            size=SIZE,
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
    connected = []
    for number in range(accounts):
        developer = make_developer(name=f"Storm {number}")
        client = (secrets.token_hex(16), secrets.token_hex(16))
        sandbox.add_app(*client, profile="extended", developer=developer.name)
        app = make_app(
            developer=developer,
            client_id=client[0],
            client_secret=client[1],
            mode="extended",
        )
        connected.append(connect_account(sandbox, f"Storm {number}", app=app))
    stock_library(sandbox, connected[0], albums=ALBUMS)
    return Fleet(accounts=connected)
