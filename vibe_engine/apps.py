"""Configuration of the project package, and of the admin it brings."""

from django.apps import AppConfig
from django.contrib.admin import apps as django_admin


class VibeEngineConfig(AppConfig):
    """The project package: commands, template tags and pages that are nobody's."""

    name = "vibe_engine"
    default = True


class HouseAdminConfig(django_admin.AdminConfig):
    """Django's admin on the house's own site."""

    default = False
    default_site = "vibe_engine.admin_site.HouseAdminSite"
