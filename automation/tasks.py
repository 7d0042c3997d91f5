"""The Celery tasks. Their signatures stay as they are for ever."""

from automation import schedules, worker
from vibe_engine import clock
from vibe_engine.celery import app


@app.task(name="automation.tasks.work")
def work(run_id: int) -> None:
    """Carry out one run; harmless when it was carried out already."""
    worker.work_and_close(run_id)


@app.task(name="automation.tasks.fire")
def fire(schedule_name: str = "") -> None:
    """Let due slots be opened now. Beat only wakes; the slots decide."""
    schedules.open_due_slots(now=clock.now())
