"""The processes of the product that a storm starts, strikes and replaces."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from vibe_engine.supervisor.lifeline import dies_with_parent
from vibe_engine.testing.environment import ROOT
from vibe_engine.testing.live import wait_until

STOP_TIMEOUT_S = 15
WEB_THREADS = 8


@dataclass(eq=False)
class Member:
    """One worker or engine; `fault_point` is where it will strike itself, if anywhere."""

    pid: int
    name: str
    born_s: float = 0.0
    dies_after_s: float = 0.0
    fault_point: str = ""
    exit_code: int | None = None
    is_asleep: bool = False


class Crew:
    """Starts real processes through the nursery and ends them all with the storm."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.members: dict[int, Member] = {}
        self.web: subprocess.Popen[bytes] | None = None
        self._nursery = self._popen(
            [sys.executable, "-m", "tests.storm.nursery"],
            log=folder / "nursery.log",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def start_worker(
        self, *, threads: int = 2, fault_point: str = "", fault_signal: str = "KILL"
    ) -> Member:
        """Start a Celery worker; at `fault_point` it sends itself the signal."""
        return self._start(
            "worker",
            threads=threads,
            fault_point=fault_point,
            fault_signal=fault_signal,
        )

    def start_engine(self) -> Member:
        """Start an engine."""
        return self._start("engine")

    def named(self, name: str) -> list[Member]:
        """Return the members of one kind that live, oldest first."""
        return [one for one in self.members.values() if one.name == name]

    def signal(self, member: Member, number: signal.Signals) -> None:
        """Send a signal to a member if it still lives."""
        self._order(signal=int(number), pid=member.pid)
        member.is_asleep = member.is_asleep and number != signal.SIGCONT

    def reap(self) -> list[Member]:
        """Return the members that have ended since; note who has fallen asleep."""
        gone = []
        news = self._order()
        for pid in news["stopped"]:
            self.members[pid].is_asleep = True
        for pid, exit_code in news["ended"].items():
            member = self.members.pop(int(pid))
            member.exit_code = exit_code
            gone.append(member)
        return gone

    def start_web(self, port: int) -> str:
        """Start the pages as production serves them; return their address."""
        self.web = self._popen(
            [
                *(sys.executable, "-m", "gunicorn", "vibe_engine.wsgi"),
                *("--config", "python:vibe_engine.gunicorn_conf"),
                *("--bind", f"127.0.0.1:{port}", "--workers", "2"),
                *("--threads", str(WEB_THREADS)),
            ],
            log=self.folder / "web.log",
        )
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: _answers(url), timeout_s=60, what="the pages")
        return url

    def logs(self) -> str:
        """Return what every process has printed."""
        files = sorted(self.folder.glob("*.log"))
        return "\n".join(file.read_text(errors="replace") for file in files)

    def dismiss(self, *names: str) -> None:
        """End the members of these kinds (all without any) and wait for them."""
        leaving = [m for m in self.members.values() if not names or m.name in names]
        for member in leaving:
            self.signal(member, signal.SIGCONT)
            self.signal(member, signal.SIGTERM)
        pids = {member.pid for member in leaving}
        try:
            wait_until(lambda: not self._left(pids), timeout_s=STOP_TIMEOUT_S)
        except AssertionError:
            for pid in self._left(pids):
                self._order(signal=int(signal.SIGKILL), pid=pid)
            wait_until(lambda: not self._left(pids), timeout_s=STOP_TIMEOUT_S)

    def stop(self) -> None:
        """End everything at once; what the nursery has started dies with it."""
        assert self._nursery.stdin is not None
        self._nursery.stdin.close()
        if self.web:
            self.web.terminate()
        for process in filter(None, (self.web, self._nursery)):
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout:
                process.stdout.close()

    def _left(self, pids: set[int]) -> set[int]:
        self.reap()
        return pids & set(self.members)

    def _start(self, name: str, **details: Any) -> Member:
        log = str(self.folder / f"{name}.log")
        pid = self._order(start=name, log=log, **details)["pid"]
        member = Member(pid, name, fault_point=details.get("fault_point", ""))
        self.members[pid] = member
        return member

    def _order(self, **order: Any) -> dict[str, Any]:
        asked, answered = self._nursery.stdin, self._nursery.stdout
        assert asked is not None
        assert answered is not None
        asked.write(json.dumps(order).encode() + b"\n")
        asked.flush()
        line = answered.readline()
        assert line, (self.folder / "nursery.log").read_text(errors="replace")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _popen(
        self, argv: Sequence[str], *, log: Path, **streams: Any
    ) -> subprocess.Popen[bytes]:
        streams.setdefault("stdin", subprocess.DEVNULL)
        with log.open("ab") as errors:
            streams.setdefault("stdout", errors)
            return subprocess.Popen(
                argv,
                cwd=ROOT,
                env=dict(os.environ),
                stderr=errors,
                start_new_session=True,
                preexec_fn=dies_with_parent(),
                **streams,
            )


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/healthz", timeout=2).ok
    except requests.RequestException:
        return False
