"""Who there is: developers, their apps, and the accounts that listen."""

import re
import sqlite3
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from vibe_engine.sandbox.ids import ALPHABET, random_id, stable_hash
from vibe_engine.sandbox.store import Store, from_json, to_json

PROFILES = ("development", "extended")
DEFAULT_USERS = ("Harbour Radio", "Late Shift", "Sunday Kitchen", "Gym Floor")
MAX_NAME_LENGTH = 500

_ACCOUNT_ID_LENGTH = 10


class UnknownPersonError(Exception):
    """There is no such account, app or developer; the text names it."""


@dataclass(frozen=True, slots=True)
class User:
    """An account of a listener or operator."""

    user_id: str
    account_id: str
    display_name: str | None

    @property
    def label(self) -> str:
        """The name to show: the display name, or else the id."""
        return self.display_name or self.user_id


@dataclass(frozen=True, slots=True)
class App:
    """A registered app.

    `redirect_uris` empty: any that Spotify would let somebody register.
    `seats` None: every account may use the app, else only those listed.
    `rotates_refresh_tokens` None: as the option of the same name says.
    """

    client_id: str
    client_secret: str
    profile: str
    developer: str
    redirect_uris: tuple[str, ...] = ()
    seats: tuple[str, ...] | None = None
    rotates_refresh_tokens: bool | None = None

    @property
    def is_extended(self) -> bool:
        """Whether the app has extended access of the old kind."""
        return self.profile == "extended"

    def __repr__(self) -> str:
        """Show the app without its secret."""
        return f"App({self.client_id!r}, {self.profile!r}, {self.developer!r})"


class People:
    """Developers, apps and accounts in the state."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add_defaults(self) -> None:
        """Create the named accounts of a fresh state."""
        if self._store.row("SELECT 1 FROM users") is None:
            for name in DEFAULT_USERS:
                self.add_user(name)

    def add_user(
        self,
        name: str,
        *,
        display_name: str | None = None,
        account_id: str | None = None,
    ) -> User:
        """Create an account, or return the one that has this name.

        The user id follows from the name; a name without any Latin letter or
        digit gets a random one.
        """
        user_id = _slug(name) or random_id().lower()
        known = self.find_user(user_id)
        if known is not None:
            return known
        user = User(
            user_id=user_id,
            account_id=account_id or _account_id(user_id),
            display_name=name if display_name is None else display_name,
        )
        self._store.execute(
            "INSERT INTO users VALUES (?, ?, ?)",
            user.user_id,
            user.account_id,
            user.display_name,
        )
        return user

    def users(self) -> list[User]:
        """Return all accounts, oldest first."""
        return [
            _user(row) for row in self._store.rows("SELECT * FROM users ORDER BY rowid")
        ]

    def find_user(self, user_id: str) -> User | None:
        """Return the account, or None."""
        row = self._store.row("SELECT * FROM users WHERE user_id = ?", user_id)
        return None if row is None else _user(row)

    def user(self, user_id: str) -> User:
        """Return the account.

        :raises UnknownPersonError: there is none.
        """
        user = self.find_user(user_id)
        if user is None:
            raise UnknownPersonError(f"There is no account {user_id!r}.")
        return user

    def save_app(self, app: App) -> None:
        """Register the app, or change what was registered under its id."""
        self._store.execute(
            "REPLACE INTO apps VALUES (?, ?, ?, ?, ?, ?, ?)",
            app.client_id,
            app.client_secret,
            app.profile,
            app.developer,
            to_json(app.redirect_uris),
            to_json(app.seats),
            app.rotates_refresh_tokens,
        )
        self._store.execute(
            "INSERT OR IGNORE INTO developers (name) VALUES (?)", app.developer
        )

    def register_app(self, app: App) -> None:
        """Register the app; one that is known keeps what was set since."""
        known = self.find_app(app.client_id)
        if known is not None:
            app = replace(
                app,
                redirect_uris=known.redirect_uris,
                seats=known.seats,
                rotates_refresh_tokens=known.rotates_refresh_tokens,
            )
        self.save_app(app)

    def apps(self) -> list[App]:
        """Return all apps, by client id."""
        return [
            _app(row)
            for row in self._store.rows("SELECT * FROM apps ORDER BY client_id")
        ]

    def find_app(self, client_id: str) -> App | None:
        """Return the app, or None."""
        row = self._store.row("SELECT * FROM apps WHERE client_id = ?", client_id)
        return None if row is None else _app(row)

    def set_premium_lapsed(self, developer: str, *, lapsed: bool) -> None:
        """Let the Premium subscription of the apps' owner lapse, or renew it.

        :raises UnknownPersonError: no app belongs to this developer.
        """
        changed = self._store.execute(
            "UPDATE developers SET premium_lapsed = ? WHERE name = ?",
            lapsed,
            developer,
        )
        if not changed.rowcount:
            raise UnknownPersonError(f"There is no developer {developer!r}.")

    def has_premium(self, developer: str) -> bool:
        """Tell whether the developer pays for Premium."""
        row = self._store.row(
            "SELECT 1 FROM developers WHERE name = ? AND premium_lapsed", developer
        )
        return row is None


def parse_app(text: str, *, default_profile: str) -> App:
    """Read `CLIENT_ID:SECRET:PROFILE:DEVELOPER`; an empty profile is the default.

    :raises ValueError: it has another shape; the text says what is expected.
    """
    parts: Sequence[str] = text.split(":")
    if len(parts) != 4 or not parts[0] or not parts[1]:
        raise ValueError(f"{text!r} is not CLIENT_ID:SECRET:PROFILE:DEVELOPER")
    profile = parts[2] or default_profile
    if profile not in PROFILES:
        raise ValueError(f"profile {profile!r} is neither {' nor '.join(PROFILES)}")
    return App(parts[0], parts[1], profile, parts[3] or "developer")


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9._]+", "-", plain.lower()).strip("-.")[:64]


def _account_id(user_id: str) -> str:
    number = stable_hash("account", user_id)
    return "".join(ALPHABET[number // 62**at % 62] for at in range(_ACCOUNT_ID_LENGTH))


def _user(row: sqlite3.Row) -> User:
    return User(row["user_id"], row["account_id"], row["display_name"])


def _app(row: sqlite3.Row) -> App:
    seats, rotates = from_json(row["seats"]), row["rotates"]
    return App(
        client_id=row["client_id"],
        client_secret=row["client_secret"],
        profile=row["profile"],
        developer=row["developer"],
        redirect_uris=tuple(from_json(row["redirect_uris"])),
        seats=None if seats is None else tuple(seats),
        rotates_refresh_tokens=None if rotates is None else bool(rotates),
    )
