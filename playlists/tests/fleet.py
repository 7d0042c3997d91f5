"""An account on the sandbox whose app and seats a test can change."""

import secrets

from django.conf import settings

from accounts.tests.factories import connect_account, make_app
from automation.models import Run
from automation.runtime import RuntimeSettings
from playlists.models import Playlist
from playlists.services import creation, reshuffling
from playlists.tests.factories import finish, stock_library
from vibe_engine import clock as product_clock
from vibe_engine.testing.sandbox import SandboxControl

SETTINGS = RuntimeSettings()


class Fleet:
    """One account with its own app and developer, on the sandbox and here."""

    def __init__(self, sandbox: SandboxControl) -> None:
        self.sandbox = sandbox
        self.client_id, self.secret = secrets.token_hex(16), secrets.token_hex(16)
        self.developer = f"developer {self.client_id[:8]}"
        self.register()
        app = make_app(client_id=self.client_id, client_secret=self.secret)
        name = f"Radio {self.client_id[:6]}"
        self.account = connect_account(sandbox, name, app=app)
        stock_library(sandbox, self.account)

    def register(self, **details: object) -> None:
        self.sandbox.add_app(
            self.client_id,
            self.secret,
            developer=self.developer,
            redirect_uris=[settings.SPOTIFY_REDIRECT_URI],
            **details,
        )

    def create(self, count: int = 1) -> list[Run]:
        return finish(self.open_creation(count))

    def open_creation(self, count: int) -> Run:
        return creation.create_playlists(
            account=self.account,
            count=count,
            settings=SETTINGS,
            now=product_clock.now(),
            size=10,
        )

    def open_reshuffle(self) -> Run:
        return reshuffling.open_reshuffle(
            playlists=Playlist.objects.order_by("pk"), now=product_clock.now()
        )

    def reshuffle(self) -> Run:
        """Reshuffle the only playlist; the log begins right before."""
        self.sandbox.mark()
        return finish(self.open_reshuffle())[0]
