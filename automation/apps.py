"""Configuration of the app."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class AutomationConfig(AppConfig):
    """The `automation` app; it finds the `jobs` module of every app."""

    name = "automation"

    def ready(self) -> None:
        autodiscover_modules("jobs")
