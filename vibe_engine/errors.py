"""The errors of the house; their text is one that an operator may read."""

from datetime import datetime


class VibeError(Exception):
    """Base of every error that the product raises on purpose.

    Raised by a run as it is, it fails the run for good, with `failure` as the short
    word for why (40 characters at most).
    """

    failure = "permanent"


class InputError(VibeError):
    """Something a person typed cannot be used; `field` names where, if known."""

    failure = "input"

    def __init__(self, text: str, *, field: str | None = None) -> None:
        super().__init__(text)
        self.field = field


class ConflictError(VibeError):
    """The state has changed since the person looked (HTTP 409)."""

    failure = "conflict"


class TransientError(VibeError):
    """It may work next time: the run goes back with a growing wait."""


class WaitError(VibeError):
    """Nothing is wrong, it is only too early: the run gets `until` as due time.

    `cause` is a short word for the page and the tests: "rate", "circuit",
    "quota", "token", "settle".
    """

    def __init__(self, until: datetime, cause: str, text: str = "") -> None:
        super().__init__(text or f"Waiting ({cause}) until {until:%Y-%m-%d %H:%M} UTC.")
        self.until = until
        self.cause = cause


class BlockedError(VibeError):
    """A person must act first; `reason` is one of the ledger's blocked reasons."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class LeaseLostError(VibeError):
    """Another worker owns the run now: stop at once and write nothing."""
