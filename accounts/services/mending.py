"""What a person says is mended, and the work that goes on because of it."""

from datetime import datetime

from django.db import transaction

from accounts.models import App, Developer
from accounts.throttle import circuit, gate, usage
from automation import waiting

CREDENTIALS = "credentials"
"""What the ledger calls the wait for a client secret that Spotify accepts."""


def ask_spotify_again(*, developer: Developer, now: datetime) -> int:
    """Let one call go first now although calls rest; return how many runs waited.

    The first of the runs is the probe. If Spotify still refuses, everything rests
    again, and for longer.
    """
    with transaction.atomic():
        circuit.allow_probe(developer.pk, now=now)
        return waiting.bring_forward(
            budget=developer.budget, reasons=gate.REASONS.values(), now=now
        )


def use_new_budgets(*, developer: Developer, now: datetime) -> int:
    """Let what waits for a used-up budget try again; return how many runs that are."""
    reasons = [usage.reason_of(name) for name in usage.limits(developer)]
    return waiting.bring_forward(budget=developer.budget, reasons=reasons, now=now)


def use_new_secret(*, app: App, now: datetime) -> int:
    """Let what waits for a right client secret try again; return how many runs.

    The first refresh shows whether Spotify accepts the secret.
    """
    lanes = [account.lane for account in app.accounts.all()]
    return waiting.bring_forward(lanes=lanes, reasons=[CREDENTIALS], now=now)
