"""`python -m tests.storm`: rage, judge, and say so in one JSON object at the end."""

import argparse
import json
import secrets
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from tests.storm.ground import Ground
from tests.storm.sizes import PLACES, SCALES, SIZES, STORMS, size_of

COUNTED = ("kills", "runs", "lost", "duplicates", "wrong", "markers")
FAULTS = ("lost", "duplicates", "wrong", "markers")

Figures = dict[str, Any]


def main(argv: Sequence[str]) -> int:
    """Hold the storms that are named, or all; return 0 if nothing was found."""
    options = parse(argv)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    try:
        alone = options.scenario and len(options.scenario) == 1
        figures = hold(options) if alone else hold_each(options)
    except KeyboardInterrupt:
        say("Stopped; every process has ended.")
        return 128 + signal.SIGINT
    sys.stdout.write(json.dumps(figures) + "\n")
    sys.stdout.flush()
    return exit_code(figures)


def exit_code(figures: Figures) -> int:
    """Return 0 if the storm could be held and nothing was found wrong."""
    return int("error" in figures or any(figures[name] for name in FAULTS))


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.storm", description=__doc__)
    parser.add_argument(
        "--scenario",
        action="append",
        choices=SIZES,
        help="may be repeated; default: all storms, without the proofs by the clock",
    )
    parser.add_argument("--seed", type=int, help="of every chance taken")
    parser.add_argument("--scale", choices=SCALES, default=SCALES[0])
    parser.add_argument("--rounds", type=int, help="instead of what the scale says")
    parser.add_argument("--kills", type=int, help="rounds of the scenario kills")
    parser.add_argument("--logs", type=Path, help="keep the logs of all processes here")
    options = parser.parse_args(argv)
    if options.seed is None:
        options.seed = secrets.randbelow(10**6)
    return options


def stop(number: int, _frame: object) -> NoReturn:
    """Leave by the way that ends every process; nothing may cut it short."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + number)


def hold(options: argparse.Namespace) -> Figures:
    """Hold one storm in this process; return its figures."""
    name = options.scenario[0]
    say(f"{name}, {options.scale}, seed {options.seed}")
    began_s = time.monotonic()
    try:
        figures = rage(name, options)
    except Exception as error:
        traceback.print_exc(file=sys.stdout)
        last_line = f"{error}".strip().rpartition("\n")[2]
        figures = {"error": f"{type(error).__name__}: {last_line}"}
    return {**blank(name, options), **figures, "seconds": seconds_since(began_s)}


def blank(name: str, options: argparse.Namespace) -> Figures:
    """Return the figures of a storm of which nothing is known yet."""
    known = {"scenario": name, "seed": options.seed, "scale": options.scale}
    return {**dict.fromkeys(COUNTED, 0), **known, "seconds": 0}


def seconds_since(began_s: float) -> int:
    """Return how long it has taken, in whole seconds."""
    return round(time.monotonic() - began_s)


def rage(name: str, options: argparse.Namespace) -> Figures:
    """Prepare the ground, then load the scenario: Django reads its settings once."""
    size = size_of(name, options.scale)
    rounds = options.rounds or (options.kills if name == "kills" else None)
    ground = Ground(keep_logs=options.logs, **PLACES.get(name, {}))
    try:
        from tests.storm.storm import Storm

        scenario = import_module(f"tests.storm.scenarios.{name}")
        wanted = replace(size, rounds=rounds or size.rounds)
        figures: Figures = scenario.rage(Storm(ground, wanted, options.seed))
    finally:
        ground.stop()
    return figures


def hold_each(options: argparse.Namespace) -> Figures:
    """Hold the storms one after another, each in a process of its own."""
    return add_up([hold_apart(name, options) for name in options.scenario or STORMS])


def add_up(scenarios: Sequence[Figures]) -> Figures:
    """Return the figures of all storms together, with each one's own in them."""
    total: Figures = {
        name: sum(figures[name] for figures in scenarios) for name in COUNTED
    }
    failed = [one["scenario"] for one in scenarios if "error" in one]
    if failed:
        total["error"] = f"could not be held: {', '.join(failed)}"
    seconds = sum(one["seconds"] for one in scenarios)
    return {
        **total,
        "seed": scenarios[0]["seed"],
        "scale": scenarios[0]["scale"],
        "seconds": seconds,
        "scenarios": {one["scenario"]: one for one in scenarios},
    }


def hold_apart(name: str, options: argparse.Namespace) -> Figures:
    """Hold one storm in a child; pass on what it says and return its figures."""
    argv = [sys.executable, "-m", "tests.storm", "--scenario", name]
    argv += ["--seed", str(options.seed), "--scale", options.scale]
    for option in ("rounds", "kills", "logs"):
        if getattr(options, option) is not None:
            argv += [f"--{option}", str(getattr(options, option))]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as child:
        last = ""
        try:
            for line in child.stdout or ():
                sys.stdout.write(line)
                sys.stdout.flush()
                last = line
        except BaseException:
            child.terminate()
            raise
    try:
        figures: Figures = json.loads(last)
    except ValueError:
        error = f"ended with {child.returncode} and without figures"
        return {**blank(name, options), "error": error}
    return figures


def say(text: str) -> None:
    """Write a line for a person."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
