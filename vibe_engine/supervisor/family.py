"""All supervised processes together: start, tend, and stop in order."""

import time
from pathlib import Path

from vibe_engine.supervisor.child import Child, Program
from vibe_engine.supervisor.console import Console


class Family:
    """The children in the order of their start, the broker first."""

    def __init__(self, console: Console, logs: Path) -> None:
        self.children: list[Child] = []
        self._console = console
        self._logs = logs

    def start(self, program: Program) -> Child:
        """Start a program and tend it from now on."""
        child = Child(program, self._console, self._logs)
        self.children.append(child)
        child.start()
        return child

    def tend(self) -> None:
        """Start again whatever has died, each with a growing delay; never waits."""
        for child in self.children:
            if child.is_running():
                continue
            if not child.due_at:
                self._note_death(child)
            elif time.monotonic() >= child.due_at:
                child.due_at = 0.0
                child.end_group()
                child.start()

    def stop(self) -> None:
        """Ask every process to end and kill what does not listen.

        First all that use the broker and the sandbox, then those, broker last.
        """
        for child in self.children:
            child.muted = True
        _end([child for child in self.children if not child.program.serves_others])
        for child in reversed(self.children):
            _end([child])

    def kill(self) -> None:
        """End everything at once."""
        for child in reversed(self.children):
            child.end_group()

    def _note_death(self, child: Child) -> None:
        code = child.exit_code()
        delay = child.plan_restart()
        self._console.say(
            f"{child.name} ended ({describe_exit(code)}); "
            f"starting it again in {delay:g} s. Its log: {child.log.path}"
        )


def _end(children: list[Child]) -> None:
    """End these together, each within its grace."""
    for child in children:
        child.ask_to_end()
    asked_at = time.monotonic()
    for child in children:
        child.wait(asked_at + child.program.grace_s - time.monotonic())
        child.end_group()


def describe_exit(code: int | None) -> str:
    """Say in words how a process ended."""
    if code is None:
        return "not started"
    return f"signal {-code}" if code < 0 else f"exit code {code}"
