"""Dashboard and lists over years of work, each beside a page with the frame alone."""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import reverse

from accounts.models import Account
from automation.models import Run
from library.models import Album, Artist, Collection, Track
from metrics.bench import bare
from metrics.bench.data import World
from metrics.bench.database import BenchError
from metrics.bench.fleetdata import PERSON
from metrics.bench.measure import Stopwatch, peak_mb
from playlists.models import Label, Playlist
from vibe_engine.settling import settle

ROUNDS = 40
MOST_QUERIES, MOST_MS, MOST_RATIO = 12, 150.0, 5.0
BARE = "bare"


def addresses() -> list[str]:
    """Return the pages measured: the dashboard, its parts, lists and larger forms."""
    return [*_dashboard(), *_library(), *_playlists(), *_engine_room()]


def _dashboard() -> Iterator[str]:
    for name in ("home", "now", "charts", "rotation", "rests", "trends"):
        yield reverse(f"metrics:{name}")
    yield from (reverse("metrics:capacity"), reverse("metrics:health"))
    for span in ("24h", "7d", "90d", "year"):
        yield _at("metrics:trends", span=span)
    for query in ("track 4711", "artist 12", "no such name"):
        yield _at("metrics:search", q=query)
    yield reverse("accounts:list")
    yield _of("accounts:detail", Account.objects.order_by("pk"))
    yield reverse("accounts:receipts")
    yield reverse("accounts:connect")
    yield reverse("profile")


def _library() -> Iterator[str]:
    collection, artist = _first(Collection), _first(Artist)
    for name in ("list", "tracks", "artists", "collections", "blocks"):
        yield reverse(f"library:{name}")
    yield from (reverse("library:features"), reverse("library:ingest"))
    yield _at("library:list", sort="-year", show="table")
    yield _at("library:list", q="album 4711")
    yield _at("library:list", collection=collection.pk)
    yield _at("library:tracks", sort="-popularity")
    yield _at("library:tracks", sort="used", state="usable")
    yield _at("library:tracks", q="track 4711")
    yield _at("library:tracks", q="no such name")
    yield _at("library:tracks", artist=artist.pk, sort="-uses")
    yield _at("library:tracks", collection=collection.pk)
    yield _at("library:artists", sort="-name")
    yield _at("library:artists", q="artist 12")
    yield _of("library:collection", Collection.objects.order_by("pk"))
    yield _of("library:album", Album.objects.order_by("pk"))
    yield _of("library:track", Track.objects.order_by("pk"))


def _playlists() -> Iterator[str]:
    yield reverse("playlists:list")
    yield _at("playlists:list", sort="-energy")
    yield _at("playlists:list", q="bench", page=3)
    yield _at("playlists:list", state="due", account=_first(Account).pk)
    yield _at("playlists:list", label=_first(Label).pk, sort="name")
    for name in ("inventory", "due", "labels", "create"):
        yield reverse(f"playlists:{name}")
    for scope in ("due", "all"):
        yield _at("playlists:reshuffle_many", scope=scope)
    for name in ("label", "label_report"):
        yield _of(f"playlists:{name}", Label.objects.order_by("pk"))
    for name in ("detail", "why", "why_not", "snapshots", "edit", "rules"):
        yield _of(f"playlists:{name}", Playlist.objects.order_by("pk"))
    playlist = _first(Playlist)
    snapshot = playlist.snapshots.order_by("pk")[0]
    yield reverse("playlists:snapshot", args=[playlist.pk, snapshot.pk])
    track = snapshot.track_ids()[0]
    yield reverse("playlists:track_history", args=[track])


def _engine_room() -> Iterator[str]:
    yield reverse("automation:list")
    yield _at("automation:list", state="failed")
    yield _at("automation:list", kind="playlists.reshuffle", q="bench")
    yield _at("automation:list", q="no such name")
    yield _of("automation:run", Run.objects.filter(is_bulk=True).order_by("-pk"))
    yield _of("automation:run", Run.objects.filter(state="failed").order_by("-pk"))
    yield reverse("automation:writing")
    yield reverse("automation:retention")
    yield reverse("automation:notices")
    yield _at("automation:list", who="schedule")
    yield _at("automation:list", lane=_first(Account).lane)
    yield _at("automation:list", older=Run.objects.count() // 2)
    yield reverse("automation:add_schedule")
    yield reverse("automation:settings")


def _at(name: str, **query: object) -> str:
    return f"{reverse(name)}?{urlencode(query)}"


def _of(name: str, rows: Any) -> str:
    return reverse(name, args=[rows.values_list("pk", flat=True)[0]])


def _first(model: Any) -> Any:
    return model._default_manager.order_by("pk")[0]


def measure(world: World, *, rounds: int) -> dict[str, Any]:
    """Visit every page in turn with the bare one; return queries and times.

    The process settles before, as those that serve pages do.

    :raises BenchError: a page does not answer with 200.
    """
    with override_settings(ROOT_URLCONF=bare.__name__):
        settle()
        visitor = Visitor()
        pages = addresses()
        queries = {page: visitor.count_queries(page) for page in pages}
        for _ in range(rounds):
            for page in pages:
                visitor.visit(f"/{bare.ADDRESS}", BARE)
                visitor.visit(page, page)
    bare_ms = visitor.watch.p95(BARE)
    return {
        "tracks": world.tracks,
        "playlists": world.playlists,
        "runs": Run.objects.count(),
        "bare_p95_ms": round(bare_ms, 1),
        "peak_mb": round(peak_mb(), 1),
        "pages": [_line(page, queries[page], visitor.watch, bare_ms) for page in pages],
    }


class Visitor:
    """Somebody signed in, who asks for pages and looks at the clock."""

    def __init__(self) -> None:
        self.watch = Stopwatch()
        host = next(iter(settings.ALLOWED_HOSTS))
        self._client = Client(SERVER_NAME=host)
        self._client.force_login(
            User.objects.get(username=PERSON),
            backend="django.contrib.auth.backends.ModelBackend",
        )

    def visit(self, page: str, name: str) -> None:
        """Ask for a page and note under a name how long the answer took."""
        self._check(page, self.watch.time(name, lambda: self._get(page)))

    def count_queries(self, page: str) -> list[float]:
        """Return how long each query of a page took (ms), once it has been seen."""
        self._check(page, self._get(page))
        with CaptureQueriesContext(connection) as asked:
            self._get(page)
        return [1_000 * float(query["time"]) for query in asked.captured_queries]

    def _get(self, page: str) -> HttpResponse:
        answer: HttpResponse = self._client.get(page, secure=settings.HTTPS)  # type: ignore[assignment]
        return answer

    def _check(self, page: str, answer: HttpResponse) -> None:
        if answer.status_code != 200:
            raise BenchError(f"{page} answers with {answer.status_code}.")


def _line(
    page: str, queries: Sequence[float], watch: Stopwatch, bare_ms: float
) -> dict[str, Any]:
    p95_ms = watch.p95(page)
    line = {
        "url": page,
        "queries": len(queries),
        "p95_ms": round(p95_ms, 1),
        "median_ms": round(watch.median(page), 1),
        "ratio_bare_view": round(p95_ms / bare_ms, 2),
        "ratio_bare_cpu": round(watch.cpu_least(page) / watch.cpu_least(BARE), 2),
        "slowest_query_ms": round(max(queries, default=0.0), 1),
    }
    return line | {"ok": not misses(line)}


def misses(line: dict[str, Any]) -> list[str]:
    """Return which goals a page misses, in words."""
    found = {
        f"more than {MOST_QUERIES} queries": line["queries"] > MOST_QUERIES,
        f"{MOST_MS:g} ms or more": line["p95_ms"] >= MOST_MS,
        f"{MOST_RATIO:g} bare pages or more": line["ratio_bare_view"] >= MOST_RATIO,
    }
    return [words for words, is_so in found.items() if is_so]


def table(lines: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield the pages as lines of a table, each with its verdict."""
    if not lines:
        return
    yield f"{'page':58} {'queries':>7} {'p95 ms':>8} {'x bare':>7}  verdict"
    for line in lines:
        figures = (
            f"{line['queries']:7} {line['p95_ms']:8.1f} {line['ratio_bare_view']:7.2f}"
        )
        yield f"{line['url'][:58]:58} {figures}  {', '.join(misses(line)) or 'good'}"
    good = sum(line["ok"] for line in lines)
    yield f"{good} of {len(lines)} pages keep within the goals."
