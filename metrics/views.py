"""The home page, the search, and the health of the installation."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.models import Account
from automation import reads as engine_room
from metrics import health, reads
from metrics import search as searching
from vibe_engine import clock
from vibe_engine.web import OperatorRequest, render_page, viewer_required


@require_GET
@viewer_required
def home(request: OperatorRequest) -> HttpResponse:
    """Show the fleet at a glance; on an empty installation, the three steps."""
    now = clock.now()
    fleet = reads.fleet(now=now)
    shelf = reads.shelf()
    context = {"fleet": fleet, "shelf": shelf, "now": now}
    if not fleet.playlists:
        return render(request, "metrics/welcome.html", context)
    calls = reads.calls_by_hour(now=now)
    context |= {"next_up": reads.next_up(), "calls": calls, "calls_total": sum(calls)}
    return render(request, "metrics/home.html", context)


@require_GET
@viewer_required
def now_fragment(request: OperatorRequest) -> HttpResponse:
    """Show what is running; the home page asks again while something does."""
    context = {"live": engine_room.live_runs(), "now": clock.now()}
    return render_page(
        request, "metrics/now.html", context, fragments={"now": "metrics/_now.html"}
    )


@require_GET
@viewer_required
def charts_fragment(request: OperatorRequest) -> HttpResponse:
    """Show the pictures that take the database longer than the first paint may."""
    now = clock.now()
    accounts = list(Account.objects.for_table())
    shelf = reads.shelf()
    context = {
        "now": now,
        "accounts": accounts,
        "shelf": shelf,
        "lanes": reads.lanes(accounts=accounts, now=now),
        "days": reads.days(now=now),
        "coverage": reads.coverage(shelf=shelf),
        "exposed": reads.most_exposed(),
        "over_time": reads.playlists_over_time(now=now),
        "health": health.facts(now=now),
    }
    return render_page(
        request,
        "metrics/charts.html",
        context,
        fragments={"charts": "metrics/_charts.html"},
    )


@require_GET
@viewer_required
def search(request: OperatorRequest) -> HttpResponse:
    """Find playlists, albums, tracks, artists and accounts by name."""
    query = request.GET.get("q", "")[:100]
    context = {"query": query, "groups": searching.find(query)}
    return render_page(
        request,
        "metrics/search.html",
        context,
        fragments={"found": "metrics/_found.html"},
    )


@require_GET
@viewer_required
def health_page(request: OperatorRequest) -> HttpResponse:
    """Show each part's state and what to do."""
    now = clock.now()
    return render(
        request, "metrics/health.html", {"facts": health.facts(now=now), "now": now}
    )


@require_GET
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer that the web process lives."""
    return JsonResponse({"status": "ok"})


@require_GET
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 503 only when the database or its migrations are not right."""
    state = health.readiness(now=clock.now())
    status = {"status": "ok" if state.ready else "not ready", "parts": state.parts}
    return JsonResponse(status, status=200 if state.ready else 503)
