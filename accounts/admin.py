"""Developers and apps to edit, accounts to look after; no secret is ever shown."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from accounts.models import Account, App, Developer, ErasureReceipt, Token, Usage
from accounts.services import mending
from vibe_engine import clock
from vibe_engine.readonly import ReadOnlyAdmin


@admin.register(Developer)
class DeveloperAdmin(admin.ModelAdmin[Developer]):
    """Rates and budgets; the circuit is the product's own."""

    list_display = (
        "name",
        "requests_per_s",
        "catalogue_calls_a_day",
        "playlist_writes_a_day",
        "playlist_reads_a_day",
        "interactive_reserve_percent",
        "circuit_open_until",
        "circuit_cause",
    )
    list_filter = ("circuit_cause",)
    search_fields = ("name",)
    readonly_fields = (
        "circuit_open_until",
        "circuit_cause",
        "circuit_trips",
        "circuit_closed_at",
        "probe_until",
    )
    exclude = ("next_free_at", "queue_tail_at")
    actions = ("let_calls_through",)

    @admin.action(description="Let calls go through again: the cause is gone")
    def let_calls_through(
        self, request: HttpRequest, developers: QuerySet[Developer]
    ) -> None:
        for developer in developers:
            mending.ask_spotify_again(developer=developer, now=clock.now())
        self.message_user(request, "One call goes first now; the others follow it.")

    def save_model(
        self,
        request: HttpRequest,
        obj: Developer,
        form: Any,
        change: bool,  # noqa: FBT001
    ) -> None:
        """Let what waits for a budget try again after it was changed."""
        super().save_model(request, obj, form, change)
        if change and form.changed_data:
            mending.use_new_budgets(developer=obj, now=clock.now())


class AppForm(forms.ModelForm[App]):
    """An app whose secret can be set and never read."""

    client_secret = forms.CharField(
        label="Client secret",
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Leave empty to keep the one that is stored. It is never shown.",
    )

    class Meta:
        model = App
        fields = ("developer", "name", "client_id", "mode", "seats")

    def clean(self) -> dict[str, Any]:
        """Want a secret for a new app, and anew for a changed client id."""
        data = super().clean() or {}
        is_bound_elsewhere = "client_id" in self.changed_data
        if is_bound_elsewhere and not data.get("client_secret"):
            self.add_error(
                "client_secret", "A new client id needs its own client secret."
            )
        return data

    def save(self, commit: bool = True) -> App:  # noqa: FBT001, FBT002
        """Seal the secret that was typed, if any."""
        secret = self.cleaned_data.get("client_secret")
        if secret:
            self.instance.seal_client_secret(secret)
        return super().save(commit=commit)


@admin.register(App)
class AppAdmin(admin.ModelAdmin[App]):
    """Client ids with a write-only secret."""

    form = AppForm
    list_display = ("name", "developer", "mode", "seats", "client_id")
    list_filter = ("mode", "developer")
    search_fields = ("name", "client_id")
    list_select_related = ("developer",)

    def save_model(
        self,
        request: HttpRequest,
        obj: App,
        form: Any,
        change: bool,  # noqa: FBT001
    ) -> None:
        """Let what waits for the right secret try again with a new one."""
        super().save_model(request, obj, form, change)
        if form.cleaned_data.get("client_secret"):
            mending.use_new_secret(app=obj, now=clock.now())


@admin.register(Account)
class AccountAdmin(admin.ModelAdmin[Account]):
    """Accounts; connecting, pausing and erasing is done on the dashboard."""

    list_display = (
        "display_name",
        "app",
        "status",
        "playlists_count",
        "consent_ends_at",
        "on_dashboard",
    )
    list_filter = ("status", "app")
    search_fields = ("display_name", "user_id", "account_id", "prefix")
    list_select_related = ("app",)
    fields = (
        "display_name",
        "app",
        "account_id",
        "user_id",
        "prefix",
        "status",
        "status_reason",
        "scopes",
        "authorized_at",
        "authorized_by",
        "consent_ends_at",
        "recheck_at",
        "token_expires_at",
        "playlists_count",
        "next_index",
        "created_at",
        "disconnected_at",
        "on_dashboard",
    )
    readonly_fields = tuple(name for name in fields if name != "prefix")

    @admin.display(description="Dashboard")
    def on_dashboard(self, account: Account) -> str:
        return format_html('<a href="{}">open</a>', account.get_absolute_url())

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Token)
class TokenAdmin(ReadOnlyAdmin):
    """Whether tokens are there and how they fare; never the tokens themselves."""

    list_display = ("account", "key_id", "version", "refusals", "refused_at")
    list_select_related = ("account",)
    search_fields = ("account__display_name", "account__user_id")
    fields = (
        "account",
        "key_id",
        "version",
        "refreshing_until",
        "refreshed_at",
        "refused_at",
        "refusals",
    )


@admin.register(Usage)
class UsageAdmin(ReadOnlyAdmin):
    """Calls by hour and group."""

    list_display = ("hour", "developer", "account", "group", "calls")
    list_filter = ("group", "developer")
    list_select_related = ("developer", "account")
    date_hierarchy = "hour"
    show_full_result_count = False


@admin.register(ErasureReceipt)
class ErasureReceiptAdmin(ReadOnlyAdmin):
    """What was erased with an account; nothing personal."""

    list_display = ("code", "asked_at", "asked_by", "finished_at", "account_number")
    search_fields = ("=code",)
