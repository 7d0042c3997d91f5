"""The sandbox's control API, as far as a demo needs it."""

import time
from dataclasses import dataclass
from typing import Any

import requests

from vibe_engine.errors import VibeError

ANSWER_TIMEOUT_S = 30
START_TIMEOUT_S = 30
LARGEST_PAGE = 1_000


class SandboxAwayError(VibeError):
    """The sandbox does not answer, or refuses."""


@dataclass(frozen=True)
class ListedAlbum:
    """One album of the sandbox's catalogue; `style` is how it sounds, in words."""

    id: str
    artists: tuple[str, ...]
    total_tracks: int
    style: str
    is_odd: bool


class Control:
    """Speaks to one sandbox; close it or use it as a context manager."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False

    def __enter__(self) -> "Control":
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def wait(self) -> None:
        """Wait until the sandbox answers; it may have been started just now.

        :raises SandboxAwayError: it does not within half a minute.
        """
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                self._ask("GET", "options")
            except SandboxAwayError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
            else:
                return

    def albums(self) -> list[ListedAlbum]:
        """Return the first albums of the catalogue, a thousand at most."""
        answer = self._ask("GET", "catalogue", params={"limit": LARGEST_PAGE})
        return [
            ListedAlbum(
                id=row["id"],
                artists=tuple(row["artists"]),
                total_tracks=row["total_tracks"],
                style=row["style"],
                is_odd=row["is_odd"],
            )
            for row in answer["albums"]
        ]

    def ensure_user(self, name: str) -> str:
        """Return the id of the account of that name, created if it is new."""
        return str(self._ask("POST", "users", json={"name": name})["user_id"])

    def grant(self, **consent: str) -> str:
        """Give an account's consent without a browser; return the code."""
        return str(self._ask("POST", "grant", json=consent)["code"])

    def refuse_once(self, method: str, path: str, *, status: int, reason: str) -> None:
        """Let the next request to a path (a regular expression) fail."""
        body = {"error": {"status": status, "message": reason}}
        order = {"kind": "status", "status": status, "body": body}
        self._ask("POST", "faults", json={"method": method, "path": path, **order})

    def _ask(self, method: str, name: str, **options: Any) -> Any:
        address = f"{self._url}/_sandbox/{name}"
        try:
            answer = self._session.request(
                method, address, timeout=ANSWER_TIMEOUT_S, **options
            )
            answer.raise_for_status()
            return answer.json()
        except requests.RequestException as error:
            raise SandboxAwayError(
                f"The sandbox at {self._url} does not answer ({error}). "
                "`make run` starts one."
            ) from error
