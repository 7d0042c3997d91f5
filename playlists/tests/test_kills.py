"""Workers killed at every step of a create and of a push, and what is left of it."""

import signal
import threading
from collections.abc import Callable

import pytest

from accounts.models import Account
from automation import ledger, worker
from automation.models import Run
from playlists.services import creation
from playlists.tests.factories import finish
from playlists.tests.single import (
    SIZE,
    assert_history_once,
    assert_one_right_playlist,
    order,
)
from vibe_engine.testing.clock import MovableClock
from vibe_engine.testing.live import LiveProcesses, wait_until
from vibe_engine.testing.sandbox import SandboxControl

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.portable]
CREATE_POINTS = (
    "push.before_plan",
    "push.after_plan",
    "create.before_post",
    "create.after_post",
    "create.after_id_saved",
    "push.after_put",
    "push.after_confirm",
    "create.after_details",
)
PUSH_POINTS = (
    "push.before_plan",
    "push.after_plan",
    "push.after_put",
    "push.after_confirm",
)


@pytest.fixture
def kill(live: LiveProcesses) -> Callable[..., None]:
    """Run a command whose process dies at a fault point; fail if it does not."""

    def run_and_die(point: str, *arguments: object) -> None:
        process = live.manage(*map(str, arguments), VIBE_FAULT_POINT=point)
        status = process.wait(timeout=120)
        assert status == -signal.SIGKILL, live.output(process)

    return run_and_die


def recover(kind: str, clock: MovableClock) -> Run:
    """Let the lease lapse and another worker finish; return the run."""
    run = Run.objects.get(kind=kind, is_bulk=False)
    assert run.state == Run.State.WORKING
    clock.forward(seconds=ledger.LEASE_S + 1)
    assert ledger.take_back_lapsed(now=clock.now()) == [run.pk]
    for _ in range(5):
        worker.work(run.pk)
        run.refresh_from_db()
        if not run.is_active:
            break
        clock.forward(seconds=70)
    return run


@pytest.mark.parametrize("point", CREATE_POINTS)
def test_a_worker_killed_while_creating_leaves_one_right_playlist(
    point: str,
    kill: Callable[..., None],
    stocked: Account,
    sandbox: SandboxControl,
    clock: MovableClock,
) -> None:
    kill(
        point,
        *("create_playlists", "--account", stocked.pk, "--count", 1),
        *("--size", SIZE, "--wait"),
    )
    run = recover(creation.KIND, clock)
    assert run.state == Run.State.DONE, run.error
    assert_one_right_playlist(sandbox, stocked)
    assert_history_once(1)
    assert sandbox.calls().count("POST /v1/me/playlists") == 1


@pytest.mark.parametrize("point", PUSH_POINTS)
def test_a_worker_killed_while_pushing_leaves_the_confirmed_list(
    point: str,
    kill: Callable[..., None],
    stocked: Account,
    sandbox: SandboxControl,
    clock: MovableClock,
) -> None:
    finish(order(stocked, clock))
    kill(point, "reshuffle", "--all", "--wait")
    run = recover("playlists.reshuffle", clock)
    assert run.state == Run.State.DONE, run.error
    assert_one_right_playlist(sandbox, stocked)
    assert_history_once(2)


def test_a_worker_that_wakes_up_late_writes_nothing(
    stocked: Account, sandbox: SandboxControl, clock: MovableClock
) -> None:
    bulk = order(stocked, clock)
    run = bulk.children.get()
    sandbox.fault("PUT", "/items$", kind="latency", seconds=3)
    late = threading.Thread(target=worker.work_and_close, args=[run.pk])
    late.start()
    wait_until(lambda: not sandbox.faults())
    run = recover(creation.KIND, clock)
    assert run.state == Run.State.DONE, run.error
    assert late.is_alive()
    late.join()
    assert_one_right_playlist(sandbox, stocked)
    assert_history_once(1)
    run.refresh_from_db()
    assert run.state == Run.State.DONE
