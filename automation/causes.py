"""Why a run waits, is blocked or has failed: the one table of causes, in words.

Each cause says what is the matter, what it stops, and what to do, with a link to the
place where it is done. Pages, strips and commands all read it here.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from django.urls import reverse
from django.utils import timezone

from automation.models import Run
from vibe_engine import words

NOTHING = "Nothing; it goes on by itself."


class Reach(StrEnum):
    """How far a cause reaches."""

    FLEET = "the whole fleet"
    APP = "every account of the app's developer"
    ACCOUNT = "this account"
    PLAYLIST = "this playlist"
    RUN = "this run"


class Place(StrEnum):
    """Where a person does something about it."""

    NOWHERE = ""
    APPS = "apps"
    ACCOUNT = "account"
    CONSENT = "consent"
    SUBJECT = "subject"
    RUNS = "runs"


@dataclass(frozen=True)
class Cause:
    """One reason of the ledger: its title, its reach, what it stops, what to do."""

    title: str
    reach: Reach
    stops: str
    todo: str = NOTHING
    place: Place = Place.NOWHERE
    may_try_again: bool = False
    """Whether a blocked run itself is let go on, since nothing else tells of it."""

    @property
    def wants_a_person(self) -> bool:
        """Whether nothing happens until somebody has acted."""
        return self.todo != NOTHING


_CALLS = "No call to Spotify is made for this developer until then."
_LANE = "Its reshuffles, pushes and new playlists stand still; nothing is lost."

CAUSES: dict[str, Cause] = {
    "rate": Cause(
        "Other calls go first", Reach.RUN, "Calls are made one after another."
    ),
    "circuit": Cause("Spotify asked for a pause", Reach.APP, _CALLS, place=Place.APPS),
    "quota": Cause("Spotify's quota is used up", Reach.APP, _CALLS, place=Place.APPS),
    "premium": Cause(
        "Premium of the app's owner has lapsed",
        Reach.APP,
        "Spotify refuses every call of the app, whichever account it is for.",
        "Renew Premium for the owner of the app, then let Spotify be asked again; it "
        "is also asked every few hours by itself.",
        Place.APPS,
    ),
    "budget": Cause(
        "The day's budget is used up",
        Reach.APP,
        "Schedules and bulks wait for room; what a person asks for has a reserve.",
        "Nothing, or raise the budget of the developer if Spotify's quota allows it.",
        Place.APPS,
    ),
    "credentials": Cause(
        "Spotify refuses the app's client secret",
        Reach.APP,
        "No token is refreshed, so accounts stop as their tokens end.",
        "Copy the client secret from Spotify's developer dashboard into the app.",
        Place.APPS,
    ),
    "doubt": Cause(
        "Spotify refuses several accounts at once",
        Reach.APP,
        "Nobody is disconnected; tokens rest while one account at a time is asked.",
    ),
    "token": Cause("The token is being refreshed", Reach.ACCOUNT, "It takes seconds."),
    "consent": Cause(
        "Spotify refused the sign-in once",
        Reach.ACCOUNT,
        "The account rests until Spotify is asked a second time.",
    ),
    "account": Cause(
        "Another account is to read it", Reach.RUN, "The first one could not."
    ),
    "working": Cause(
        "Work on the account is under way", Reach.RUN, "It begins when that has ended."
    ),
    "settle": Cause(
        "Spotify may have created it already",
        Reach.PLAYLIST,
        "It is looked for before it is asked for again, so that there is one only.",
    ),
    "transient": Cause(
        "It has not worked yet", Reach.RUN, "It is tried again with longer waits."
    ),
    "taken_over": Cause(
        "Its worker stopped answering", Reach.RUN, "Another worker takes over."
    ),
    "needs_reauth": Cause(
        "The account needs a new consent",
        Reach.ACCOUNT,
        _LANE,
        "Connect the account again; its work goes on by itself then.",
        Place.CONSENT,
    ),
    "scope": Cause(
        "The consent does not cover this",
        Reach.ACCOUNT,
        _LANE,
        "Connect the account again and agree to everything that is asked for.",
        Place.CONSENT,
    ),
    "seat": Cause(
        "The account holds no seat of the app",
        Reach.ACCOUNT,
        _LANE,
        "Add the account in Spotify's developer dashboard under User Management, then "
        "check again.",
        Place.ACCOUNT,
    ),
    "account_paused": Cause(
        "The account is paused", Reach.ACCOUNT, _LANE, "Resume it.", Place.ACCOUNT
    ),
    "erasing": Cause(
        "The account is being erased",
        Reach.ACCOUNT,
        "Nothing is done for it any more.",
        "Look at the receipt.",
        Place.ACCOUNT,
    ),
    "remote_missing": Cause(
        "The playlist is gone on Spotify",
        Reach.PLAYLIST,
        "It is not reshuffled any more; its history stays.",
        "Recover it on Spotify and push the list again, create it anew, or stop "
        "managing it.",
        Place.SUBJECT,
    ),
    "forbidden": Cause(
        "Spotify does not let the account change this playlist",
        Reach.PLAYLIST,
        "It is not reshuffled any more; it may belong to somebody else now.",
        "Give it back to the account on Spotify and try again, or stop managing it.",
        Place.SUBJECT,
        may_try_again=True,
    ),
    "playlist_limit": Cause(
        "The account can hold no more playlists",
        Reach.ACCOUNT,
        "No playlist can be created; those that stand are looked after as before.",
        "Unfollow playlists of the account on Spotify, then try again.",
        Place.ACCOUNT,
        may_try_again=True,
    ),
    "stopped": Cause(
        "Pushes are stopped",
        Reach.FLEET,
        "Nothing is written to Spotify; reading goes on.",
        "Resume pushes.",
        Place.RUNS,
    ),
    "shadow": Cause(
        "Shadow mode",
        Reach.FLEET,
        "Lists are drawn and kept, and nothing is sent to Spotify.",
        "Leave shadow mode.",
        Place.RUNS,
    ),
    "exhausted": Cause(
        "Given up after many tries",
        Reach.RUN,
        "It does not try again by itself.",
        "Look at what Spotify said last, then try again.",
    ),
    "crashes": Cause(
        "Its workers died",
        Reach.RUN,
        "It does not try again by itself, so that it stops no other work.",
        "Look into the log of the workers, then try again.",
    ),
}
CAUSES["account_blocked"] = CAUSES["seat"]

LABELS = {
    Place.APPS: "See the app",
    Place.ACCOUNT: "Open the account",
    Place.CONSENT: "Renew consent",
    Place.SUBJECT: "Open the playlist",
    Place.RUNS: "See what is held",
}


@dataclass(frozen=True)
class Explanation:
    """A cause as it concerns one run; `url` leads to where something is done."""

    cause: Cause
    said: str
    until: datetime | None
    url: str
    may_try_again: bool = False

    @property
    def label(self) -> str:
        """The words of the link."""
        return LABELS.get(self.cause.place, "")


def cause_of(reason: str) -> Cause | None:
    """Return the cause of a ledger's reason; what stands after a colon is detail."""
    return CAUSES.get(reason.partition(":")[0])


def explain(run: Run) -> Explanation | None:
    """Return why a run waits, is blocked or failed; None where nothing is known.

    `said` is what was told when it happened, `until` when a waiting run goes on.
    """
    cause = cause_of(run.reason)
    if cause is None or run.state in (Run.State.DONE, Run.State.CANCELLED):
        return None
    until = run.due_at if run.state == Run.State.PLANNED else None
    may_try_again = cause.may_try_again and run.state == Run.State.BLOCKED
    return Explanation(
        cause, run.error, until, address(cause.place, run), may_try_again
    )


def address(place: Place, run: Run) -> str:
    """Return where something is done about a run, "" if there is no such place."""
    number = run.lane.removeprefix("account:")
    if place in (Place.ACCOUNT, Place.CONSENT):
        route = _ROUTES[place] if number.isdigit() else "accounts:list"
        return reverse(route, args=[int(number)] if number.isdigit() else [])
    if place == Place.SUBJECT:
        return run.url
    return reverse(_ROUTES[place]) if place in _ROUTES else ""


def in_one_line(run: Run, *, say_time: Callable[[datetime], str]) -> str:
    """Return a run's trouble in one sentence or two, as commands and tables show it.

    `say_time` puts a moment into words of the reader's zone. A failure, and what is
    not in the table, is told as it was told when it happened.
    """
    found = explain(run)
    if found is None or run.state == Run.State.FAILED:
        return run.error
    if found.until is not None:
        return f"Waits until {say_time(found.until)}: {_small(found.cause.title)}."
    return " ".join(_sentences(found))


def waits_in_words(
    runs: Iterable[Run], *, say_time: Callable[[datetime], str]
) -> list[str]:
    """Say what runs wait for, one sentence for each cause, the first to go on first."""
    first: dict[str, datetime] = {}
    counts: Counter[str] = Counter()
    for run in sorted(runs, key=lambda run: run.due_at):
        found = explain(run)
        if found is not None and found.until is not None:
            first.setdefault(found.cause.title, found.until)
            counts[found.cause.title] += 1
    return [
        f"{counts[title]:,} wait{'s' if counts[title] == 1 else ''} until "
        f"{say_time(until)}{'' if counts[title] == 1 else ' or later'}: "
        f"{_small(title)}."
        for title, until in first.items()
    ]


def in_utc(moment: datetime) -> str:
    """Say a moment on the command line."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def here(moment: datetime, *, now: datetime) -> str:
    """Say a moment in the person's zone: "14:32", on another day with the day."""
    local, today = timezone.localtime(moment), timezone.localtime(now)
    if local.date() == today.date():
        return f"{local:%H:%M}"
    return words.day_and_time(local, today)


def _sentences(found: Explanation) -> Iterable[str]:
    yield f"{found.cause.title}."
    if found.cause.wants_a_person:
        yield found.cause.todo


def _small(title: str) -> str:
    """Return a title within a sentence; names keep their capital letter."""
    is_name = title.startswith(("Spotify", "Premium"))
    return title if is_name else title[:1].lower() + title[1:]


_ROUTES = {
    Place.APPS: "accounts:list",
    Place.ACCOUNT: "accounts:detail",
    Place.CONSENT: "accounts:renew",
    Place.RUNS: "automation:writing",
}
