"""Codes and tokens, with the lives that Spotify gives them."""

import base64
import hashlib
import hmac
import secrets
import sqlite3
from dataclasses import dataclass

from vibe_engine.sandbox.clock import add_months
from vibe_engine.sandbox.options import load_options
from vibe_engine.sandbox.store import Store

CODE_LIFETIME_S = 600
CONSENT_LIFETIME_MONTHS = 6  # since 2026-07-20 for every app
_FORGET_ACCESS_TOKENS_AFTER_S = 86_400
_FINGERPRINT_LENGTH = 16


class TokenError(Exception):
    """The token endpoint refuses; `error` is the OAuth word for it."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description


@dataclass(frozen=True, slots=True)
class Consent:
    """What an account agreed to at the consent page."""

    client_id: str
    user_id: str
    redirect_uri: str
    scope: str
    challenge: str = ""


@dataclass(frozen=True, slots=True)
class Access:
    """Whom a valid access token speaks for; `user_id` None for the app alone."""

    client_id: str
    user_id: str | None
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Grant:
    """What the token endpoint hands out."""

    access_token: str
    scope: str
    expires_in_s: int
    refresh_token: str | None = None

    def __repr__(self) -> str:
        """Show the grant without its tokens."""
        return f"Grant({self.scope!r}, {self.expires_in_s} s)"


class Tokens:
    """Codes, refresh tokens and access tokens in the state."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def issue_code(self, consent: Consent, *, now_s: float) -> str:
        """Return a code that can be redeemed once, within ten minutes."""
        code = secrets.token_urlsafe(48)
        self._store.execute(
            "INSERT INTO codes VALUES (?, ?, ?, ?, ?, ?, ?, 0)",
            code,
            consent.client_id,
            consent.user_id,
            consent.redirect_uri,
            consent.scope,
            consent.challenge,
            now_s,
        )
        return code

    def redeem_code(
        self,
        code: str,
        *,
        client_id: str,
        redirect_uri: str,
        verifier: str,
        is_public: bool,
        now_s: float,
    ) -> Grant:
        """Turn a code into an access token and a refresh token.

        `is_public`: the app proved itself by the verifier alone, without a secret.

        :raises TokenError: `invalid_grant`: unknown, used, expired, issued for
            another app or redirect URI, or the verifier does not fit.
        """
        row = self._valid_code(code, client_id=client_id, now_s=now_s)
        if row["redirect_uri"] != redirect_uri:
            raise TokenError("invalid_grant", "Invalid redirect URI")
        _check_proof(row["challenge"], verifier, is_public=is_public)
        self._store.execute("UPDATE codes SET is_used = 1 WHERE code = ?", code)
        refresh_token = self._issue_refresh(
            client_id,
            row["user_id"],
            row["scope"],
            authorized_at_s=now_s,
            is_public=is_public,
        )
        return self._issue_access(
            client_id, row["user_id"], row["scope"], refresh_token, now_s=now_s
        )

    def refresh(
        self,
        refresh_token: str,
        *,
        client_id: str,
        is_public: bool,
        rotates: bool,
        now_s: float,
    ) -> Grant:
        """Return a new access token for a refresh token.

        There is no new refresh token, unless it `rotates`: then the old one dies,
        and the new one keeps the date of the consent.

        :raises TokenError: `invalid_grant`: unknown, revoked, or six calendar
            months after the consent.
        """
        row = self._store.row(
            "SELECT * FROM refresh_tokens WHERE token = ?", refresh_token
        )
        if row is None or row["client_id"] != client_id:
            raise TokenError("invalid_grant", "Invalid refresh token")
        if is_public and not row["is_public"]:
            raise TokenError("invalid_client", "Invalid client")
        if row["is_revoked"]:
            raise TokenError("invalid_grant", "Refresh token revoked")
        if now_s >= add_months(row["authorized_at"], CONSENT_LIFETIME_MONTHS):
            raise TokenError("invalid_grant", "Refresh token expired")
        renewed = self._rotate(row) if rotates else None
        return self._issue_access(
            client_id, row["user_id"], row["scope"], renewed, now_s=now_s
        )

    def issue_for_app(self, client_id: str, *, now_s: float) -> Grant:
        """Return an access token that speaks for the app alone."""
        return self._issue_access(client_id, None, "", None, now_s=now_s)

    def user_behind(self, secret: str) -> str | None:
        """Return whose refresh token or code that is; None where it is unknown."""
        row = self._store.row(
            "SELECT user_id FROM refresh_tokens WHERE token = ?"
            " UNION SELECT user_id FROM codes WHERE code = ?",
            secret,
            secret,
        )
        return None if row is None else row["user_id"]

    def find_access(self, access_token: str, *, now_s: float) -> Access | None:
        """Return whom the token speaks for; None where it is unknown or expired."""
        row = self._store.row(
            "SELECT * FROM access_tokens WHERE token = ? AND expires_at > ?",
            access_token,
            now_s,
        )
        if row is None:
            return None
        scopes = frozenset(row["scope"].split())
        return Access(row["client_id"], row["user_id"], scopes)

    def consented_scope(self, client_id: str, user_id: str, *, now_s: float) -> str:
        """Return the scopes the account granted last, "" where nothing is valid."""
        row = self._store.row(
            "SELECT scope, authorized_at FROM refresh_tokens WHERE client_id = ?"
            " AND user_id = ? AND NOT is_revoked ORDER BY authorized_at DESC",
            client_id,
            user_id,
        )
        if row is None:
            return ""
        ends_at_s = add_months(row["authorized_at"], CONSENT_LIFETIME_MONTHS)
        return row["scope"] if now_s < ends_at_s else ""

    def revoke(self, *, client_id: str, user_id: str) -> int:
        """Take the consent back; return how many refresh tokens died."""
        revoked = self._store.execute(
            "UPDATE refresh_tokens SET is_revoked = 1"
            " WHERE client_id = ? AND user_id = ? AND NOT is_revoked",
            client_id,
            user_id,
        )
        self._store.execute(
            "DELETE FROM access_tokens WHERE client_id = ? AND user_id = ?",
            client_id,
            user_id,
        )
        return revoked.rowcount

    def expire_access(self, user_id: str | None = None) -> int:
        """End all access tokens of the account, or of everybody; count them."""
        if user_id is None:
            return self._store.execute("DELETE FROM access_tokens").rowcount
        return self._store.execute(
            "DELETE FROM access_tokens WHERE user_id = ?", user_id
        ).rowcount

    def _valid_code(self, code: str, *, client_id: str, now_s: float) -> sqlite3.Row:
        row = self._store.row("SELECT * FROM codes WHERE code = ?", code)
        if row is None or row["is_used"] or row["client_id"] != client_id:
            raise TokenError("invalid_grant", "Invalid authorization code")
        if now_s - row["issued_at"] > CODE_LIFETIME_S:
            raise TokenError("invalid_grant", "Authorization code expired")
        return row

    def _rotate(self, old: sqlite3.Row) -> str:
        self._store.execute(
            "UPDATE refresh_tokens SET is_revoked = 1 WHERE token = ?", old["token"]
        )
        return self._issue_refresh(
            old["client_id"],
            old["user_id"],
            old["scope"],
            authorized_at_s=old["authorized_at"],
            is_public=bool(old["is_public"]),
        )

    def _issue_refresh(
        self,
        client_id: str,
        user_id: str,
        scope: str,
        *,
        authorized_at_s: float,
        is_public: bool,
    ) -> str:
        token = secrets.token_urlsafe(96)
        self._store.execute(
            "INSERT INTO refresh_tokens VALUES (?, ?, ?, ?, ?, ?, 0)",
            token,
            client_id,
            user_id,
            scope,
            authorized_at_s,
            is_public,
        )
        return token

    def _issue_access(
        self,
        client_id: str,
        user_id: str | None,
        scope: str,
        refresh_token: str | None,
        *,
        now_s: float,
    ) -> Grant:
        token = secrets.token_urlsafe(120)
        lifetime_s = load_options(self._store).access_token_lifetime_s
        self._store.execute(
            "DELETE FROM access_tokens WHERE expires_at < ?",
            now_s - _FORGET_ACCESS_TOKENS_AFTER_S,
        )
        self._store.execute(
            "INSERT INTO access_tokens VALUES (?, ?, ?, ?, ?)",
            token,
            client_id,
            user_id,
            scope,
            now_s + lifetime_s,
        )
        return Grant(token, scope, lifetime_s, refresh_token)


def fingerprint(token: str) -> str:
    """Return what a token is called where it must not stand itself."""
    return hashlib.sha256(token.encode()).hexdigest()[:_FINGERPRINT_LENGTH]


def _check_proof(challenge: str, verifier: str, *, is_public: bool) -> None:
    if is_public and not challenge:
        raise TokenError("invalid_client", "Invalid client")
    if challenge and not _fits(verifier, challenge):
        raise TokenError("invalid_grant", "code_verifier was incorrect")


def _fits(verifier: str, challenge: str) -> bool:
    digest = hashlib.sha256(verifier.encode()).digest()
    expected = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return hmac.compare_digest(expected, challenge)
