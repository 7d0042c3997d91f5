"""Things that go wrong on purpose: one fault, and which requests it meets."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

ALWAYS = -1
MAX_SECONDS = 3600
MAX_MEGABYTES = 200

# What happens: before Spotify has done anything, or after it has done it all.
REFUSALS = ("status", "rate_limited", "quota_exceeded", "invalid_grant")
BEFORE = (*REFUSALS, "drop_before", "reset_before", "stall")
AFTER = (
    "status_after",
    "drop_after",
    "reset_after",
    "malformed",
    "huge",
    "drip",
    "latency_after",
)
HARMLESS = ("latency", "stale", "pass")
KINDS = (*BEFORE, *AFTER, *HARMLESS)
DROPS = ("drop_before", "drop_after", "stall")
RESETS = ("reset_before", "reset_after")

_CHOSEN_BY_US = {"id", "script", "met", "_pattern", "_ends_at_s"}


class FaultError(ValueError):
    """A fault cannot be set up as described; the text says why."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a fault looks at: the request, who sends it, and when."""

    method: str
    path: str
    now_s: float = 0.0
    client_id: str | None = None
    user_id: str | None = None


@dataclass(slots=True)
class Fault:
    """One fault: which requests it meets, what it does, how often and how long.

    `path` is a regular expression searched in the path; `method`, `client_id` and
    `user_id` "" meet all. `status`: the answer instead of the true one (`status`
    before anything was done, `status_after` although everything was). `seconds`:
    how long `latency` waits before acting, `latency_after` after it, `stall` before
    it drops, what `drip` takes for the body, how old an answer `stale` gives.
    `body`: text or JSON of the answer; `huge` is padded to `megabytes`. `pass` lets
    requests through. Each meets `count` requests (-1: all), `share` of those that
    fit (0 to 1), for `for_s` seconds of the sandbox's clock (0: for ever).
    """

    kind: str
    method: str = ""
    path: str = ""
    client_id: str = ""
    user_id: str = ""
    status: int = 500
    body: Any = None
    headers: dict[str, str] | None = None
    seconds: float = 0.0
    megabytes: float = 6.0
    count: int = 1
    share: float = 1.0
    for_s: float = 0.0
    id: int = 0
    script: int | None = None
    met: int = 0
    _pattern: re.Pattern[str] = field(init=False, repr=False)
    _ends_at_s: float = field(init=False, repr=False, default=float("inf"))

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise FaultError(f"kind must be one of {', '.join(KINDS)}")
        texts = (self.method, self.path, self.client_id, self.user_id)
        if not all(isinstance(text, str) for text in texts):
            raise FaultError("method, path, client_id and user_id must be texts")
        self._check_numbers()
        self._check_headers()
        try:
            self._pattern = re.compile(self.path)
        except re.error as error:
            raise FaultError(f"path is not a regular expression: {error}") from error

    def start(self, *, now_s: float) -> None:
        """Let `for_s` begin."""
        if self.for_s:
            self._ends_at_s = now_s + self.for_s

    def is_over(self, *, now_s: float) -> bool:
        """Tell whether its time or its number of requests has passed."""
        return self.count == 0 or now_s >= self._ends_at_s

    def meets(self, asked: Asked) -> bool:
        """Tell whether the fault is meant for this request."""
        wanted = (self.method.upper(), self.client_id, self.user_id)
        given = (asked.method, asked.client_id, asked.user_id)
        if any(
            want not in ("", have) for want, have in zip(wanted, given, strict=True)
        ):
            return False
        return self._pattern.search(asked.path) is not None

    def use(self) -> None:
        """Count one request that the fault meets."""
        self.met += 1
        if self.count > 0:
            self.count -= 1

    def as_dict(self) -> dict[str, Any]:
        """Return the fault as the control API shows it."""
        shown = asdict(self)
        del shown["_pattern"], shown["_ends_at_s"]
        return shown

    def _check_numbers(self) -> None:
        if not 0 <= self.seconds <= MAX_SECONDS:
            raise FaultError(f"seconds must be from 0 to {MAX_SECONDS}")
        if not 200 <= self.status <= 599:
            raise FaultError("status must be from 200 to 599")
        if not isinstance(self.count, int) or self.count == 0 or self.count < ALWAYS:
            raise FaultError("count must be 1 or more, or -1 for always")
        if not 0 < self.share <= 1:
            raise FaultError("share must be more than 0 and at most 1")
        if not 0 <= self.megabytes <= MAX_MEGABYTES:
            raise FaultError(f"megabytes must be from 0 to {MAX_MEGABYTES}")
        if self.for_s < 0:
            raise FaultError("for_s must be 0 or more")

    def _check_headers(self) -> None:
        if self.headers is None:
            return
        if not isinstance(self.headers, dict) or not all(
            isinstance(text, str) and text.isprintable() and _fits_latin_1(text)
            for pair in self.headers.items()
            for text in pair
        ):
            raise FaultError("headers must be names and values of printable Latin-1")


def make_fault(wanted: object) -> Fault:
    """Return the fault that the JSON object describes.

    :raises FaultError: a field is unknown or its value makes no sense.
    """
    if not isinstance(wanted, Mapping):
        raise FaultError("a fault must be a JSON object")
    unknown = set(wanted) - (set(Fault.__slots__) - _CHOSEN_BY_US)
    if unknown:
        raise FaultError(f"unknown: {', '.join(sorted(map(str, unknown)))}")
    try:
        return Fault(**wanted)
    except (TypeError, AttributeError) as error:
        raise FaultError(str(error)) from error


def _fits_latin_1(text: str) -> bool:
    return all(ord(character) < 256 for character in text)
