"""The admin as part of the house: one sign-in for all, the seven tables first."""

from functools import wraps
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

SEVEN_TABLES = (
    "spotify_accounts",
    "albums",
    "tracks",
    "playlists",
    "playlist_entries_history",
    "settings",
    "metric_snapshots",
)


class HouseAdminSite(AdminSite):
    """Django's admin with the dashboard's sign-in and an order of its own."""

    site_header = "Vibe Engine"
    site_title = "Vibe Engine admin"
    index_title = "Tables"

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Leave signing in to the one page that throttles it.

        :raises PermissionDenied: the person is signed in and not staff.
        """
        if request.user.is_authenticated:
            raise PermissionDenied("The admin is for staff.")
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"))

    def admin_view(
        self,
        view: Any,
        cacheable: bool = False,  # noqa: FBT001, FBT002
    ) -> Any:
        """Refuse addresses with a null byte, which filters hand to the database."""
        inner = super().admin_view(view, cacheable)

        @wraps(inner)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if "%00" in request.META.get("QUERY_STRING", ""):
                raise BadRequest("The address holds a null byte.")
            return inner(request, *args, **kwargs)

        return guarded

    def get_app_list(
        self, request: HttpRequest, app_label: str | None = None
    ) -> list[Any]:
        """Put the tables that everything is about before their machinery."""
        apps = super().get_app_list(request, app_label)
        if app_label is not None:
            return apps
        listed = [entry for app in apps for entry in app["models"]]
        first = sorted(filter(_is_one_of_seven, listed), key=_place)
        for app in apps:
            app["models"] = [m for m in app["models"] if not _is_one_of_seven(m)]
        group = {
            "name": "The seven tables",
            "app_label": "seven-tables",
            "app_url": reverse("admin:index"),
            "has_module_perms": True,
            "models": first,
        }
        return [app for app in (group, *apps) if app["models"]]


def _table(entry: dict[str, Any]) -> str:
    return str(entry["model"]._meta.db_table)


def _is_one_of_seven(entry: dict[str, Any]) -> bool:
    return _table(entry) in SEVEN_TABLES


def _place(entry: dict[str, Any]) -> int:
    return SEVEN_TABLES.index(_table(entry))
