"""Receipts of erasures: what was deleted, proven later without keeping whose it was."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser

from accounts.models import Account, ErasureReceipt

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Letters and digits that nobody mistakes for another when reading aloud."""
CODE_LENGTH = 10
SALT_BYTES = 16
SCRYPT_COST = 2**14
"""Work and memory (16 MB) of one guess at an id; ids are few enough to be tried."""


def draft_receipt(
    *,
    account: Account,
    unfollow: bool,
    now: datetime,
    requested_by: AbstractBaseUser | None,
) -> ErasureReceipt:
    """Return the unsaved receipt of an erasure that begins now."""
    salt = secrets.token_hex(SALT_BYTES)
    ids = sorted({account.account_id, account.user_id})
    return ErasureReceipt(
        code="".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH)),
        account_number=account.pk,
        salt=salt,
        id_hashes=[hash_id(one, salt=salt) for one in ids],
        unfollow=unfollow,
        asked_at=now,
        asked_by=requested_by.get_username() if requested_by else "the command line",
    )


def hash_id(spotify_id: str, *, salt: str) -> str:
    """Return the salted scrypt hash of an id, as 64 hexadecimal digits.

    No key is needed to check it, so a receipt outlives every rotation of keys.
    """
    digest = hashlib.scrypt(
        spotify_id.encode(),
        salt=bytes.fromhex(salt),
        n=SCRYPT_COST,
        r=8,
        p=1,
        dklen=32,
    )
    return digest.hex()


def is_receipt_of(receipt: ErasureReceipt, spotify_id: str) -> bool:
    """Whether the account that was erased had this account id or user id."""
    found = hash_id(spotify_id.strip(), salt=receipt.salt)
    return any(hmac.compare_digest(found, kept) for kept in receipt.id_hashes)


def as_data(receipt: ErasureReceipt) -> dict[str, object]:
    """Return all that a receipt says, ready for JSON."""
    return {
        "receipt": receipt.code,
        "account_number": receipt.account_number,
        "asked_at": receipt.asked_at.isoformat(),
        "asked_by": receipt.asked_by,
        "finished_at": receipt.finished_at.isoformat() if receipt.finished_at else None,
        "rows_deleted": dict(sorted(receipt.counts.items())),
        "on_spotify": receipt.on_spotify,
        "id_hashes": receipt.id_hashes,
        "salt": receipt.salt,
        "hash": f"scrypt, n={SCRYPT_COST}, r=8, p=1, 32 bytes, of the Spotify id",
    }


def as_text(receipt: ErasureReceipt) -> str:
    """Return a receipt as plain text of short lines."""
    return "\n".join(_lines(receipt)) + "\n"


def _lines(receipt: ErasureReceipt) -> Iterable[str]:
    ended = receipt.finished_at
    yield f"Receipt {receipt.code}: erasure of account {receipt.account_number}"
    yield ""
    yield f"Asked     {receipt.asked_at:%Y-%m-%d %H:%M:%S} UTC by {receipt.asked_by}"
    yield f"Finished  {ended:%Y-%m-%d %H:%M:%S} UTC" if ended else "Finished  not yet"
    yield ""
    yield "Rows deleted"
    for table, rows in sorted(receipt.counts.items()):
        yield f"  {table:<28}{rows:>10,}"
    yield f"  {'in all':<28}{receipt.rows:>10,}"
    yield ""
    yield "On Spotify"
    yield f"  {on_spotify_words(receipt)}"
    yield ""
    yield "Proof: scrypt of the account's Spotify id, hexadecimal"
    yield f"  n={SCRYPT_COST}, r=8, p=1, 32 bytes, salt {receipt.salt}"
    yield from (f"  {one}" for one in receipt.id_hashes)


def on_spotify_words(receipt: ErasureReceipt) -> str:
    """Say what became of the account's playlists on Spotify."""
    told = receipt.on_spotify
    removed, stayed = told.get("unfollowed", 0), told.get("stayed", 0)
    words = []
    if removed:
        words.append(f"{_playlists(removed)} removed from the account's library.")
    if stayed:
        words.append(f"{_playlists(stayed)} left as they were; nobody refills them.")
    if told.get("reason"):
        words.append(str(told["reason"]))
    return " ".join(words) or "No playlist of ours was there."


def _playlists(count: int) -> str:
    return f"{count:,} playlist{'' if count == 1 else 's'}"
