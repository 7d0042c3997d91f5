"""Configuration of the app."""

from django.apps import AppConfig


class PlaylistsConfig(AppConfig):
    """The `playlists` app."""

    name = "playlists"
