"""The strip about schedules that have paused themselves."""

from collections.abc import Iterator

from django.urls import reverse

from automation.reads import Paused
from metrics.strips import Strip


def schedule_strips(paused: Paused | None, *, may_act: bool) -> Iterator[Strip]:
    """Yield one strip, with the button that resumes where it is about one schedule."""
    if paused is None:
        return
    if paused.count > 1:
        title = f"{paused.count:,} schedules have paused themselves."
        text = f"“{paused.name}” and others open nothing until somebody resumes them."
    else:
        title = f"“{paused.name}” has paused itself."
        text = f"{paused.reason} It opens nothing until somebody resumes it."
    posts = may_act and paused.count == 1
    resume = reverse("automation:resume_schedule", args=[paused.schedule_id])
    yield Strip(
        "warn",
        "pause",
        title,
        text,
        resume if posts else reverse("automation:list"),
        "Resume" if posts else "See schedules",
        posts=posts,
    )
