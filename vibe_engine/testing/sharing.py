"""How workers share the tests: each begins with modules that take minutes.

Without this the longest tests, those of whole processes, would stand at the end of
the queue, since pytest-django puts what needs no database last: one worker would
still be at them when the others have nothing left to take over. Beginning with them
also keeps what a whole module stands on in one worker.
"""

import os
from collections.abc import Callable, Sequence
from typing import TypeVar

import pytest

Test = TypeVar("Test")

LONG_MODULES = (
    (
        "tests/storm/test_storms.py",
        "tests/test_make_run.py",
        "tests/test_compose.py",
    ),
    (
        "tests/test_real_input.py",
        "tests/test_pages_at_scale.py",
        "metrics/tests/test_bench.py",
    ),
    (
        "tests/test_story.py",
        "tests/test_accessibility.py",
        "tests/security/test_admin_in_a_browser.py",
        "tests/security/test_limits.py",
        "tests/security/test_secrets.py",
    ),
)
"""What one worker takes together: storms and processes, which wait much; large
databases; what looks at the demo."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bring the tests into the order in which workers share them."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if workers > 1:
        items[:] = long_first(items, load=load_of, workers=workers)


def load_of(item: pytest.Item) -> int | None:
    """Return which load of long modules a test belongs to, None for none."""
    module = item.nodeid.partition("::")[0]
    found = (n for n, modules in enumerate(LONG_MODULES) if module in modules)
    return next(found, None)


def long_first(
    tests: Sequence[Test], *, load: Callable[[Test], int | None], workers: int
) -> list[Test]:
    """Return the tests so that equal parts of them begin with one load each.

    Parts are cut as xdist's "worksteal" cuts them: the first of n workers gets an
    nth, rounded down, the second as much of what is left, and so on. Within a load
    and among the others tests keep their order.
    """
    loads: list[list[Test]] = [[] for _ in range(workers)]
    others: list[Test] = []
    for test in tests:
        number = load(test)
        (others if number is None else loads[number % workers]).append(test)
    ordered: list[Test] = []
    for number, long in enumerate(loads):
        part = (len(tests) - len(ordered)) // (workers - number)
        short = max(0, part - len(long))
        ordered += [*long, *others[:short]]
        others = others[short:]
    return ordered
