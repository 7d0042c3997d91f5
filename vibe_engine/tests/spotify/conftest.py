from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from vibe_engine.spotify.client import SpotifyClient
from vibe_engine.spotify.errors import SpotifyError
from vibe_engine.tests.spotify.scripted import ScriptedServer


@dataclass
class Tokens:
    """A token source with two tokens, that notes what it is asked."""

    first: str = "first-token"
    second: str = "second-token"
    rejected: list[str] = field(default_factory=list)

    def access_token(self) -> str:
        return self.second if self.rejected else self.first

    def refreshed(self, rejected: str) -> str:
        self.rejected.append(rejected)
        return self.second


@dataclass
class NotedGate:
    """A gate that is always open and notes who passes, and how they come out."""

    entered: list[str] = field(default_factory=list)
    left: list[SpotifyError | None] = field(default_factory=list)

    def enter(self, group: str) -> None:
        self.entered.append(group)

    def leave(self, group: str, error: SpotifyError | None) -> None:
        assert group == self.entered[-1]
        self.left.append(error)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    scripted = ScriptedServer()
    yield scripted
    scripted.stop()


@pytest.fixture
def tokens() -> Tokens:
    return Tokens()


@pytest.fixture
def gate() -> NotedGate:
    return NotedGate()


@pytest.fixture
def spotify(
    server: ScriptedServer, tokens: Tokens, gate: NotedGate
) -> Iterator[SpotifyClient]:
    """A client of the scripted server."""
    with SpotifyClient(
        api_url=f"{server.url}v1/", tokens=tokens, gate=gate, deadline_s=5
    ) as client:
        yield client
