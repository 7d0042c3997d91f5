"""Configuration of the app."""

from django.apps import AppConfig


class MetricsConfig(AppConfig):
    """The `metrics` app."""

    name = "metrics"
