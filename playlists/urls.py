"""Addresses of the app."""

from django.urls import URLPattern, URLResolver

app_name = "playlists"

urlpatterns: list[URLPattern | URLResolver] = []
