"""Whether a refused refresh token is believed.

Spotify has answered `invalid_grant` for good tokens during an incident
(ListenBrainz, issue 1921, lost most of its tokens to it). So one refusal means
little, and refusals from everywhere mean nothing: then the app's tokens rest, and
one account at a time is asked until an account that was refused is accepted.
"""

from datetime import datetime, timedelta

from django.db.models import Count, F, Min, Q, QuerySet
from django.db.models.expressions import OrderBy

from accounts.models import Account, App, Token
from accounts.services import halting
from accounts.services.halting import Cause

CONFIRM_AFTER = timedelta(minutes=15)
"""Time between two refusals before the second one may be believed."""
WINDOW = timedelta(minutes=30)
"""How far back answers to the peers of an account count."""
FEWEST = 3
SHARE = 0.1
"""So many accounts, and this share of those asked, are too many to be believed."""
PROBE_EVERY = timedelta(seconds=60)
BACK_WITHIN_S = 600
"""After a doubt the accounts that were refused are asked anew over this time."""


def is_suspicious(app: App, *, now: datetime) -> bool:
    """Whether refusals come from so many accounts that the fault is not theirs.

    That is the case where every account that was asked lately has been refused,
    if it was more than one, or a tenth of them and three at least.
    """
    refused = Q(refused_at__gt=now - WINDOW)
    accepted = Q(refused_at=None, refreshed_at__gt=now - WINDOW)
    counts = _peers(app).aggregate(
        refused=Count("pk", filter=refused), accepted=Count("pk", filter=accepted)
    )
    if not counts["accepted"]:
        return bool(counts["refused"] > 1)
    asked = counts["refused"] + counts["accepted"]
    return bool(counts["refused"] >= max(FEWEST, SHARE * asked))


def has_witness(account: Account, *, since: datetime) -> bool:
    """Whether another account was accepted after `since`, so Spotify is all right."""
    others = _peers(account.app).exclude(pk=account.pk)
    return others.filter(refused_at=None, refreshed_at__gt=since).exists()


def possible_witness(account: Account) -> int | None:
    """Return the account to ask for comparison; None where there is no other one."""
    others = _peers(account.app).exclude(pk=account.pk)
    usable = others.filter(
        account__status=Account.Status.ACTIVE,
        account__recheck_at=None,
        refused_at=None,
    )
    return usable.order_by(_oldest_answer(), "pk").values_list("pk", flat=True).first()


def is_alone(account: Account) -> bool:
    """Whether there is no other account at work that Spotify might accept."""
    others = _peers(account.app).exclude(pk=account.pk)
    return not others.filter(account__status=Account.Status.ACTIVE).exists()


def note_refusal(app_id: int, *, now: datetime) -> bool:
    """Weigh a refusal that was just written down; return whether it is doubted.

    The doubt ends here as well: where no account has been refused for the first
    time lately and others are accepted, those that are refused are to blame.
    """
    app = App.objects.get(pk=app_id)
    is_doubted = app.refresh_halt_cause == Cause.DOUBT
    if is_suspicious(app, now=now) or (is_doubted and not _accepts(app, now=now)):
        until = _next_check(app, now=now)
        halting.halt(app.pk, cause=Cause.DOUBT, until=until)
        return True
    if is_doubted:
        halting.lift(app.pk)
    return False


def note_success(account: Account, *, now: datetime) -> None:
    """Take note that Spotify accepted an account; end what halted its app.

    A doubt is over when an account is accepted that was refused, or when there are
    few refusals beside those that were accepted. `account` is as it was before.
    """
    app = App.objects.get(pk=account.app_id)
    if app.refresh_halt_cause != Cause.DOUBT:
        halting.lift(app.pk)
    elif account.recheck_at is not None:
        halting.lift(app.pk)
        _forget_refusals(app, now=now)
    elif is_suspicious(app, now=now):
        until = _next_check(app, now=now)
        halting.halt(app.pk, cause=Cause.DOUBT, until=until)
    else:
        halting.lift(app.pk)


def candidates(app: App, *, now: datetime) -> QuerySet[Account]:
    """Return who may be asked while the app's tokens rest, the best first.

    That is one who was never refused, to see whether anybody is accepted at all;
    then one who was refused. Who was accepted lately has nothing new to tell.
    """
    known = Q(recheck_at=None, token__refreshed_at__gt=now - WINDOW)
    free = Q(token__refreshing_until=None) | Q(token__refreshing_until__lte=now)
    usable = Account.objects.usable().filter(free, app=app).exclude(known)
    askable = usable.exclude(recheck_at__gt=now).exclude(token__refresh_encrypted="")
    recheck = F("recheck_at")
    if _accepts(app, now=now):
        order = recheck.asc(nulls_last=True)
    else:
        order = recheck.asc(nulls_first=True)
    return askable.order_by(order, _oldest_answer("token__"), "pk")


def _peers(app: App) -> QuerySet[Token]:
    """Return the tokens of the developer's accounts; of the fleet's if it has one."""
    tokens = Token.objects.exclude(refresh_encrypted="")
    own = tokens.filter(account__app__developer=app.developer_id)
    return own if own.count() > 1 else tokens


def _accepts(app: App, *, now: datetime) -> bool:
    lately = _peers(app).filter(refused_at=None, refreshed_at__gt=now - WINDOW)
    return lately.exists()


def _next_check(app: App, *, now: datetime) -> datetime:
    """Return when an account may be asked that has something new to tell."""
    soonest = now + PROBE_EVERY
    if candidates(app, now=soonest).exists():
        return soonest
    waiting = Account.objects.usable().filter(app=app)
    at = waiting.aggregate(at=Min("recheck_at"))["at"]
    return max(soonest, at or now + CONFIRM_AFTER)


def _forget_refusals(app: App, *, now: datetime) -> None:
    """Ask every account anew that was refused while there was doubt.

    What was said then counts for nothing; a consent that is really gone is refused
    twice more.
    """
    refused = Account.objects.filter(app=app).exclude(recheck_at=None)
    for pk, recheck_at in list(refused.values_list("pk", "recheck_at")):
        soon = now + halting.spread(pk, over_s=BACK_WITHIN_S)
        same = Account.objects.filter(pk=pk, recheck_at=recheck_at)
        if same.update(recheck_at=soon):
            Token.objects.filter(pk=pk).update(refused_at=None, refusals=0)


def _oldest_answer(prefix: str = "") -> OrderBy:
    return F(f"{prefix}refreshed_at").asc(nulls_first=True)
