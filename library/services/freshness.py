"""Keeping the library's content fresh: read again after its age, or forgotten."""

from datetime import datetime, timedelta

from django.db.models import CharField, Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Concat

from accounts import services as account_services
from accounts.models import Developer
from accounts.throttle import usage
from automation import ledger
from automation.models import Run
from automation.runtime import RuntimeSettings
from library.models import Album
from library.services import ingesting
from library.services.blanking import blank_albums

KIND = "library.refresh_content"
SLOTS_A_DAY = 48
"""How often the schedule asks: every half hour."""
SHARE = 2
"""At most every second call of the catalogue's daily budget goes into refreshing."""
FORGET_AFTER = 2
"""Ages after which content that could not be read again is blanked."""
BATCH = 200
TRY_AGAIN = timedelta(days=1)
"""An album whose reading has failed is left alone for so long."""


def something_is_stale(*, settings: RuntimeSettings, now: datetime) -> bool:
    """Whether a slot would find anything to do."""
    return stale_albums(settings=settings, now=now).exists()


def stale_albums(*, settings: RuntimeSettings, now: datetime) -> QuerySet[Album]:
    """Return the albums to be read again, the oldest content first.

    Left out is what is being read already, and what failed lately.
    """
    older_than = now - timedelta(days=settings.content_max_age_days)
    subject = Concat(Value("album:"), OuterRef("spotify_id"), output_field=CharField())
    runs = Run.objects.filter(kind=ingesting.KIND, subject=subject)
    failed = runs.filter(state=Run.State.FAILED, finished_at__gt=now - TRY_AGAIN)
    stale = Album.objects.stale(before=older_than)
    return stale.exclude(Exists(runs.active()) | Exists(failed)).order_by(
        "refreshed_at", "pk"
    )


def refresh_stale(*, settings: RuntimeSettings, now: datetime) -> int:
    """Open the reading of as many stale albums as the budget has room for now.

    A library that grew stale in one day is so read over days, and people who ingest
    albums meanwhile find half of the budget free.
    """
    account = account_services.any_usable_account(now=now)
    if account is None:
        return 0
    most = room_for(account.app.developer, now=now)
    albums = list(stale_albums(settings=settings, now=now)[:most])
    if albums:
        ingesting.open_refresh(
            albums=albums, account=account, now=now, priority=Run.Priority.BACKGROUND
        )
    return len(albums)


def room_for(developer: Developer, *, now: datetime) -> int:
    """Return how many albums one slot may read: at least one while budget is left."""
    budget = next(
        one for one in usage.budgets(developer, now=now) if one.name == usage.CATALOGUE
    )
    if budget.left <= budget.limit // SHARE and budget.left < budget.limit:
        return 0
    return min(budget.left, max(1, budget.limit // (SHARE * SLOTS_A_DAY)))


def forget_overdue(*, run: Run, settings: RuntimeSettings, now: datetime) -> int:
    """Blank what could not be read again for twice its age; return how many albums.

    Such albums stay due, so they come back once an account can read them.
    """
    age = timedelta(days=settings.content_max_age_days * FORGET_AFTER)
    overdue = Album.objects.stale(before=now - age).exclude(name="", image_url="")
    keys = list(overdue.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(keys), BATCH):
        with ledger.fenced(run):
            blank_albums(keys[start : start + BATCH])
    return len(keys)
