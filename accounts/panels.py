"""What the pages of accounts show, in few queries whatever their number."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet, Window

from accounts.models import Account, App, Developer, Usage
from accounts.pressure import Pressure, closed_until, pressures
from accounts.services import halting
from accounts.throttle.usage import WINDOW, calls_by_hour, hour_of
from automation.models import Run

DAY = timedelta(days=1)
MOST_FREE_SEATS = 5
"""Empty seats that are drawn; the number tells the rest."""
WIDE_FROM = 3
LANE_RUNS = 5


@dataclass(frozen=True)
class Calls:
    """Calls of the last 24 hours, oldest hour first."""

    of: str
    hours: tuple[tuple[datetime, int], ...]

    @property
    def counts(self) -> list[int]:
        """Calls by the hour."""
        return [calls for _, calls in self.hours]

    @property
    def total(self) -> int:
        """Calls in all."""
        return sum(self.counts)

    @property
    def label(self) -> str:
        """What the picture shows."""
        return f"Calls of {self.of} by the hour, {self.total:,} in 24 hours"


@dataclass(frozen=True)
class Channel:
    """One account as a channel strip."""

    account: Account
    mark: str
    word: str
    ends_soon: bool
    days_left: int
    days_total: int
    calls: Calls
    limit: int

    @property
    def room(self) -> int:
        """Playlists that may still be created."""
        return max(0, self.limit - self.account.playlists_count)

    @property
    def wants_consent(self) -> bool:
        """Whether giving consent anew is the next thing to do."""
        return self.account.status == Account.Status.NEEDS_REAUTH

    @property
    def is_refused(self) -> bool:
        """Whether Spotify refused the sign-in and is asked again."""
        return self.account.is_usable and self.account.recheck_at is not None

    @property
    def is_off(self) -> bool:
        """Whether nothing works on it until a person has acted."""
        return self.mark == "bad"


@dataclass(frozen=True)
class Bus:
    """One app with its developer's figures and its accounts."""

    app: App
    channels: tuple[Channel, ...]
    calls: Calls
    pressure: Pressure
    is_shared: bool

    @property
    def developer(self) -> Developer:
        """Whose rate and quota the app uses."""
        return self.app.developer

    @property
    def halted_because(self) -> str:
        """Why no token of its accounts is refreshed, "" where they are."""
        return halting.words(self.app)

    @property
    def is_closed(self) -> bool:
        """Whether the developer's calls rest."""
        return self.pressure.is_closed

    @property
    def is_wide(self) -> bool:
        """Whether its channels want a row of their own."""
        return len(self.channels) > WIDE_FROM

    @property
    def seats_taken(self) -> int:
        """Accounts that are connected through the app."""
        return sum(not channel.account.is_disconnected for channel in self.channels)

    @property
    def counts_seats(self) -> bool:
        """Whether Spotify lets only so many accounts use the app."""
        return self.app.mode == App.Mode.DEVELOPMENT

    @property
    def free_seats(self) -> range:
        """The numbers of the free seats that are drawn."""
        if not self.counts_seats:
            return range(0)
        first = self.seats_taken + 1
        return range(first, min(self.app.seats, self.seats_taken + MOST_FREE_SEATS) + 1)


@dataclass(frozen=True)
class Summary:
    """The page's one sentence of state, in figures."""

    accounts: int
    apps: int
    wanting_consent: int
    ending_soon: int
    refused: int
    paused: int


@dataclass(frozen=True)
class Panel:
    """One account's page."""

    channel: Channel
    bus: Bus
    runs: Sequence[Run]
    waiting: int
    blocked: int


@dataclass(frozen=True)
class AppChoice:
    """An app that may be chosen when connecting."""

    app: App
    taken: int
    is_chosen: bool
    is_full: bool
    closed_until: datetime | None


def buses(*, limit: int, now: datetime) -> list[Bus]:
    """Return every app with its accounts; three queries.

    `limit` is the number of playlists that an account may have.
    """
    apps = list(App.objects.select_related("developer").order_by("pk"))
    accounts: defaultdict[int, list[Account]] = defaultdict(list)
    for account in Account.objects.for_table():
        accounts[account.app_id].append(account)
    return _assemble(apps, accounts, limit=limit, now=now)


def panel(account: Account, *, limit: int, now: datetime) -> Panel:
    """Return what the page of one account shows."""
    channel_rows = {account.app_id: [account]}
    (bus,) = _assemble([account.app], channel_rows, limit=limit, now=now)
    runs = list(_lane_runs(account)[:LANE_RUNS])
    return Panel(
        channel=bus.channels[0],
        bus=bus,
        runs=runs,
        waiting=getattr(runs[0], "waiting", 0) if runs else 0,
        blocked=getattr(runs[0], "blocked", 0) if runs else 0,
    )


def summary(shown: Sequence[Bus]) -> Summary:
    """Count what the page says in its first sentence."""
    channels = [channel for bus in shown for channel in bus.channels]
    wanting = [c for c in channels if c.wants_consent and not c.account.is_disconnected]
    return Summary(
        accounts=len(channels),
        apps=len(shown),
        wanting_consent=len(wanting),
        ending_soon=sum(channel.ends_soon for channel in channels),
        refused=sum(channel.is_refused for channel in channels),
        paused=sum(channel.mark == "paused" for channel in channels),
    )


def app_choices(
    *, chosen: object, account: Account | None, now: datetime
) -> list[AppChoice]:
    """Return the apps for the connect page; the account's own seat counts as free."""
    seated = Account.objects.seated()
    if account is not None:
        seated = seated.exclude(pk=account.pk)
    taken = dict(seated.order_by().values_list("app").annotate(Count("pk")))
    apps = list(App.objects.select_related("developer").order_by("pk"))
    wanted = str(chosen) if chosen else str(apps[0].pk) if apps else ""
    return [
        AppChoice(
            app=app,
            taken=taken.get(app.pk, 0),
            is_chosen=str(app.pk) == wanted,
            is_full=app.mode == App.Mode.DEVELOPMENT
            and taken.get(app.pk, 0) >= app.seats,
            closed_until=closed_until(app.developer, now=now),
        )
        for app in apps
    ]


def _lane_runs(account: Account) -> QuerySet[Run]:
    """The account's active runs, each with how many of them wait and are blocked."""

    def count(state: Run.State) -> Window:
        return Window(Count("pk", filter=Q(state=state)))

    runs = Run.objects.active().filter(lane=account.lane).for_table()
    return runs.annotate(
        waiting=count(Run.State.PLANNED), blocked=count(Run.State.BLOCKED)
    )


def _assemble(
    apps: Sequence[App],
    accounts: dict[int, list[Account]],
    *,
    limit: int,
    now: datetime,
) -> list[Bus]:
    developers = {app.developer_id for app in apps}
    rows = Usage.objects.filter(
        developer__in=developers, hour__gte=hour_of(now) - WINDOW
    ).values_list("developer_id", "account_id", "group", "hour", "calls")
    usage = list(rows)
    account_hours = _grouped((row[1], row[3], row[4]) for row in usage)
    developer_hours = _grouped((row[0], row[3], row[4]) for row in usage)
    pressure = pressures([app.developer for app in apps], _by_group(usage), now=now)
    owners = [app.developer_id for app in apps]
    return [
        Bus(
            app=app,
            channels=tuple(
                _channel(one, account_hours[one.pk], limit=limit, now=now)
                for one in accounts.get(app.pk, [])
            ),
            calls=Calls(
                app.developer.name,
                calls_by_hour(developer_hours[app.developer_id], now=now),
            ),
            pressure=pressure[app.developer_id],
            is_shared=owners.count(app.developer_id) > 1,
        )
        for app in apps
    ]


def _channel(
    account: Account,
    hours: Iterable[tuple[datetime, int]],
    *,
    limit: int,
    now: datetime,
) -> Channel:
    mark, word = account.state(now=now)
    whole = account.consent_ends_at - account.authorized_at
    left = max(account.consent_left(now=now), timedelta())
    return Channel(
        account=account,
        mark=mark,
        word=word,
        ends_soon=account.ends_soon(now=now),
        days_left=0 if account.is_disconnected else left // DAY,
        days_total=whole // DAY,
        calls=Calls(str(account), calls_by_hour(hours, now=now)),
        limit=limit,
    )


def _by_group(
    usage: Iterable[tuple[int, int | None, str, datetime, int]],
) -> defaultdict[int, Counter[str]]:
    """Return the calls of each developer by endpoint group."""
    calls: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for developer_id, _, group, _, count in usage:
        calls[developer_id][group] += count
    return calls


def _grouped(
    rows: Iterable[tuple[int | None, datetime, int]],
) -> defaultdict[int | None, list[tuple[datetime, int]]]:
    grouped: defaultdict[int | None, list[tuple[datetime, int]]] = defaultdict(list)
    for key, hour, calls in rows:
        grouped[key].append((hour, calls))
    return grouped
