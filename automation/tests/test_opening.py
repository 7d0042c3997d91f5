"""Opening runs while others open, end and wait for the same things."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from automation import ledger
from automation.models import Run
from automation.tests.factories import make_run, make_spec, make_working_run
from vibe_engine import clock
from vibe_engine.errors import ConflictError

pytestmark = pytest.mark.django_db


def open_bulk(*subjects: str, **changes: Any) -> Run:
    """Open a bulk about these subjects."""
    values: dict[str, Any] = {
        "kind": "tests.bulk",
        "title": "A bulk",
        "children": [make_spec(subject=subject) for subject in subjects],
        "now": clock.now(),
    }
    return ledger.open_bulk(**(values | changes))


def in_threads(count: int, ask: Callable[[int], int]) -> list[int]:
    """Call `ask` at the same moment in threads with connections of their own."""
    start = Barrier(count)

    def begin(number: int) -> int:
        try:
            connection.ensure_connection()
            start.wait()
            return ask(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(begin, range(count)))


@contextmanager
def right_after_the_insert(act: Callable[[], None]) -> Iterator[None]:
    """Do something in another connection once runs were inserted by this one."""
    waiting = [act]

    def watch(execute: Any, sql: str, *rest: Any) -> Any:
        result = execute(sql, *rest)
        if waiting and sql.startswith("INSERT") and "ON CONFLICT" in sql:
            in_threads(1, lambda _: waiting.pop()() or 0)
        return result

    with connection.execute_wrapper(watch):
        yield


@pytest.mark.django_db(transaction=True)
class TestManyAtOnce:
    def test_a_hundred_requests_and_a_bulk_share_one_run(self) -> None:
        subjects = [f"playlist:{number}" for number in range(20)]

        def ask(number: int) -> int:
            if number == 50:
                return open_bulk(*subjects).pk
            return make_run(subject="playlist:7").pk

        answers = in_threads(50, ask) + in_threads(51, ask)
        shared = Run.objects.get(subject="playlist:7")
        bulk = Run.objects.get(is_bulk=True)
        assert answers.count(shared.pk) == 100
        assert answers.count(bulk.pk) == 1
        assert bulk.children.count() == len(subjects)
        assert shared in bulk.children.all()

    def test_bulks_in_opposite_orders_do_not_block_each_other(self) -> None:
        subjects = [f"playlist:{number}" for number in range(300)]
        orders = [subjects, subjects[::-1]]
        bulks = in_threads(8, lambda number: open_bulk(*orders[number % 2]).pk)
        assert Run.objects.filter(is_bulk=False).count() == len(subjects)
        for bulk in Run.objects.filter(pk__in=bulks):
            assert bulk.children.count() == len(subjects)

    def test_a_twin_that_ends_in_between_takes_no_child_along(self) -> None:
        twin = make_working_run(subject="playlist:1")
        with right_after_the_insert(lambda: ledger.finish(twin)):
            bulk = open_bulk("playlist:1", "playlist:2")
        children = bulk.children.order_by("subject")
        assert [child.subject for child in children] == ["playlist:1", "playlist:2"]
        assert twin not in children
        assert all(child.is_active for child in children)


class TestBulk:
    def test_keeps_children_about_nothing_apart(self) -> None:
        make_run(subject="")
        bulk = open_bulk("", "")
        assert bulk.children.count() == bulk.progress_total == 2

    def test_reads_no_other_active_runs_of_the_kind(self) -> None:
        for _ in range(3):
            make_run()
        read: list[str] = []

        def watch(execute: Any, sql: str, params: Any, *rest: Any) -> Any:
            if sql.startswith("SELECT") and '"runs"."kind" IN' in sql:
                read.append(str(params))
            return execute(sql, params, *rest)

        with connection.execute_wrapper(watch):
            open_bulk("playlist:1")
        assert len(read) == 1
        assert "playlist:1" in read[0]


class TestKey:
    def test_refuses_other_wishes_under_the_same_key(self) -> None:
        now = clock.now()
        ledger.open_run(make_spec(subject="a"), now=now, idempotency_key="k")
        with pytest.raises(ConflictError, match="other values"):
            ledger.open_run(make_spec(subject="b"), now=now, idempotency_key="k")

    def test_finds_a_bulk_although_others_of_its_kind_are_open(self) -> None:
        first = open_bulk("a", idempotency_key="k")
        open_bulk("b")
        assert open_bulk("a", idempotency_key="k").pk == first.pk

    @pytest.mark.django_db(transaction=True)
    def test_gives_one_run_to_all_who_come_at_once(self) -> None:
        def ask(number: int) -> int:
            spec = make_spec(subject="")
            return ledger.open_run(spec, now=clock.now(), idempotency_key="k").pk

        assert len(set(in_threads(12, ask))) == 1
        assert Run.objects.count() == 1


class TestWatch:
    def test_tells_what_was_opened_and_joined_inside(self) -> None:
        before = make_run(subject="a")
        with ledger.watch_opened() as outer, ledger.watch_opened() as inner:
            joined, opened = make_run(subject="a"), make_run()
        make_run()
        assert inner == outer == [joined, opened]
        assert joined == before
