"""Tokens, keys and passwords stay where they belong: a whole story, then a search.

The product runs as `make run` starts it, with its logs as loud as they get. An
account is connected, albums are read, playlists made, calls fail, consent is taken
back. Whatever a person, a log, the broker or the database then shows is searched.
"""

import re
import sqlite3
import traceback
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
import redis
import requests
from django.conf import settings

from accounts.consent import PendingConsent
from accounts.models import Token
from accounts.services.refreshing import AccountTokens
from tests.security.fleet import SECRETS, make_fleet
from vibe_engine import crypto
from vibe_engine.secrets_env import new_token_key
from vibe_engine.spotify import oauth
from vibe_engine.testing.live import wait_until
from vibe_engine.testing.product import RunningProduct
from vibe_engine.testing.sandbox import SandboxControl

KEPT_APART = {"secrets.env", "sandbox.db", "sandbox.db-wal", "sandbox.db-shm"}
"""The file of the demo's secrets, and the other side's own state."""
OF_EACH_KIND = 3
HREF = re.compile(r'(?:href|hx-get)="(/[^"#]*)"')


@dataclass
class Aftermath:
    """What is left of the story: what must not be found, and where to search."""

    secrets: dict[str, str] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    broker: dict[str, str] = field(default_factory=dict)
    output: str = ""

    def found_in(self, places: dict[str, Any]) -> list[str]:
        """Return which secrets stand in which places, by name alone."""
        return [
            f"{name} in {place}"
            for place, content in places.items()
            for name, secret in self.secrets.items()
            if (secret.encode() if isinstance(content, bytes) else secret) in content
        ]


class Person:
    """Somebody at a browser without scripts."""

    def __init__(self, product: RunningProduct) -> None:
        self.product = product
        self.session = requests.Session()
        self.session.trust_env = False
        self.pages: dict[str, str] = {}

    def get(self, path: str) -> requests.Response:
        answer = self.session.get(self.product.url + path, timeout=60)
        self.pages[f"GET {path}"] = answer.text
        return answer

    def post(
        self, path: str, *, page: str | None = None, **typed: object
    ) -> requests.Response:
        """Fill in the form of a page; its hidden fields go along."""
        text = self.get(page or path).text
        hidden = re.findall(r'type="hidden" name="(\w+)" value="(\w*)"', text)
        answer = self.session.post(
            self.product.url + path,
            data=dict(hidden) | typed,
            timeout=60,
            allow_redirects=False,
        )
        self.pages[f"POST {path}"] = answer.text
        return answer

    def look_everywhere(self) -> None:
        """Open every kind of page that links lead to, three of each kind."""
        waiting = deque(["/", "/admin/"])
        seen: Counter[str] = Counter()
        while waiting:
            path = waiting.popleft()
            if f"GET {path}" in self.pages or seen[kind_of(path)] == OF_EACH_KIND:
                continue
            seen[kind_of(path)] += 1
            text = self.get(path).text
            waiting += [urljoin(path, link) for link in HREF.findall(text)]


def kind_of(path: str) -> str:
    """Return an address without its query, with a number sign for every key."""
    return re.sub(r"/\d+(?=/)", "/#", urlsplit(path).path)


def tokens_of(product: RunningProduct) -> dict[str, str]:
    """Return every token in the product's database, in the clear."""
    tokens = {}
    for row in rows(product, "SELECT * FROM spotify_tokens"):
        token = Token(
            account_id=row["account_id"],
            access_encrypted=row["access_encrypted"],
            refresh_encrypted=row["refresh_encrypted"],
            previous_refresh_encrypted=row["previous_refresh_encrypted"],
        )
        tokens[f"access token of version {row['version']}"] = token.access_token
        for number, refresh in enumerate(token.refresh_tokens):
            tokens[f"refresh token {number} of version {row['version']}"] = refresh
    return tokens


def made_by(product: RunningProduct) -> dict[str, str]:
    """Return what the installation made for itself, by name."""
    text = (product.var_dir / "secrets.env").read_text(encoding="ascii")
    return dict(line.split("=", 1) for line in text.splitlines())


def connect(person: Person, sandbox: SandboxControl) -> dict[str, str]:
    """Connect an account; return the words that went through the browser."""
    answer = person.post("/accounts/connect/", owned="on", app="1")
    assert answer.status_code == 303
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    asked = {name: values[0] for name, values in query.items()}
    user = sandbox.add_user("Canary Radio")
    code = sandbox.grant(
        client_id=asked["client_id"],
        user_id=user["user_id"],
        redirect_uri=asked["redirect_uri"],
        scope=asked["scope"],
        code_challenge=asked["code_challenge"],
    )
    person.get(f"/oauth/spotify/callback?code=bad-{code}&state=wrong")
    answer = person.get(f"/oauth/spotify/callback?code={code}&state={asked['state']}")
    assert "Canary Radio" in answer.text
    return {"code": code, "state": asked["state"]}


def do_everything(person: Person, sandbox: SandboxControl) -> None:
    """Read albums and make playlists; every token is refreshed on the way."""
    albums = sandbox.catalogue(limit=6)
    links = "\n".join(f"https://open.spotify.com/album/{a['id']}" for a in albums)
    answer = person.post("/library/add/", text=links, action="send")
    assert answer.status_code == 302
    rest(person.product)
    sandbox.expire_access()
    answer = person.post("/playlists/create/", account="1", count="2", size="5")
    assert answer.status_code == 302
    rest(person.product)
    assert len(sandbox.playlists()) == 2


def let_it_fail(person: Person, sandbox: SandboxControl, client_id: str) -> None:
    """Break answers in several ways, then take the consent back."""
    sandbox.fault("GET", "/v1/albums/.*", kind="status", status=403)
    sandbox.fault("GET", "/v1/albums/.*", kind="malformed")
    for album in ("1", "2"):
        path = f"/library/albums/{album}/"
        answer = person.post(f"{path}refresh/", page=path)
        assert answer.status_code == 302
    wait_until(lambda: not sandbox.faults(), what="the faults")
    user_id = sandbox.users()[-1]["user_id"]
    sandbox.revoke(user_id=user_id, client_id=client_id)
    sandbox.expire_access()
    person.post("/playlists/reshuffle/?scope=all", scope="all")
    wait_until(lambda: "Sign-in refused" in person.get("/accounts/").text)
    for path in ("/nowhere/", "/theme/", "/library/?page=%00", "/accounts/999/"):
        person.get(path)


def rest(product: RunningProduct) -> None:
    """Wait until no run is due any more."""
    query = "SELECT count(*) FROM runs WHERE state IN ('planned', 'working')"
    wait_until(lambda: rows(product, query)[0][0] == 0, what="the end of all runs")


def rows(product: RunningProduct, query: str) -> list[Any]:
    with closing(sqlite3.connect(product.var_dir / "vibe.db")) as database:
        database.row_factory = sqlite3.Row
        return database.execute(query).fetchall()


def in_broker(product: RunningProduct) -> dict[str, str]:
    """Return every value that the broker holds, by key."""
    address = (product.var_dir / "broker.url").read_text(encoding="utf-8")
    with redis.Redis.from_url(address) as server:
        read = {
            b"string": server.get,
            b"list": lambda key: server.lrange(key, 0, -1),
            b"set": server.smembers,
            b"hash": server.hgetall,
            b"zset": lambda key: server.zrange(key, 0, -1, withscores=True),
        }
        return {
            str(key): str(read[server.type(key)](key)) for key in server.scan_iter()
        }


def everything_in(folder: Path) -> dict[str, bytes]:
    """Return the content of every file below a folder that should hold no secret."""
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file() and file.name not in KEPT_APART
    }


@pytest.fixture(scope="module")
def aftermath(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aftermath]:
    """The story, told once for all that is asked about it."""
    folder = tmp_path_factory.mktemp("canaries")
    product = RunningProduct(folder, "--no-demo", LOG_LEVEL="DEBUG")
    try:
        product.wait_ready()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(settings, "TOKEN_KEYS", [made_by(product)["TOKEN_KEYS"]])
            crypto.keys.cache_clear()
            yield tell(product)
    finally:
        crypto.keys.cache_clear()
        product.stop()


def tell(product: RunningProduct) -> Aftermath:
    """Do the whole job and let it end badly; return what is left."""
    own = made_by(product)
    sandbox = SandboxControl(product.sandbox_url)
    person = Person(product)
    typed = {"username": product.username, "password": product.password}
    assert person.post("/sign-in/", **typed | {"password": "wrong"}).status_code == 422
    assert person.post("/sign-in/", **typed).status_code == 302
    secrets = connect(person, sandbox) | tokens_of(product)
    do_everything(person, sandbox)
    secrets |= tokens_of(product)
    let_it_fail(person, sandbox, own["SPOTIFY_CLIENT_ID"])
    person.look_everywhere()
    secrets |= {name: value for name, value in own.items() if "SECRET" in name}
    secrets["TOKEN_KEYS"] = own["TOKEN_KEYS"].partition(":")[2]
    secrets["DASHBOARD_PASSWORD"] = own["DASHBOARD_PASSWORD"]
    sandbox.close()
    return Aftermath(
        secrets=secrets,
        pages=person.pages,
        files=everything_in(product.var_dir),
        broker=in_broker(product),
        output=product.output(),
    )


class TestAftermath:
    def test_has_every_kind_of_secret(self, aftermath: Aftermath) -> None:
        kinds = {name.partition(" of ")[0] for name in aftermath.secrets}
        assert kinds >= {
            "code",
            "state",
            "access token",
            "refresh token 0",
            "SECRET_KEY",
            "TOKEN_KEYS",
            "SPOTIFY_CLIENT_SECRET",
            "DASHBOARD_PASSWORD",
        }
        assert len(aftermath.secrets) >= 9
        assert all(len(secret) >= 12 for secret in aftermath.secrets.values())

    def test_has_seen_the_pages_of_every_app_and_the_admin(
        self, aftermath: Aftermath
    ) -> None:
        kinds = {kind_of(page) for page in aftermath.pages}
        assert kinds >= {
            "GET /accounts/#/",
            "GET /library/albums/#/",
            "GET /playlists/#/",
            "GET /automation/runs/#/",
            "GET /settings/",
            "GET /health/",
            "GET /admin/accounts/account/#/change/",
            "GET /admin/accounts/app/#/change/",
            "GET /admin/automation/run/#/change/",
            "GET /admin/django_celery_beat/periodictask/#/change/",
        }

    def test_has_logs_that_say_something(self, aftermath: Aftermath) -> None:
        logs = b"".join(
            content for name, content in aftermath.files.items() if ".log" in name
        )
        assert b"DEBUG" in logs
        assert aftermath.broker

    def test_would_find_a_secret(self, aftermath: Aftermath) -> None:
        key = aftermath.secrets["SECRET_KEY"]
        assert aftermath.found_in({"a page": f"<p>{key}</p>"}) == [
            "SECRET_KEY in a page"
        ]
        assert aftermath.found_in({"a log": f"x {key}".encode()})


class TestSecrets:
    def test_are_on_no_page(self, aftermath: Aftermath) -> None:
        assert aftermath.found_in(aftermath.pages) == []

    def test_are_in_no_log_and_in_no_table(self, aftermath: Aftermath) -> None:
        assert aftermath.found_in(aftermath.files) == []

    def test_are_not_with_the_broker(self, aftermath: Aftermath) -> None:
        assert aftermath.found_in(aftermath.broker) == []

    def test_are_not_on_the_terminal_but_for_the_demos_password(
        self, aftermath: Aftermath
    ) -> None:
        found = aftermath.found_in({"the terminal": aftermath.output})
        assert found == ["DASHBOARD_PASSWORD in the terminal"]


@pytest.mark.django_db
class TestObjects:
    """What a traceback, a log line or a debugger would show of them."""

    def test_that_hold_secrets_do_not_show_them(self) -> None:
        fleet = make_fleet()
        app = fleet.account.app
        key = new_token_key()
        objects = (
            *(fleet.account, fleet.account.token, app, fleet.run, fleet.channel),
            crypto.EnvironmentKeys([key]),
            PendingConsent("the-state", "the-verifier", 1, 1, "2026-12-01"),
            oauth.App(app.client_id, app.client_secret),
            AccountTokens(fleet.account.pk),
        )
        hidden = (*SECRETS, "the-state", "the-verifier", key.partition(":")[2])
        for one in objects:
            shown = f"{one} {one!r} {one!a} {[one]}"
            assert [secret for secret in hidden if secret in shown] == [], type(one)

    def test_that_fail_do_not_tell_what_they_failed_on(self) -> None:
        fleet = make_fleet()
        token, app = fleet.account.token, fleet.account.app
        token.access_encrypted, app.client_secret_encrypted = (
            app.client_secret_encrypted,
            token.access_encrypted,
        )
        for row, name in ((token, "access_token"), (app, "client_secret")):
            with pytest.raises(crypto.DecryptError) as caught:
                getattr(row, name)
            told = "".join(traceback.format_exception(caught.value))
            assert [secret for secret in SECRETS if secret in told] == []
