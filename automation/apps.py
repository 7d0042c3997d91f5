"""Configuration of the app."""

from django.apps import AppConfig


class AutomationConfig(AppConfig):
    """The `automation` app."""

    name = "automation"
