"""Nothing that signs a request in comes into the log, however much is logged."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from accounts.models import Account, Token
from accounts.services import client_for
from accounts.tests.factories import connect_account
from automation import ledger, registry, worker
from automation.ledger import RunSpec
from automation.models import Run
from vibe_engine import clock, logs
from vibe_engine.testing.sandbox import SandboxControl

KIND = "tests.leaky"


@pytest.fixture
def account(transactional_db: None, sandbox: SandboxControl) -> Account:
    return connect_account(sandbox, "Loud Radio")


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that any library logs, as a container writes it."""
    stream, root = io.StringIO(), logging.getLogger()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonFormatter())
    before = {name: logging.getLogger(name).level for name in ("spotipy", "urllib3")}
    level = root.level
    root.addHandler(handler)
    for name in ("", *before):
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)
    for name, usual in before.items():
        logging.getLogger(name).setLevel(usual)


def secrets_of(account: Account) -> list[str]:
    token = Token.objects.get(account=account)
    return [token.access_token, *token.refresh_tokens]


class TestLog:
    def test_holds_no_token_of_a_client_that_works_or_breaks(
        self,
        account: Account,
        log: io.StringIO,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        spec = RunSpec(KIND, "leak:1", "Leaky work", lane=account.lane)
        run = ledger.open_run(spec, now=clock.now())

        def leak(run: Run) -> None:
            with client_for(account, now=clock.now(), run=run) as client:
                client.me()
            raise RuntimeError(f"Bearer {secrets_of(account)[0]} was refused")

        monkeypatch.setitem(registry._kinds, KIND, registry.Kind(KIND, leak))
        worker.work(run.pk)
        text = log.getvalue()
        assert "was refused" in text
        for secret in secrets_of(account):
            assert secret not in text
        told = [json.loads(line) for line in text.splitlines()]
        ours = [line for line in told if line["logger"] == "automation.worker"]
        assert {line["run"] for line in ours} == {run.pk}
        assert {line["lane"] for line in ours} == {account.lane}
        run.refresh_from_db()
        assert run.journal["calls"] == {"GET /me": {"200": 1}}
