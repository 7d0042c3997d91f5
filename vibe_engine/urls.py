"""Addresses of the project; each app brings its own."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("accounts/", include("accounts.urls")),
    path("library/", include("library.urls")),
    path("playlists/", include("playlists.urls")),
    path("", include("automation.urls")),
    path("", include("metrics.urls")),
    path("admin/", admin.site.urls),
]
