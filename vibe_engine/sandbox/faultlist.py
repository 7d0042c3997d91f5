"""The faults in force: mixes by share, and scripts played in order."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from vibe_engine.sandbox.faults import ALWAYS, Asked, Fault, FaultError, make_fault

_GROUP_FIELDS = ("mix", "script", "repeat", "seed")


class Mix:
    """Faults of which at most one meets a request; their shares add up."""

    def __init__(self, faults: Sequence[Fault], random: Random) -> None:
        self.faults = list(faults)
        self._random = random

    def take(self, asked: Asked) -> Fault | None:
        """Return the fault that meets the request, and use it up."""
        fitting = [fault for fault in self.faults if fault.meets(asked)]
        if not fitting:
            return None
        drawn = self._random.random()
        for fault in fitting:
            if drawn < fault.share:
                fault.use()
                return fault
            drawn -= fault.share
        return None

    def forget_what_is_over(self, *, now_s: float) -> None:
        """Drop the faults whose time or number has passed."""
        self.faults = [each for each in self.faults if not each.is_over(now_s=now_s)]


class Script:
    """Faults one after another: each waits for its requests, then the next comes.

    `repeat`: how often the whole row is played, -1 for ever.
    """

    def __init__(self, steps: Sequence[Fault], random: Random, *, repeat: int) -> None:
        self._steps = list(steps)
        self._random = random
        self._plays_left = repeat
        self.faults: list[Fault] = []

    def start(self, *, now_s: float) -> None:
        """Begin the row at its first step."""
        self.faults = [replace(step) for step in self._steps]
        self.faults[0].start(now_s=now_s)

    def take(self, asked: Asked) -> Fault | None:
        """Return the step that meets the request, and use it up."""
        step = self.faults[0]
        if not step.meets(asked) or self._random.random() >= step.share:
            return None
        step.use()
        return step

    def forget_what_is_over(self, *, now_s: float) -> None:
        """Go on to the next step, and after the last to the first if it repeats."""
        while self.faults and self.faults[0].is_over(now_s=now_s):
            del self.faults[0]
            if self.faults:
                self.faults[0].start(now_s=now_s)
            elif self._plays_left != 1:
                self._plays_left -= self._plays_left > 0
                self.start(now_s=now_s)


class Faults:
    """All mixes and scripts, asked in the order in which they were set up.

    They end with the process. Chance is drawn from the seed, for each mix and
    script on its own: the n-th request that one of them looks at has the same fate
    in every run.
    """

    def __init__(self, seed: int) -> None:
        self._lock = threading.Lock()
        self._seed = seed
        self._groups: list[Mix | Script] = []
        self._next_id = 1

    def add(self, wanted: Mapping[str, Any], *, now_s: float) -> list[Fault]:
        """Set up one fault, a `mix` or a `script` of them, all or none.

        What stands beside `mix` or `script` counts for each of its faults that does
        not say otherwise. `seed`: draw chance from it instead of the sandbox's.

        :raises FaultError: a field is unknown or its value makes no sense.
        """
        faults = [make_fault(each) for each in _described(wanted)]
        repeat, seed = _whole(wanted, "repeat", 1), _whole(wanted, "seed", self._seed)
        if repeat == 0 or repeat < ALWAYS:
            raise FaultError("repeat must be 1 or more, or -1 for ever")
        with self._lock:
            group_id = self._number(faults, is_script="script" in wanted)
            random = Random(f"{seed}/{group_id if 'seed' not in wanted else ''}")
            if "script" in wanted:
                script = Script(faults, random, repeat=repeat)
                script.start(now_s=now_s)
                self._groups.append(script)
            else:
                for fault in faults:
                    fault.start(now_s=now_s)
                self._groups.append(Mix(faults, random))
        return faults

    def all(self, *, now_s: float) -> list[Fault]:
        """Return the faults still in force."""
        with self._lock:
            self._forget(now_s)
            return [replace(one) for group in self._groups for one in group.faults]

    def clear(self) -> None:
        """End all faults."""
        with self._lock:
            self._groups.clear()

    def __bool__(self) -> bool:
        return bool(self._groups)

    def take(self, asked: Asked) -> Fault | None:
        """Return the first fault meant for this request, and use it up."""
        with self._lock:
            self._forget(asked.now_s)
            for group in self._groups:
                fault = group.take(asked)
                if fault is not None:
                    return fault
        return None

    def _number(self, faults: Iterable[Fault], *, is_script: bool) -> int:
        """Give the faults their numbers; return the first one."""
        group_id = self._next_id
        for fault in faults:
            fault.id = self._next_id
            fault.script = group_id if is_script else None
            self._next_id += 1
        return group_id

    def _forget(self, now_s: float) -> None:
        for group in self._groups:
            group.forget_what_is_over(now_s=now_s)
        self._groups = [group for group in self._groups if group.faults]


def _described(wanted: Mapping[str, Any]) -> list[Any]:
    """Return the descriptions of the single faults, defaults filled in."""
    if "mix" in wanted and "script" in wanted:
        raise FaultError("either mix or script")
    shared = {
        name: value for name, value in wanted.items() if name not in _GROUP_FIELDS
    }
    steps = wanted.get("mix", wanted.get("script", [{}]))
    if not isinstance(steps, list) or not steps:
        raise FaultError("mix and script must be lists of faults")
    if not all(isinstance(step, dict) for step in steps):
        raise FaultError("a fault must be a JSON object")
    return [{**shared, **step} for step in steps]


def _whole(wanted: Mapping[str, Any], name: str, default: int) -> int:
    value = wanted.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int):
        raise FaultError(f"{name} must be a whole number")
    return value
