"""Configuration of the project package."""

from django.apps import AppConfig


class VibeEngineConfig(AppConfig):
    """The project package: commands, template tags and pages that are nobody's."""

    name = "vibe_engine"
