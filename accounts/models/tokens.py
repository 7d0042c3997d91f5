"""The tokens of an account, encrypted."""

from django.db import models

from accounts.models.accounts import Account
from vibe_engine import crypto


class Token(models.Model):
    """The tokens of one account, apart so that their lock blocks nothing else.

    `version` grows with every change and serves compare-and-set. `refused_at` is
    the first refusal of a row of `refusals`, `refreshed_at` the last success.
    """

    account = models.OneToOneField(
        Account, models.CASCADE, primary_key=True, related_name="token"
    )
    access_encrypted = models.TextField(blank=True)
    refresh_encrypted = models.TextField(blank=True)
    previous_refresh_encrypted = models.TextField(blank=True)
    key_id = models.CharField(max_length=32, blank=True)
    version = models.PositiveIntegerField(default=1)
    refreshing_until = models.DateTimeField(null=True, blank=True)
    refreshed_at = models.DateTimeField(null=True, blank=True)
    refused_at = models.DateTimeField(null=True, blank=True)
    refusals = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "spotify_tokens"

    def __str__(self) -> str:
        return f"Tokens of account {self.account_id}"

    @property
    def access_token(self) -> str:
        """Return the access token, "" if none; :raises DecryptError: unreadable."""
        return self._open(self.access_encrypted, "access")

    @property
    def refresh_tokens(self) -> tuple[str, ...]:
        """Return the refresh token and the one before it, as far as they can be read.

        :raises DecryptError: there are some, and none can be read.
        """
        stored = (self.refresh_encrypted, self.previous_refresh_encrypted)
        kept = [text for text in stored if text]
        opened = [self._try_open(text, "refresh") for text in kept]
        readable = tuple(text for text in opened if text is not None)
        if kept and not readable:
            self._open(kept[0], "refresh")
        return readable

    def seal(self, *, access: str, refresh: str | None, used: str = "") -> None:
        """Set fresh tokens; the caller saves.

        `used` is the refresh token that Spotify accepted for them. A new one moves
        it back a generation; where none comes (`refresh` is None, as usual since
        July 2026) it is the one to keep, even if another was thought newer. All
        are sealed anew, so that none brings an old key back.
        """
        kept = self._try_open(self.refresh_encrypted, "refresh")
        before = self._try_open(self.previous_refresh_encrypted, "refresh")
        if refresh is not None:
            before = used or kept
        elif used and used != kept:
            before = None
        self.access_encrypted = self._sealed(access, "access")
        self.refresh_encrypted = self._sealed(refresh or used or kept, "refresh")
        self.previous_refresh_encrypted = self._sealed(before, "refresh")
        self.key_id = crypto.key_id_of(self.access_encrypted)

    def identity(self, part: str) -> str:
        """Return what a value is bound to; `part` is "access" or "refresh"."""
        return f"token:{self.account_id}:{part}"

    def _sealed(self, text: str | None, part: str) -> str:
        return crypto.encrypt(text, identity=self.identity(part)) if text else ""

    def _open(self, stored: str, part: str) -> str:
        return crypto.decrypt(stored, identity=self.identity(part)) if stored else ""

    def _try_open(self, stored: str, part: str) -> str | None:
        try:
            return self._open(stored, part)
        except crypto.DecryptError:
            return None
