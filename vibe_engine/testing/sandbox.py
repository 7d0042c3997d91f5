"""A running sandbox and its control, as tests and the demo's proofs use it."""

import os
import re
import selectors
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from vibe_engine.supervisor.lifeline import dies_with_parent

READY_TIMEOUT_S = 30
STOP_TIMEOUT_S = 10
ANSWER_TIMEOUT_S = 30
LOG_PAGE = 5_000
SETTLE_LOOK_S = 0.05


class SandboxError(Exception):
    """The sandbox did not start or refused a control request."""


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request that the sandbox received, as its log tells it.

    `at`, `applied_at`, `finished_at`: when it came, when it was carried out or
    refused, when its answer had gone out. `token`: the fingerprint of the token it
    showed. `worker`: its `X-Worker` header, else its User-Agent.
    """

    n: int
    at: str
    method: str
    path: str
    query: str
    status: int
    client_id: str | None
    user_id: str | None
    fault: str | None
    applied: bool
    applied_at: str | None = None
    finished_at: str = ""
    token: str | None = None
    worker: str | None = None
    effect: dict[str, Any] | None = None


class SandboxControl:
    """Drives a sandbox over HTTP; one object per running sandbox."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.api_url = f"{self.url}/v1/"
        self.reccobeats_url = f"{self.url}/reccobeats/v1/"
        self.log_start = 0
        self._session = requests.Session()
        self._session.trust_env = False

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def log(
        self, *, path: str = "", since: int | None = None, api_only: bool = True
    ) -> list[LoggedRequest]:
        """Return the requests since the test began, oldest first.

        `path` keeps those whose path starts with it; `api_only` those below `/v1/`.
        """
        position = self.log_start if since is None else since
        wanted = path or ("/v1/" if api_only else "")
        entries: list[LoggedRequest] = []
        while True:
            page = self.get("log", since=position, path=wanted, limit=LOG_PAGE)
            entries += map(_logged, page["requests"])
            if len(page["requests"]) < LOG_PAGE:
                return entries
            position = page["next"]

    def calls(self) -> list[str]:
        """Return the API requests since the test began, as "METHOD /path"."""
        return [f"{entry.method} {entry.path}" for entry in self.log()]

    def mark(self) -> None:
        """Let `log()` and `calls()` begin here."""
        self.log_start = int(self.get("log", since=2**53)["next"])

    def settle(self) -> None:
        """Wait for the requests that faults hold back, until each is in the log."""
        give_up_s = time.monotonic() + ANSWER_TIMEOUT_S
        while self.get("log", since=2**53)["awaited"]:
            if time.monotonic() > give_up_s:
                raise SandboxError("A request is still held back.")
            time.sleep(SETTLE_LOOK_S)

    def fault(
        self,
        method: str,
        path: str,
        *,
        kind: str = "status",
        status: int | None = None,
        body: object = None,
        headers: dict[str, str] | None = None,
        seconds: float | None = None,
        count: int = 1,
        share: float | None = None,
        **details: object,
    ) -> Any:
        """Order a fault for requests whose path matches the pattern `path`.

        `count` is how often it strikes, -1 for always; `details` as in the sandbox's
        README: `for_s`, `user_id`, `client_id`, `megabytes`, `seed`.
        """
        wanted = {
            "method": method,
            "path": path,
            "kind": kind,
            "status": status,
            "body": body,
            "headers": headers,
            "seconds": seconds,
            "count": count,
            "share": share,
            **details,
        }
        order = {name: value for name, value in wanted.items() if value is not None}
        return self.post("faults", **order)

    def mix(self, *faults: dict[str, Any], **shared: object) -> Any:
        """Order faults of which one at most strikes a request; shares add up.

        `shared` counts for each that does not say otherwise, so
        `mix({"kind": "drop_after", "share": 0.05}, path="/v1/", count=-1)`.
        """
        return self.post("faults", mix=list(faults), **shared)

    def script(self, *steps: dict[str, Any], repeat: int = 1, **shared: object) -> Any:
        """Order faults that strike one after another, each when its request comes.

        `repeat` is how often the row is played, -1 for ever; `shared` as for `mix`.
        """
        return self.post("faults", script=list(steps), repeat=repeat, **shared)

    def options(self, **changes: object) -> dict[str, Any]:
        """Change switches of the sandbox, if any are given; return all of them."""
        answer = self.post("options", **changes) if changes else self.get("options")
        return self._object(answer)

    def faults(self) -> list[dict[str, Any]]:
        """Return the faults that still wait to strike."""
        answer = self.get("faults")
        faults: list[dict[str, Any]] = answer["faults"]
        return faults

    def clear_faults(self) -> None:
        """Take back every fault."""
        self._ask("DELETE", "faults")

    def users(self) -> list[dict[str, Any]]:
        """Return the people the sandbox knows."""
        users: list[dict[str, Any]] = self.get("users")["users"]
        return users

    def add_user(self, name: str, **details: object) -> dict[str, Any]:
        """Create a person; return their row."""
        return self._object(self.post("users", name=name, **details))

    def add_app(
        self, client_id: str, client_secret: str, **details: object
    ) -> dict[str, Any]:
        """Register an app: profile, developer, redirect_uris, seats."""
        return self._object(
            self.post(
                "apps", client_id=client_id, client_secret=client_secret, **details
            )
        )

    def grant(
        self,
        *,
        client_id: str,
        user_id: str,
        redirect_uri: str,
        scope: str,
        code_challenge: str | None = None,
    ) -> str:
        """Consent for a person without a browser; return the code."""
        order = {
            "client_id": client_id,
            "user_id": user_id,
            "redirect_uri": redirect_uri,
            "scope": scope,
        }
        if code_challenge:
            order["code_challenge"] = code_challenge
        return str(self.post("grant", **order)["code"])

    def revoke(self, *, user_id: str, client_id: str) -> None:
        """Take consent back, as a person does on their account's page."""
        self.post("revoke", user_id=user_id, client_id=client_id)

    def lapse_premium(self, developer: str, *, lapsed: bool = True) -> None:
        """Let a developer's Premium subscription lapse, or restore it."""
        self.post("premium", developer=developer, lapsed=lapsed)

    def expire_access(self, user_id: str | None = None) -> None:
        """Make issued access tokens invalid, for one person or for everyone."""
        self.post("expire_access", **({"user_id": user_id} if user_id else {}))

    def playlists(self, user_id: str | None = None) -> list[dict[str, Any]]:
        """Return what stands on the sandbox: items as URIs, in order."""
        answer = self.get("playlists", **({"user_id": user_id} if user_id else {}))
        playlists: list[dict[str, Any]] = answer["playlists"]
        return playlists

    def playlist(self, playlist_id: str) -> dict[str, Any]:
        """Return one playlist of the sandbox by its id."""
        return next(one for one in self.playlists() if one["id"] == playlist_id)

    def edit_playlist(self, playlist_id: str, **changes: object) -> None:
        """Change a playlist by hand, past the product: `items` or `followed`."""
        self.post(f"playlists/{playlist_id}/edit", **changes)

    def alter_track(self, track_id: str, state: str, **details: object) -> None:
        """Make a track `unplayable`, `withdrawn`, `relinked` or `available` again."""
        self.post(f"tracks/{track_id}", state=state, **details)

    def catalogue(self, *, offset: int = 0, limit: int = 50) -> list[dict[str, Any]]:
        """Return albums of the catalogue: id, name, artists, total_tracks, type."""
        albums: list[dict[str, Any]] = self.get(
            "catalogue", offset=offset, limit=limit
        )["albums"]
        return albums

    def get(self, name: str, /, **query: str | int) -> Any:
        """Read a control address."""
        return self._ask("GET", name, params=query)

    def post(self, name: str, /, **order: object) -> Any:
        """Send an order to a control address."""
        return self._ask("POST", name, json=order)

    def _ask(self, method: str, name: str, **options: Any) -> Any:
        answer = self._session.request(
            method, f"{self.url}/_sandbox/{name}", timeout=ANSWER_TIMEOUT_S, **options
        )
        if not answer.ok:
            raise SandboxError(f"{method} {name}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None

    @staticmethod
    def _object(answer: Any) -> dict[str, Any]:
        return answer if isinstance(answer, dict) else {}


def _logged(entry: dict[str, Any]) -> LoggedRequest:
    fields: dict[str, Any] = {
        name: entry.get(name) for name in LoggedRequest.__dataclass_fields__
    }
    return LoggedRequest(**fields)


class SandboxProcess:
    """`python -m vibe_engine.sandbox` on a free port, until `stop()`."""

    def __init__(self, *options: str, log: Path) -> None:
        self.log = log
        with log.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "vibe_engine.sandbox", "--port", "0", *options],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
                preexec_fn=dies_with_parent(),
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        try:
            self.control = SandboxControl(self._read_address())
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the process, at first politely."""
        if hasattr(self, "control"):
            self.control.close()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()

    def _read_address(self) -> str:
        """Return the address from the first line, "sandbox ready http://..."."""
        assert self.process.stdout is not None  # noqa: S101
        deadline = time.monotonic() + READY_TIMEOUT_S
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            said = b""
            while b"\n" not in said and time.monotonic() < deadline:
                if selector.select(timeout=0.2):
                    chunk = os.read(self.process.stdout.fileno(), 4096)
                    if not chunk:
                        break
                    said += chunk
        if found := re.match(rb"sandbox ready (http://\S+)\n", said):
            return found[1].decode()
        raise SandboxError(
            f"the sandbox did not start: {said.decode(errors='replace')}"
            f"{self.log.read_text(errors='replace')}"
        )
