"""Every fault of Spotify's, in every step of every kind of run that writes there.

Whatever happens to one call, the run ends well by itself: one playlist, the confirmed
list in it, its true description, the history written once.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.conf import settings

from accounts.models import Account
from automation import worker
from automation.models import Run
from automation.runtime import RuntimeSettings
from playlists.models import Playlist
from playlists.services import editing, reshuffling, restoring
from playlists.tests.factories import finish
from playlists.tests.single import (
    assert_history_once,
    assert_one_right_playlist,
    order,
)
from vibe_engine.testing.clock import MovableClock
from vibe_engine.testing.sandbox import SandboxControl

pytestmark = pytest.mark.django_db(transaction=True)

MOST_TRIES = 8
SLOW_S = 2.0
CREATE = ("POST", "/me/playlists$")
ITEMS = ("PUT", "/items$")
DETAILS = ("PUT", "/playlists/[0-9A-Za-z]{22}$")


@dataclass(frozen=True)
class Trouble:
    """One fault; `applied` says whether Spotify has carried the call out."""

    name: str
    kind: str
    applied: bool
    more: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


APPLIED, IGNORED = True, False
TROUBLES = (
    Trouble("500 before", "status", IGNORED, {"status": 500}),
    Trouble("503 before", "status", IGNORED, {"status": 503}),
    Trouble("502 after", "status_after", APPLIED, {"status": 502}),
    Trouble("dropped before", "drop_before", IGNORED),
    Trouble("dropped after", "drop_after", APPLIED),
    Trouble("reset before", "reset_before", IGNORED),
    Trouble("reset after", "reset_after", APPLIED),
    Trouble("malformed", "malformed", APPLIED),
    Trouble("huge", "huge", APPLIED),
    Trouble("dripping", "drip", APPLIED, {"seconds": SLOW_S}),
    Trouble("stalled", "stall", IGNORED, {"seconds": SLOW_S}),
    Trouble("answered too late", "latency_after", APPLIED, {"seconds": SLOW_S}),
    Trouble("token refused", "status", IGNORED, {"status": 401}),
    Trouble(
        "told to wait",
        "status",
        IGNORED,
        {"status": 429, "headers": {"Retry-After": "7"}},
    ),
    Trouble("told to wait without a time", "status", IGNORED, {"status": 429}),
)


@pytest.fixture(autouse=True)
def _short_calls(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Give up soon on what takes its time; nothing else may seem to do so."""
    if "trouble" not in request.fixturenames:
        return
    if "seconds" in request.getfixturevalue("trouble").more:
        monkeypatch.setitem(settings.TIMES, "SPOTIFY_DEADLINE_S", SLOW_S / 2)


@pytest.fixture
def drive(clock: MovableClock) -> Callable[[Run], Run]:
    """Carry a run out as the engine would, on a clock that need not be waited for."""

    def until_ended(run: Run) -> Run:
        for _ in range(MOST_TRIES):
            run.refresh_from_db()
            if not run.is_active:
                break
            wait = run.due_at - clock.now()
            clock.forward(seconds=max(0.0, wait.total_seconds()) + 0.1)
            worker.work(run.pk)
        run.refresh_from_db()
        assert run.state == Run.State.DONE, run.error
        return run

    return until_ended


def applied(sandbox: SandboxControl, method: str, ending: str) -> int:
    """Count the calls that Spotify carried out."""
    return sum(
        entry.applied and entry.method == method and entry.path.endswith(ending)
        for entry in sandbox.log()
    )


@pytest.mark.parametrize("trouble", TROUBLES, ids=str)
class TestCreate:
    def test_creates_once_whatever_happens_to_the_post(
        self,
        trouble: Trouble,
        stocked: Account,
        sandbox: SandboxControl,
        clock: MovableClock,
        drive: Callable[[Run], Run],
    ) -> None:
        sandbox.fault(*CREATE, kind=trouble.kind, **trouble.more)
        drive(order(stocked, clock).children.get())
        assert_one_right_playlist(sandbox, stocked)
        assert_history_once(1)
        assert applied(sandbox, "POST", "/me/playlists") == 1
        assert sandbox.calls().count("POST /v1/me/playlists") <= 2 - trouble.applied

    def test_fills_and_describes_whatever_happens_to_the_rest(
        self,
        trouble: Trouble,
        stocked: Account,
        sandbox: SandboxControl,
        clock: MovableClock,
        drive: Callable[[Run], Run],
    ) -> None:
        sandbox.fault(*ITEMS, kind=trouble.kind, **trouble.more)
        sandbox.fault(*DETAILS, kind=trouble.kind, **trouble.more)
        drive(order(stocked, clock).children.get())
        assert_one_right_playlist(sandbox, stocked)
        assert_history_once(1)
        assert applied(sandbox, "POST", "/me/playlists") == 1
        assert applied(sandbox, "PUT", "/items") == 1 + trouble.applied


@pytest.mark.parametrize("trouble", TROUBLES, ids=str)
class TestReshuffle:
    def test_brings_one_new_list(
        self,
        trouble: Trouble,
        playlist: Playlist,
        sandbox: SandboxControl,
        clock: MovableClock,
        drive: Callable[[Run], Run],
    ) -> None:
        sandbox.fault(*ITEMS, kind=trouble.kind, **trouble.more)
        drive(reshuffling.open_reshuffle(playlists=[playlist], now=clock.now()))
        assert_one_right_playlist(sandbox, playlist.account)
        assert_history_once(2)
        assert applied(sandbox, "PUT", "/items") == 1 + trouble.applied


@pytest.mark.parametrize("trouble", TROUBLES, ids=str)
class TestRestore:
    def test_brings_the_earlier_list_back(
        self,
        trouble: Trouble,
        playlist: Playlist,
        sandbox: SandboxControl,
        clock: MovableClock,
        drive: Callable[[Run], Run],
    ) -> None:
        first = playlist.snapshots.get()
        drive(reshuffling.open_reshuffle(playlists=[playlist], now=clock.now()))
        sandbox.mark()
        sandbox.fault(*ITEMS, kind=trouble.kind, **trouble.more)
        drive(restoring.open_restore(snapshot=first, now=clock.now()))
        assert_one_right_playlist(sandbox, playlist.account)
        assert_history_once(3)
        assert playlist.snapshots.current().get().track_ids() == first.track_ids()
        assert applied(sandbox, "PUT", "/items") == 1 + trouble.applied


@pytest.mark.parametrize("trouble", TROUBLES, ids=str)
class TestDetails:
    def test_tells_name_and_description(
        self,
        trouble: Trouble,
        playlist: Playlist,
        sandbox: SandboxControl,
        clock: MovableClock,
        drive: Callable[[Run], Run],
    ) -> None:
        sandbox.fault(*DETAILS, kind=trouble.kind, **trouble.more)
        run = editing.edit_playlist(
            playlist=playlist,
            version=playlist.version,
            changes={"name": "Another name", "description": "A text of one's own."},
            settings=RuntimeSettings(),
            now=clock.now(),
        )
        assert run is not None
        drive(run)
        there = sandbox.playlist(playlist.spotify_id or "")
        assert there["name"] == "Another name"
        assert there["description"] == "A text of one's own."
        assert not Playlist.objects.filter(details_pending=True).exists()
        assert_one_right_playlist(sandbox, playlist.account)


class TestCreateInDoubt:
    def test_finds_it_although_the_list_lags(
        self,
        stocked: Account,
        sandbox: SandboxControl,
        clock: MovableClock,
        drive: Callable[[Run], Run],
    ) -> None:
        sandbox.post("options", list_lag_s=100.0)
        try:
            sandbox.fault(*CREATE, kind="drop_after")
            drive(order(stocked, clock).children.get())
        finally:
            sandbox.post("options", list_lag_s=0.0)
        assert_one_right_playlist(sandbox, stocked)
        assert applied(sandbox, "POST", "/me/playlists") == 1

    def test_finds_it_although_the_description_is_hidden_behind_others(
        self,
        stocked: Account,
        sandbox: SandboxControl,
        clock: MovableClock,
        drive: Callable[[Run], Run],
    ) -> None:
        runs = [order(stocked, clock).children.get() for _ in range(3)]
        sandbox.fault(*CREATE, kind="reset_after", count=3)
        for run in runs:
            drive(run)
        there = sandbox.playlists(stocked.user_id)
        ids = set(Playlist.objects.values_list("spotify_id", flat=True))
        assert {one["id"] for one in there} == ids
        assert len(there) == 3


class TestTakenOver:
    def test_pushes_again_once_when_a_read_lags(
        self,
        playlist: Playlist,
        sandbox: SandboxControl,
        clock: MovableClock,
        drive: Callable[[Run], Run],
    ) -> None:
        run = reshuffling.open_reshuffle(playlists=[playlist], now=clock.now())
        Run.objects.filter(pk=run.pk).update(was_taken_over=True)
        sandbox.post("options", items_lag_s=600.0)
        try:
            drive(run)
        finally:
            sandbox.post("options", items_lag_s=0.0)
        assert_one_right_playlist(sandbox, playlist.account)
        assert applied(sandbox, "PUT", "/items") == 2

    def test_does_not_push_again_what_stands_there(
        self,
        playlist: Playlist,
        sandbox: SandboxControl,
        clock: MovableClock,
        drive: Callable[[Run], Run],
    ) -> None:
        run = reshuffling.open_reshuffle(playlists=[playlist], now=clock.now())
        Run.objects.filter(pk=run.pk).update(was_taken_over=True)
        drive(run)
        assert applied(sandbox, "PUT", "/items") == 1


class TestGone:
    def test_waits_for_a_person_and_keeps_the_list(
        self, playlist: Playlist, sandbox: SandboxControl, clock: MovableClock
    ) -> None:
        sandbox.edit_playlist(playlist.spotify_id or "", removed=True)
        current = playlist.snapshots.current().get()
        (run,) = finish(
            reshuffling.open_reshuffle(playlists=[playlist], now=clock.now())
        )
        playlist.refresh_from_db()
        assert (run.state, run.reason) == (Run.State.BLOCKED, "remote_missing")
        assert playlist.status == Playlist.Status.MISSING
        assert playlist.snapshots.current().get() == current
        assert playlist.snapshots.planned().get().sent_at is None

    def test_is_given_time_when_it_was_created_a_moment_ago(
        self,
        stocked: Account,
        sandbox: SandboxControl,
        clock: MovableClock,
        drive: Callable[[Run], Run],
    ) -> None:
        sandbox.fault(*ITEMS, kind="status", status=404, count=3)
        drive(order(stocked, clock).children.get())
        assert_one_right_playlist(sandbox, stocked)
        assert applied(sandbox, "POST", "/me/playlists") == 1
