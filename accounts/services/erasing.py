"""Erasing an account: asked for at once, carried out by a run, proven by a receipt.

The request itself takes the profile away, so that nobody works on the account any
more and the same person may connect anew while it goes on. What is left goes in
batches, first what upper apps hold (event `account.erasing`), at last the row.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet

from accounts import spotify
from accounts.guard import WritingGuard
from accounts.models import Account, App, ErasureReceipt, Token, Usage
from accounts.services import receipts
from accounts.services.leaving import drop_tokens
from accounts.services.refreshing import AccountTokens
from accounts.throttle import ThrottleGate
from automation import ledger, pruning, registry
from automation.faultpoints import fault_point
from automation.ledger import RunSpec
from automation.models import Run
from vibe_engine.errors import ConflictError, WaitError
from vibe_engine.spotify.client import SpotifyClient

logger = logging.getLogger(__name__)

KIND = "accounts.erase"
STILL_WORKING = timedelta(seconds=5)
"""How soon to look again whether the account's last run has ended."""


@dataclass(frozen=True)
class Erasure:
    """What the listeners of `account.erasing` get: each deletes what its app holds.

    They may be called again after a crash at any point, and they write inside
    `ledger.fenced(erasure.run)` alone.
    """

    run: Run
    account: Account
    receipt: ErasureReceipt
    now: datetime

    def open_client(self) -> SpotifyClient:
        """Return a client for the last calls of an account nobody else may use."""
        gate = ThrottleGate(
            developer_id=self.account.app.developer_id,
            account_id=self.account.pk,
            in_one_go=True,
        )
        guard = WritingGuard(gate, lane=self.account.lane, run=self.run)
        return spotify.open_client(tokens=AccountTokens(self.account.pk), gate=guard)

    def delete(self, rows: QuerySet, **options: object) -> None:  # type: ignore[type-arg]
        """Delete rows in batches, each counted on the receipt."""
        table = rows.model._meta.db_table
        pruning.delete_in_batches(
            self.run,
            rows,
            note=lambda count: self.count(table, count),
            **options,  # type: ignore[arg-type]
        )

    def count(self, table: str, rows: int) -> None:
        """Add rows to the receipt; the caller holds the fence."""
        if rows:
            counts = self.receipt.counts
            self.note(counts=counts | {table: counts.get(table, 0) + rows})

    def note(self, **changes: object) -> None:
        """Change the receipt; the caller holds the fence."""
        fresh = ErasureReceipt.objects.filter(pk=self.receipt.pk)
        fresh.update(**changes)
        for name, value in changes.items():
            setattr(self.receipt, name, value)


def open_erasure(
    *,
    account: Account,
    now: datetime,
    unfollow: bool = False,
    requested_by: AbstractBaseUser | None = None,
) -> ErasureReceipt:
    """Take the account out of use and open the run that erases it.

    From here on its profile is gone, and its tokens too unless its playlists are to
    be unfollowed first. What waits in its lane is cancelled. Apps are locked as in
    `finish_consent`, so that a consent comes wholly before or wholly after.

    :raises ConflictError: it is being erased already.
    """
    receipt = receipts.draft_receipt(
        account=account, unfollow=unfollow, now=now, requested_by=requested_by
    )
    with transaction.atomic():
        list(App.objects.select_for_update().order_by("pk"))
        _take_out_of_use(account, receipt, now=now)
        if not unfollow:
            drop_tokens(account)
        ledger.cancel_waiting(lane=account.lane, now=now)
        receipt.save()
        receipt.run = _open_run(receipt, now=now, requested_by=requested_by)
        receipt.save(update_fields=["run"])
    logger.info("Account %s is being erased: %s.", account.pk, receipt.code)
    return receipt


def _take_out_of_use(
    account: Account, receipt: ErasureReceipt, *, now: datetime
) -> None:
    stand_in = f"erasing-{receipt.code}"
    usable = Account.objects.filter(pk=account.pk)
    taken = usable.exclude(status=Account.Status.ERASING).update(
        status=Account.Status.ERASING,
        status_reason=f"Receipt {receipt.code}.",
        account_id=stand_in,
        user_id=stand_in,
        display_name=f"Account {account.pk}, being erased",
        image_url="",
        profile_url="",
        authorized_by=None,
        disconnected_at=now,
    )
    if not taken:
        raise ConflictError(f"{account} is being erased already.")


def _open_run(
    receipt: ErasureReceipt,
    *,
    now: datetime,
    requested_by: AbstractBaseUser | None = None,
) -> Run:
    """Open the run, in no lane: pausing or erasing the lane must not stop it."""
    spec = RunSpec(
        KIND,
        f"account:{receipt.account_number}",
        f"Erase account {receipt.account_number}",
        url=receipt.get_absolute_url(),
        arguments={"receipt": receipt.pk},
    )
    return ledger.open_run(spec, now=now, requested_by=requested_by)


def go_on(*, now: datetime) -> int:
    """Open a run for every erasure that has none any more; return how many.

    A run may have been cancelled by hand, or given up after many failures.
    """
    stranded = [
        receipt
        for receipt in ErasureReceipt.objects.filter(finished_at=None)
        if not Run.objects.active()
        .filter(kind=KIND, subject=f"account:{receipt.account_number}")
        .exists()
    ]
    for receipt in stranded:
        with transaction.atomic():
            receipt.run = _open_run(receipt, now=now)
            receipt.save(update_fields=["run"])
    return len(stranded)


def erase_account(*, run: Run, now: datetime) -> dict[str, object]:
    """Delete all that is kept of an account; may be called again after a crash.

    :raises WaitError: one of its runs is still being worked on.
    """
    receipt = ErasureReceipt.objects.get(pk=run.arguments["receipt"])
    if not receipt.is_finished:
        accounts = Account.objects.select_related("app__developer")
        account = accounts.get(pk=receipt.account_number)
        erasure = Erasure(run, account, receipt, now)
        _settle(erasure)
        registry.emit("account.erasing", erasure=erasure)
        with ledger.fenced(run):
            drop_tokens(account)
        _delete_runs(erasure)
        fault_point("erase.before_account")
        _delete_account(erasure)
        fault_point("erase.after_account")
    return {"receipt": receipt.code, "rows": receipt.rows}


def _settle(erasure: Erasure) -> None:
    """Cancel what waits, and come back while anything is being worked on.

    Whoever claims a run from now on finds an account that may not be used.
    """
    lane = erasure.account.lane
    with ledger.fenced(erasure.run):
        ledger.cancel_waiting(lane=lane, now=erasure.now)
    if _working(lane):
        raise WaitError(
            erasure.now + STILL_WORKING,
            "working",
            "One of the account's runs is still being worked on.",
        )


def _working(lane: str) -> bool:
    working = Run.objects.filter(lane=lane, state=Run.State.WORKING, is_bulk=False)
    return working.exists()


def _delete_runs(erasure: Erasure) -> None:
    """Delete the runs of its lane, and bulks that hold none of anybody else."""
    mine = Run.objects.filter(lane=erasure.account.lane, is_bulk=False)
    bulks = Run.objects.filter(is_bulk=True, requests__run__in=mine)
    others = Run.objects.exclude(lane=erasure.account.lane)
    erasure.delete(bulks.exclude(requests__run__in=others))
    erasure.delete(mine)


def _delete_account(erasure: Erasure) -> None:
    """Delete the row with what came in meanwhile, and finish the receipt.

    The UPDATE locks the row: who wants to give the account something more comes
    wholly before, or finds it gone.
    """
    account = erasure.account
    with ledger.fenced(erasure.run):
        Account.objects.filter(pk=account.pk).update(status=Account.Status.ERASING)
        _settle(erasure)
        registry.emit("account.erased", account=account)
        erasure.count("runs", Run.objects.filter(lane=account.lane).delete()[0])
        erasure.count("spotify_tokens", Token.objects.filter(account=account).count())
        erasure.count("django_admin_log", _delete_log(account))
        Usage.objects.filter(account=account).update(account=None)
        Account.objects.filter(pk=account.pk).delete()
        erasure.count("spotify_accounts", 1)
        erasure.note(finished_at=max(erasure.now, erasure.receipt.asked_at))
    logger.info("Account %s erased: %s.", account.pk, erasure.receipt.code)


def _delete_log(account: Account) -> int:
    """Delete what the admin noted about the row, since it names it."""
    entries = LogEntry.objects.filter(
        content_type__app_label="accounts",
        content_type__model="account",
        object_id=str(account.pk),
    )
    return entries.delete()[0]
