"""Configuration of the app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class PlaylistsConfig(AppConfig):
    """The `playlists` app."""

    name = "playlists"

    def ready(self) -> None:
        """Have the history's triggers installed after every migration."""
        from playlists import triggers

        post_migrate.connect(triggers.install_after_migrate, sender=self)
