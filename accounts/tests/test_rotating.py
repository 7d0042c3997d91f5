"""New keys for old secrets: complete, repeatable, and safe beside a refresh."""

import io
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connections

from accounts import services
from accounts.models import Account, App, Token
from accounts.services import rotating as rotation
from accounts.services.refreshing import AccountTokens
from accounts.services.rotating import STORES, Tally
from accounts.tests.factories import make_account, make_accounts, make_app
from accounts.tests.tokens import expired, is_accepted
from automation.tests.factories import make_channel
from vibe_engine import clock, crypto
from vibe_engine.secrets_env import new_token_key
from vibe_engine.testing.live import LiveProcesses
from vibe_engine.testing.sandbox import SandboxControl

OLD, NEW = new_token_key("old"), new_token_key("new")
UseKeys = Callable[..., None]


@pytest.fixture
def use_keys(settings: Any) -> Iterator[UseKeys]:
    """Put other keys into force, the first one for sealing; "old" to begin with."""

    def use(*entries: str) -> None:
        settings.TOKEN_KEYS = list(entries)
        crypto.keys.cache_clear()

    use(OLD)
    yield use
    crypto.keys.cache_clear()


def key_ids() -> set[str]:
    """Return the ids of the keys that anything stored is sealed with."""
    stored = [
        value
        for store in STORES
        for row in store.model._default_manager.values_list(*store.columns)
        for value in row
        if value
    ]
    return {crypto.key_id_of(value) for value in stored}


def rotate(**options: Any) -> str:
    """Run the command; return what it printed."""
    printed = io.StringIO()
    call_command("rotate_keys", stdout=printed, stderr=printed, **options)
    return printed.getvalue()


def two_generations() -> Token:
    token = Token.objects.get(account=make_account(tokens=("access", "first")))
    token.seal(access="access", refresh="second", used="first")
    token.save()
    return token


@pytest.mark.django_db
@pytest.mark.portable
class TestRotateKeys:
    def test_seals_everything_with_the_newest_key(self, use_keys: UseKeys) -> None:
        token = two_generations()
        use_keys(NEW, OLD)
        assert rotate() == (
            "2 rows: 4 secrets sealed anew with the key “new”, 0 had it already, "
            "0 unreadable.\n"
        )
        use_keys(NEW)
        token.refresh_from_db()
        assert token.access_token == "access"
        assert token.refresh_tokens == ("second", "first")
        assert (token.key_id, token.version) == ("new", 1)
        assert App.objects.get().client_secret == "s3cret"

    def test_covers_every_sealed_column_there_is(self) -> None:
        covered = {
            (store.model, column) for store in STORES for column in store.columns
        }
        sealed = {
            (model, field.name)
            for model in apps.get_models()
            for field in model._meta.get_fields()
            if field.name.endswith("_encrypted")
        }
        assert covered == sealed

    def test_seals_channels_of_notifications_anew(self, use_keys: UseKeys) -> None:
        channel = make_channel(url="https://hooks.example.org/a", secret="s3cret" * 3)
        use_keys(NEW, OLD)
        assert rotate().startswith("1 row: 2 secrets sealed anew")
        use_keys(NEW)
        channel.refresh_from_db()
        assert channel.url == "https://hooks.example.org/a"
        assert channel.secret == "s3cret" * 3

    def test_changes_nothing_the_second_time(self, use_keys: UseKeys) -> None:
        two_generations()
        use_keys(NEW, OLD)
        rotate()
        before = list(Token.objects.values())
        assert "0 secrets sealed anew" in rotate()
        assert list(Token.objects.values()) == before

    def test_writes_nothing_in_a_dry_run(self, use_keys: UseKeys) -> None:
        two_generations()
        use_keys(NEW, OLD)
        assert "4 secrets would be sealed anew" in rotate(dry_run=True)
        assert key_ids() == {"old"}

    def test_names_what_an_unknown_key_sealed_and_goes_on(
        self, use_keys: UseKeys
    ) -> None:
        app = make_app()
        use_keys(new_token_key("lost"))
        lost = make_account(app=app)
        use_keys(NEW, OLD)
        good = make_account(app=app)
        printed = io.StringIO()
        with pytest.raises(CommandError, match="2 cannot be read"):
            call_command("rotate_keys", stdout=printed, stderr=printed)
        lines = printed.getvalue().splitlines()
        assert lines[0].startswith(f"Tokens of account {lost.pk}, access: ")
        assert "no key “lost”" in lines[0]
        assert lines[-1].endswith("2 unreadable.")
        assert Token.objects.get(account=good).access_token == "access"
        assert App.objects.get().client_secret == "s3cret"
        assert key_ids() == {"new", "lost"}

    def test_leaves_a_damaged_value_as_it_is(self, use_keys: UseKeys) -> None:
        token = two_generations()
        Token.objects.update(previous_refresh_encrypted="v1.old.AAAA")
        use_keys(NEW, OLD)
        with pytest.raises(CommandError, match="1 cannot be read"):
            rotate()
        token.refresh_from_db()
        assert token.previous_refresh_encrypted == "v1.old.AAAA"
        assert token.refresh_tokens == ("second",)

    def test_looks_at_every_row_whatever_the_batch(self, use_keys: UseKeys) -> None:
        make_accounts(5)
        use_keys(NEW, OLD)
        seen: list[int] = []
        rotation.rotate_keys(batch=2, dry_run=False, progress=seen.append)
        assert seen == [2, 4, 5, 6]
        assert key_ids() == {"new"}

    @pytest.mark.parametrize("batch", [0, -1, 10_001])
    def test_refuses_a_batch_that_makes_no_sense(self, batch: int) -> None:
        with pytest.raises(CommandError, match="between 1 and 10,000"):
            rotate(batch=batch)

    def test_shows_no_secret_and_no_key(self, use_keys: UseKeys) -> None:
        make_account(tokens=("canary-access", "canary-refresh"))
        use_keys(NEW)
        printed = io.StringIO()
        with pytest.raises(CommandError) as caught:
            call_command("rotate_keys", stdout=printed, stderr=printed)
        text = printed.getvalue() + str(caught.value) + repr(crypto.keys())
        for secret in ("canary", "s3cret", OLD.split(":")[1], NEW.split(":")[1]):
            assert secret not in text


@pytest.mark.django_db
@pytest.mark.portable
class TestBesideARefresh:
    def test_lets_new_tokens_win_that_came_in_between(self, use_keys: UseKeys) -> None:
        stale = two_generations()
        fresh = Token.objects.get()
        fresh.seal(access="newer", refresh="third", used="second")
        fresh.save()
        use_keys(NEW, OLD)
        tally = Tally()
        rotation._rotate_row(STORES[0], stale, tally, dry_run=False)
        token = Token.objects.get()
        assert (tally.resealed, tally.overtaken) == (3, 0)
        assert token.refresh_tokens == ("third", "second")
        assert key_ids() == {"new", "old"}

    def test_is_not_undone_by_a_refresh_that_began_before(
        self, sandbox: SandboxControl, use_keys: UseKeys
    ) -> None:
        account = expired(sandbox)
        use_keys(NEW, OLD)
        stale = Token.objects.get()
        rotate()
        stale.seal(access="newer", refresh=None, used=stale.refresh_tokens[0])
        stale.save()
        assert key_ids() == {"new"}
        assert is_accepted(account, AccountTokens(account.pk).refreshed("newer"))


@pytest.mark.django_db(transaction=True)
class TestBesideManyRefreshes:
    @pytest.mark.portable
    def test_loses_no_rotating_token(
        self, sandbox: SandboxControl, rotating: None, use_keys: UseKeys
    ) -> None:
        accounts = [expired(sandbox, name=f"Busy {number}") for number in range(6)]
        use_keys(NEW, OLD)

        def refresh(account: Account) -> None:
            try:
                for _ in range(5):
                    services.refresh_token(account=account, now=clock.now())
            finally:
                connections.close_all()

        with ThreadPoolExecutor(len(accounts)) as pool:
            done = [pool.submit(refresh, account) for account in accounts]
            while not all(one.done() for one in done):
                rotation.rotate_keys(batch=2, dry_run=False)
        for one in done:
            one.result()
        rotate()
        use_keys(NEW)
        assert key_ids() == {"new"}
        for account in accounts:
            assert is_accepted(account, AccountTokens(account.pk).access_token())
        statuses = [request.status for request in sandbox.log(path="/api/token")]
        assert set(statuses) == {200}


@pytest.mark.django_db(transaction=True)
class TestKilled:
    def test_is_finished_by_the_next_one(
        self, live: LiveProcesses, use_keys: UseKeys
    ) -> None:
        make_accounts(5)
        use_keys(NEW, OLD)
        keys = {"TOKEN_KEYS": f"{NEW},{OLD}"}
        first = live.manage(
            "rotate_keys", "--batch", "2", VIBE_FAULT_POINT="keys_rotated", **keys
        )
        assert first.wait(60) == -signal.SIGKILL
        assert key_ids() == {"new", "old"}
        second = live.manage("rotate_keys", "--batch", "2", **keys)
        assert second.wait(60) == 0
        assert "7 secrets sealed anew with the key “new”, 4 had" in live.output(second)
        assert key_ids() == {"new"}
