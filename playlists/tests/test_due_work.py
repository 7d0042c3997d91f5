"""Due work with the real ledger, throttle and sandbox: in turn, and as reckoned."""

from datetime import datetime
from typing import Any

import pytest

from accounts.models import Account, Developer
from accounts.services import client_for
from accounts.tests.factories import connect_account
from automation import worker
from automation.models import Run
from automation.runtime import RuntimeSettings
from playlists.models import Playlist
from playlists.services import reshuffling
from playlists.tests.factories import make_playlist, stock_library
from vibe_engine.testing.clock import MovableClock
from vibe_engine.testing.sandbox import SandboxControl

SETTINGS = RuntimeSettings()


def work_off(clock: MovableClock) -> None:
    """Work what is planned, each run at its time."""
    while planned := Run.objects.filter(state=Run.State.PLANNED, is_bulk=False):
        first = planned.order_by("due_at")[0]
        clock.set(max(clock.now(), first.due_at))
        worker.work(first.pk)


def make_due(owner: Account, count: int, *, now: datetime, **fields: Any) -> None:
    """Create playlists on the sandbox and save them as due."""
    with client_for(owner, now=now) as client:
        for _ in range(count):
            made = client.create_playlist(name="Due", description="", public=True)
            make_playlist(
                account=owner,
                spotify_id=made.id,
                size=10,
                description="Due.",
                next_reshuffle_at=now,
                **fields,
            )


@pytest.mark.django_db
class TestManyAtOnce:
    """The same, smaller, with the real ledger, throttle and sandbox."""

    EACH = 12

    def test_are_done_in_turn_and_no_call_is_refused(
        self, account: Account, sandbox: SandboxControl, clock: MovableClock
    ) -> None:
        stock_library(sandbox, account, albums=20)
        other = connect_account(sandbox, "Second Radio", app=account.app)
        for owner, count in ((account, self.EACH), (other, self.EACH // 4)):
            make_due(owner, count, now=clock.now(), description_is_custom=True)
        Developer.objects.update(requests_per_s=1, playlist_writes_a_day=200)
        sandbox.options(rate=30 + 5)
        sandbox.mark()
        reshuffling.open_due(settings=SETTINGS, now=clock.now())
        work_off(clock)
        sandbox.options(rate=0)
        writes = [entry for entry in sandbox.log() if entry.method == "PUT"]
        assert {entry.status for entry in sandbox.log()} == {200}
        lists = {entry.path for entry in writes if entry.path.endswith("/items")}
        assert len(lists) == self.EACH + self.EACH // 4
        early = [entry.user_id for entry in writes[: self.EACH // 2]]
        assert early.count(other.user_id) >= self.EACH // 4 - 1
        assert not Playlist.objects.due(now=clock.now()).exists()


@pytest.mark.django_db
class TestEstimate:
    """What reshuffles are reckoned to cost, and what the sandbox counts."""

    @pytest.mark.parametrize("own_words", [True, False])
    def test_is_what_new_lists_with_new_words_cost(
        self,
        account: Account,
        sandbox: SandboxControl,
        clock: MovableClock,
        *,
        own_words: bool,
    ) -> None:
        stock_library(sandbox, account, albums=20)
        make_due(account, 6, now=clock.now(), description_is_custom=own_words)
        due = reshuffling.due_playlists(now=clock.now())
        expected = reshuffling.count_calls(playlists=due, settings=SETTINGS)
        sandbox.mark()
        reshuffling.open_due(settings=SETTINGS, now=clock.now())
        work_off(clock)
        assert len(sandbox.calls()) == expected == 6 * (1 if own_words else 2)

    def test_is_never_less_than_what_later_lists_cost(
        self, account: Account, sandbox: SandboxControl, clock: MovableClock
    ) -> None:
        stock_library(sandbox, account, albums=20)
        make_due(account, 6, now=clock.now(), interval_days=1)
        for _ in range(4):
            due = reshuffling.due_playlists(now=clock.now())
            expected = reshuffling.count_calls(playlists=due, settings=SETTINGS)
            sandbox.mark()
            assert reshuffling.open_due(settings=SETTINGS, now=clock.now()) == 6
            work_off(clock)
            assert 6 <= len(sandbox.calls()) <= expected
            clock.forward(days=2)

    def test_leaves_no_run_waiting_for_the_budget(
        self, account: Account, sandbox: SandboxControl, clock: MovableClock
    ) -> None:
        stock_library(sandbox, account, albums=20)
        make_due(account, 8, now=clock.now())
        Developer.objects.update(
            playlist_writes_a_day=8 + 10, interactive_reserve_percent=0
        )
        sandbox.mark()
        assert reshuffling.open_due(settings=SETTINGS, now=clock.now()) == 5
        children = Run.objects.filter(is_bulk=False)
        for run in children:
            worker.work(run.pk)
        assert {run.state for run in children.all()} == {Run.State.DONE}
        assert len(sandbox.calls()) == 10
