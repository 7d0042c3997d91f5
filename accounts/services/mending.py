"""What a person says is mended, and the work that goes on because of it."""

from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from accounts import spotify
from accounts.models import Account, App, Developer
from accounts.services import standing
from accounts.services.refreshing import AccountTokens
from accounts.throttle import ThrottleGate, circuit, gate, usage
from automation import ledger, waiting
from automation.ledger import RunSpec
from automation.models import Run
from vibe_engine.errors import VibeError
from vibe_engine.spotify.errors import UserNotRegisteredError

SEAT_CHECK = "accounts.check_seat"
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
    reasons = [usage.reason_of(name) for name in usage.BUDGETS]
    return waiting.bring_forward(budget=developer.budget, reasons=reasons, now=now)


def use_new_secret(*, app: App, now: datetime) -> int:
    """Let what waits for a right client secret try again; return how many runs.

    The first refresh shows whether Spotify accepts the secret.
    """
    lanes = [account.lane for account in app.accounts.all()]
    return waiting.bring_forward(lanes=lanes, reasons=[CREDENTIALS], now=now)


def open_seat_check(
    *, account: Account, now: datetime, requested_by: AbstractBaseUser | None = None
) -> Run:
    """Open a run that asks Spotify whether an account holds a seat of its app now."""
    spec = RunSpec(
        SEAT_CHECK,
        account.subject,
        f"Check the seat of {account}",
        lane=account.lane,
        budget=account.budget,
        url=account.get_absolute_url(),
        arguments={"account": account.pk},
    )
    return ledger.open_run(spec, now=now, requested_by=requested_by)


def check_seat(*, run: Run, now: datetime) -> dict[str, object]:
    """Let an account's work go on if Spotify answers it again; one call.

    :raises VibeError: it still holds no seat, or is gone.
    """
    account = Account.objects.filter(pk=run.arguments["account"]).first()
    if account is None:
        raise VibeError("The account is gone.")
    ledger.require_lease(run)
    throttle = ThrottleGate(
        developer_id=account.app.developer_id, account_id=account.pk, interactive=True
    )
    tokens = AccountTokens(account.pk)
    with spotify.open_client(tokens=tokens, gate=throttle) as client:
        try:
            client.me()
        except UserNotRegisteredError as error:
            raise VibeError(
                f"Spotify still refuses {account}. Add it in Spotify's developer "
                "dashboard under User Management, then check again."
            ) from error
    if account.status != Account.Status.BLOCKED:
        return {"freed": 0}
    return {"freed": standing.resume_account(account=account, now=now)}
