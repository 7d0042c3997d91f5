"""Put the apps that the environment names into the database."""

from typing import Any

import environ
from django.conf import settings
from django.core.management.base import BaseCommand

from accounts import services
from accounts.models import App
from accounts.services import AppSpec

SANDBOX_LIMITS = {
    "requests_per_s": 50.0,
    "catalogue_calls_a_day": 200_000,
    "playlist_writes_a_day": 200_000,
    "playlist_reads_a_day": 200_000,
}
SANDBOX_SEATS = 25


def configured_apps() -> list[AppSpec]:
    """Return the app of the settings and, in the demo, a second one.

    The demo has an app with extended access and one in development mode, each with
    its own developer, so that both kinds can be seen side by side.
    """
    client_id, secret = settings.SPOTIFY_CLIENT_ID, settings.SPOTIFY_CLIENT_SECRET
    mode = settings.SPOTIFY_APP_MODE
    if not settings.DEMO:
        name = f"Vibe Engine {client_id[:6]}"
        return [AppSpec(client_id, secret, name, f"Owner of {name}", mode)]
    env = environ.Env()
    first = AppSpec(
        client_id,
        secret,
        name="Sandbox extended",
        developer="Northpier Studio",
        mode=mode,
        seats=SANDBOX_SEATS,
        limits=SANDBOX_LIMITS,
    )
    second = AppSpec(
        env.str("SANDBOX_DEVELOPMENT_CLIENT_ID", default=""),
        env.str("SANDBOX_DEVELOPMENT_CLIENT_SECRET", default=""),
        name="Sandbox development",
        developer="Kiosk Lab",
        mode=App.Mode.DEVELOPMENT,
        limits=SANDBOX_LIMITS,
    )
    return [first, second] if second.client_id else [first]


class Command(BaseCommand):
    """Create what is missing, store a changed secret, leave the rest alone."""

    help = "Creates the Spotify apps that the environment names, with their developers."

    def handle(self, *args: Any, **options: Any) -> None:
        """Ensure each app and say so."""
        for spec in configured_apps():
            app = services.ensure_app(spec)
            self.stdout.write(f"App {app.name} ({app.get_mode_display()}) is there.")
