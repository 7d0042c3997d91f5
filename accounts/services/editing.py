"""Small changes to an account by hand."""

import re

from accounts.models import Account
from vibe_engine.errors import InputError

LONGEST_PREFIX = 64


def clean_prefix(text: str) -> str:
    """Return a prefix as it is stored: one line, 1 to 64 visible characters.

    :raises InputError: it is empty, too long, or has characters nobody sees.
    """
    prefix = re.sub(r"\s+", " ", text).strip()
    if not prefix:
        raise InputError("A prefix is needed; it begins the name.", field="prefix")
    if len(prefix) > LONGEST_PREFIX:
        raise InputError(
            f"At most {LONGEST_PREFIX} characters, please; this has {len(prefix)}.",
            field="prefix",
        )
    if not prefix.isprintable():
        raise InputError("Only visible characters, please.", field="prefix")
    return prefix


def change_prefix(*, account: Account, prefix: str) -> None:
    """Give an account another prefix; it names new playlists, not existing ones.

    :raises InputError: the prefix cannot be used.
    """
    account.prefix = clean_prefix(prefix)
    account.save(update_fields=["prefix"])
