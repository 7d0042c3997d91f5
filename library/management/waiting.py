"""`--wait`: carrying out runs in this process, with a bar on a terminal."""

from collections.abc import Sequence

from django.core.management.base import OutputWrapper
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

from automation import worker
from automation.models import Run


def work_here(run_ids: Sequence[int], *, what: str, stdout: OutputWrapper) -> list[Run]:
    """Carry out runs until each has ended or waits for long; return them.

    The bar shows on a terminal only, so that a log of cron stays readable.
    """
    if not stdout.isatty():
        return worker.work_all(run_ids)
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn()) as bar:
        task = bar.add_task(what, total=len(run_ids))
        return worker.work_all(
            run_ids, progress=lambda done: bar.update(task, completed=done)
        )
