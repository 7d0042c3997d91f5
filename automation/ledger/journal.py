"""What happened to a run: its steps, calls, waits and failures, kept on its row.

Nothing here asks the database: what is noted goes along with the next write of the
worker that owns the run.
"""

from datetime import datetime
from operator import itemgetter

from automation.models import Run
from vibe_engine import tracing

MOST_ENTRIES = 60
"""Newest entries that are kept; calls are counted by route, however many."""


def note(run: Run, what: str, text: str, *, at: datetime, **facts: object) -> None:
    """Add an entry: a "step", "call", "wait", "block", "error", "lost" or "try"."""
    journal = dict(run.journal)
    entry = {"at": at.isoformat(), "what": what, "text": text[:300], **facts}
    entries = sorted([*journal.get("entries", ()), entry], key=itemgetter("at"))
    left_out = len(entries) - MOST_ENTRIES
    if left_out > 0:
        journal["left_out"] = journal.get("left_out", 0) + left_out
    journal["entries"] = entries[-MOST_ENTRIES:]
    run.journal, run.has_news = journal, True


def news(run: Run) -> dict[str, object]:
    """Return the column to write, calls since the last write included, if any."""
    for call in _calls_of(run):
        _count(run, call)
        note(
            run,
            "call",
            call.route,
            at=call.at,
            status=call.status,
            took_ms=call.took_ms,
        )
    if not run.has_news:
        return {}
    run.has_news = False
    return {"journal": run.journal}


def _calls_of(run: Run) -> list[tracing.Call]:
    trace = tracing.current()
    if trace is None or trace.facts.get("run") != run.pk:
        return []
    return trace.take_calls()


def _count(run: Run, call: tracing.Call) -> None:
    calls = dict(run.journal.get("calls", {}))
    answers = dict(calls.get(call.route, {}))
    answers[str(call.status)] = answers.get(str(call.status), 0) + 1
    run.journal = run.journal | {"calls": calls | {call.route: answers}}
