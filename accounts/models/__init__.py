"""Spotify developers, their apps, the connected accounts and their tokens."""

from accounts.models.accounts import (
    CONSENT_LEAD,
    CONSENT_MONTHS,
    CONSENT_SOON,
    Account,
    AccountQuerySet,
)
from accounts.models.developers import App, Developer
from accounts.models.receipts import ErasureReceipt
from accounts.models.tokens import Token
from accounts.models.usage import Usage

__all__ = [
    "CONSENT_LEAD",
    "CONSENT_MONTHS",
    "CONSENT_SOON",
    "Account",
    "AccountQuerySet",
    "App",
    "Developer",
    "ErasureReceipt",
    "Token",
    "Usage",
]
