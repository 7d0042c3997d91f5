"""Every page of the product: its name, who may see it, and what it shows."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.big_fleet import BigFleet
from tests.security.fleet import RECEIPT

VIEWER, OPERATOR, STAFF = "viewer", "operator", "staff"


@dataclass(frozen=True)
class Page:
    """One address to look at.

    `row` is the attribute of the fleet whose key stands in the address, `more` other
    parts of it by name. `shows` are the kinds of names that must be on the page,
    `most` is how many queries it may take.
    """

    name: str
    shows: str = ""
    who: str = VIEWER
    row: str = ""
    more: tuple[tuple[str, str], ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    most: int = 10

    def __str__(self) -> str:
        words = (self.name, *(value for _, value in (*self.more, *self.query)))
        return " ".join(words)

    def address(self, fleet: BigFleet) -> str:
        """Return the path with its query."""
        arguments: dict[str, Any] = dict(self.more)
        if self.row:
            arguments["pk"] = getattr(fleet, self.row).pk
        for name in ("account", "track", "snapshot"):
            if f"{name}_pk" in arguments:
                arguments[f"{name}_pk"] = getattr(fleet, name).pk
        path = reverse(self.name, kwargs=arguments)
        values = {
            name: getattr(fleet, value).pk if hasattr(fleet, value) else value
            for name, value in self.query
        }
        return f"{path}?{urlencode(values)}" if values else path


def variants(
    name: str, shows: str, *queries: dict[str, str], most: int = 10
) -> tuple[Page, ...]:
    """Return a list page as it is, and refined in several ways."""
    refined = (Page(name, query=tuple(query.items()), most=most) for query in queries)
    return (Page(name, shows, most=most), *refined)


def asked(name: str, shows: str = "", **rest: Any) -> Page:
    """Return a page that only operators may see."""
    return Page(name, shows, who=OPERATOR, **rest)


ACTIONS = ("reshuffle", "push", "take", "pause", "resume", "stop", "unfollow", "empty")
PAGES = (
    Page("metrics:home", "account playlist"),
    Page("metrics:now", "account run"),
    Page("metrics:charts", "account playlist"),
    Page("metrics:rotation", "artist"),
    Page("metrics:rests", "account"),
    # Whoever looks first after a change reads the library and each drawn collection.
    Page("metrics:capacity", "account collection", most=24),
    *variants("metrics:trends", "", {"span": "24h"}, {"span": "year"}),
    *variants("metrics:search", "account", {"q": "onerror"}, {"q": "no such name"}),
    Page("metrics:health", "account", most=12),
    Page("profile", "account"),
    Page("accounts:list", "account app"),
    asked("accounts:connect", "account app"),
    Page("accounts:detail", "account app", row="account"),
    asked("accounts:renew", "account", row="account"),
    asked("accounts:edit_prefix", "account", row="account"),
    asked("accounts:disconnect", "account", row="account"),
    asked("accounts:erase", "account", row="account"),
    Page("accounts:receipts", "account"),
    Page("accounts:receipt", "account", more=(("code", RECEIPT),)),
    *variants(
        "library:list",
        "account album artist collection",
        {"show": "table"},
        {"q": "onerror", "sort": "-year"},
        {"collection": "collection", "state": "held"},
        {"used": "never", "year_from": "1990"},
    ),
    asked("library:ingest", "account collection"),
    Page("library:album", "account album track artist", row="album"),
    *variants(
        "library:tracks",
        "account track artist album",
        {"q": "onerror", "sort": "-popularity"},
        {"energy_min": "0.5", "tempo_max": "120", "sort": "used"},
        {"collection": "collection", "state": "usable", "sort": "name"},
        {"artist": "artist", "sort": "-uses"},
    ),
    Page("library:track", "account track artist", row="track"),
    Page("library:features", "account", most=12),
    *variants("library:artists", "account", {"q": "onerror"}, {"sort": "-name"}),
    Page("library:artist", "account artist album", row="artist"),
    Page("library:artist", row="artist", query=(("also", "onerror"),)),
    Page("library:collections", "account collection"),
    Page("library:blocks", "account"),
    Page("library:collection", "account collection album", row="collection"),
    asked("library:edit_collection", "collection", row="collection"),
    asked("library:delete_collection", "collection", row="collection"),
    *variants(
        "playlists:list",
        "account playlist description",
        {"q": "onerror"},
        {"sort": "-energy"},
        {"state": "due", "account": "account"},
        {"label": "label", "sort": "name"},
        {"page": "2"},
        most=11,
    ),
    Page("playlists:inventory", "account"),
    Page("playlists:due", "account"),
    Page("playlists:labels", "account"),
    Page("playlists:label", "account label", row="label"),
    Page("playlists:label_report", "account label", row="label", most=12),
    asked("playlists:rename_label", "label", row="label"),
    asked("playlists:delete_label", "label", row="label"),
    asked("playlists:create", "account collection"),
    asked("playlists:forecast", "account"),
    *(
        asked("playlists:reshuffle_many", "account", query=(("scope", scope),))
        for scope in ("due", "all", "account")
    ),
    asked("playlists:rename_account", "account", more=(("account_pk", ""),)),
    Page("playlists:track_history", "playlist track", more=(("track_pk", ""),)),
    Page(
        "playlists:detail",
        "playlist description label track artist run",
        row="playlist",
        most=11,
    ),
    Page("playlists:why", "account playlist", row="playlist"),
    Page("playlists:why_not", "account playlist", row="playlist"),
    Page("playlists:snapshots", "playlist", row="playlist"),
    Page("playlists:snapshot", "playlist", row="playlist", more=(("snapshot_pk", ""),)),
    asked("playlists:restore", "playlist", row="playlist", more=(("snapshot_pk", ""),)),
    asked("playlists:edit", "playlist collection", row="playlist"),
    asked("playlists:rules", "playlist", row="playlist"),
    # A preview carries the whole draw out; its page alone would need six.
    asked("playlists:preview", "playlist", row="playlist", most=14),
    *(
        asked("playlists:act", "playlist", row="playlist", more=(("action", action),))
        for action in ACTIONS
    ),
    *variants(
        "automation:list",
        "account run person error",
        {"state": "failed", "q": "onerror"},
        {"kind": "playlists.reshuffle", "who": "schedule"},
        {"older": "100000000", "state": "active"},
        most=12,
    ),
    Page("automation:run", "run person step", row="run"),
    Page("automation:run", "run person", row="bulk"),
    Page("automation:add_schedule", "account", who=STAFF),
    Page("automation:edit_schedule", "account", who=STAFF, row="own_schedule"),
    Page("automation:delete_schedule", "account", who=STAFF, row="own_schedule"),
    Page("automation:settings", "account"),
    Page("automation:writing", "account"),
    Page("automation:retention", "account", most=12),
)
POST_ONLY = frozenset(
    {
        "logout",
        "theme",
        "accounts:switch",
        "accounts:refresh_token",
        "accounts:pause",
        "accounts:resume",
        "accounts:ask_again",
        "accounts:check_seat",
        "accounts:check_receipt",
        "library:preview",
        "library:bulk_albums",
        "library:refresh_album",
        "library:place_album",
        "library:bulk_tracks",
        "library:fetch_features",
        "library:import_features",
        "library:hold_track",
        "library:release_track",
        "library:remove_from_collection",
        "library:unblock",
        "library:add_alias",
        "library:name_group",
        "library:remove_alias",
        "playlists:bulk",
        "playlists:pick",
        "playlists:look_now",
        "playlists:edit_many",
        "playlists:label_many",
        "playlists:set_labels",
        "playlists:edit_rules_of_many",
        "playlists:count_edit_of_many",
        "playlists:count_rules",
        "playlists:count_rules_of_many",
        "playlists:preview_rules",
        "playlists:preview_rules_of_many",
        "automation:cancel_run",
        "automation:go_on",
        "automation:retry_run",
        "automation:run_schedule",
        "automation:toggle_schedule",
        "automation:resume_schedule",
        "automation:restore_setting",
        "automation:stop",
        "automation:resume",
        "automation:shadow",
        "automation:leave_shadow",
        "automation:test_channel",
        "automation:toggle_channel",
        "accounts:enter_shadow",
        "accounts:leave_shadow",
    }
)
APART = frozenset(
    {
        "login",
        "favicon",
        "oauth_callback",
        "metrics:healthz",
        "metrics:readyz",
        "metrics:prometheus",
        "automation:drawer",
        "automation:notices",
        "automation:create_channel",
        "automation:edit_channel",
        "automation:delete_channel",
        "accounts:receipt_file",
        "library:feature_template",
    }
)
"""Addresses without a page of their own for those who look or act."""


def named_addresses(
    resolver: URLResolver | None = None, prefix: str = ""
) -> Iterator[str]:
    """Yield the name of every address of the project, the admin's aside."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLPattern):
            yield f"{prefix}{pattern.name}"
        elif pattern.namespace != "admin":
            inner = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from named_addresses(pattern, inner)


def admin_addresses() -> Iterator[str]:
    """Yield the address of every list, and of every first row, in the admin."""
    yield reverse("admin:index")
    for model in admin.site._registry:
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"admin:{name}_changelist")
        row = model._default_manager.order_by("pk").first()
        if row is not None:
            yield reverse(f"admin:{name}_change", args=[row.pk])
