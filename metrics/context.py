"""What the frame around every page shows, in at most two queries."""

from datetime import datetime, timedelta
from functools import cached_property
from typing import cast

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import CharField, Exists, OuterRef, Value
from django.db.models.functions import Cast, Concat
from django.http import HttpRequest

from accounts import access
from accounts.models import Account
from automation import reads as engine_room
from automation.models import Hold
from metrics.hold_strips import hold_strips
from metrics.schedule_strips import schedule_strips
from metrics.strips import Strip, strips_for
from vibe_engine import clock
from vibe_engine.web import may_operate

SECTIONS = {
    "metrics": "dashboard",
    "accounts": "accounts",
    "library": "library",
    "playlists": "playlists",
    "automation": "automation",
}


class Frame:
    """Rail, top bar and strips; nothing is read before the template asks."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @property
    def section(self) -> str:
        """The rail's item that is lit."""
        match = self._request.resolver_match
        if match is None:
            return ""
        if match.url_name == "settings":
            return "settings"
        return SECTIONS.get(match.app_name, "")

    @property
    def here(self) -> str:
        """The page that the frame's own forms lead back to, "" for the dashboard.

        Spotify's way back holds a code, which no page may repeat.
        """
        match = self._request.resolver_match
        if match is not None and match.url_name == "oauth_callback":
            return ""
        return self._request.get_full_path()

    @cached_property
    def now(self) -> datetime:
        """The moment all of this page's frame speaks of."""
        return clock.now()

    @cached_property
    def accounts(self) -> list[Account]:
        """Every account of the fleet, with its app and developer."""
        own = Hold.objects.filter(
            kind=Hold.Kind.SHADOW,
            ended_at=None,
            lane=Concat(Value("account:"), Cast(OuterRef("pk"), CharField())),
        )
        return list(Account.objects.for_table().annotate(in_shadow=Exists(own)))

    @cached_property
    def active_account(self) -> Account | None:
        """The account that the person works with, if one is chosen."""
        chosen = access.active_account_id(self._request)
        return next((a for a in self.accounts if a.pk == chosen), None)

    @cached_property
    def pulse(self) -> engine_room.Pulse:
        """The engine's last sign of life and the runs that go, wait and failed."""
        return engine_room.pulse(since=self.now - timedelta(days=1))

    @property
    def runs(self) -> engine_room.Pulse:
        """The activity pill's figures."""
        return self.pulse

    @property
    def stop(self) -> engine_room.Held | None:
        """The stop of all pushes, if there is one."""
        return self.pulse.stop

    @property
    def shadow(self) -> engine_room.Held | None:
        """The shadow mode of the whole fleet, if it is on."""
        return self.pulse.shadow

    @cached_property
    def shadowed(self) -> list[Account]:
        """The accounts that are in shadow mode by themselves."""
        return [one for one in self.accounts if getattr(one, "in_shadow", False)]

    @cached_property
    def shadow_lanes(self) -> frozenset[str]:
        """The lanes of the accounts that are in shadow mode by themselves."""
        return frozenset(account.lane for account in self.shadowed)

    @cached_property
    def strips(self) -> list[Strip]:
        """What the operator must know now, above everything."""
        return [
            *hold_strips(
                stop=self.stop,
                shadow=self.shadow,
                shadowed=self.shadowed,
                may_act=bool(self.stop or self.shadow) and self.may_act,
                now=self.now,
            ),
            *schedule_strips(
                self.pulse.paused, may_act=bool(self.pulse.paused) and self.may_act
            ),
            *strips_for(accounts=self.accounts, pulse=self.pulse, now=self.now),
        ]

    @property
    def may_act(self) -> bool:
        """Whether this person may act, not only look."""
        return may_operate(cast("User", self._request.user))

    @property
    def counts(self) -> dict[str, int]:
        """Counts beside the rail's words that cost no query of their own."""
        return {
            "accounts": len(self.accounts),
            "playlists": sum(account.playlists_count for account in self.accounts),
        }

    @property
    def is_sandbox(self) -> bool:
        """Whether a local Spotify answers."""
        return bool(settings.DEMO)

    @property
    def browse_url(self) -> str:
        """The sandbox's catalogue, or an empty text."""
        return f"{settings.SANDBOX_URL}/browse" if settings.DEMO else ""


def frame_of(request: HttpRequest) -> Frame:
    """Return the request's one frame, so that view and frame read the accounts once."""
    known: Frame | None = getattr(request, "frame", None)
    if known is None:
        known = request.frame = Frame(request)  # type: ignore[attr-defined]
    return known


def frame(request: HttpRequest) -> dict[str, object]:
    """Add `frame` to the context of every page."""
    return {"frame": frame_of(request)}
