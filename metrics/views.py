"""The home page, the search, and the health of the installation."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET
from prometheus_client import CONTENT_TYPE_LATEST

from automation import reads as engine_room
from automation import runtime
from metrics import health, prometheus, reads, scraping
from metrics import search as searching
from metrics.context import frame_of
from metrics.demo.plan import Scale
from metrics.pictures import agenda, day_lanes, days, growth, rotation, trends
from metrics.services import standing
from vibe_engine import clock
from vibe_engine.web import (
    OperatorRequest,
    may_operate,
    render_page,
    viewer_required,
)


@require_GET
@viewer_required
def home(request: OperatorRequest) -> HttpResponse:
    """Show the fleet at a glance; on an empty installation, the three steps."""
    now = clock.now()
    fleet = reads.fleet(now=now)
    context = {
        "fleet": fleet,
        "stock": reads.stock(),
        "may_operate": may_operate(request.user),
        "now": now,
    }
    if not fleet.playlists:
        context |= {"is_demo": settings.DEMO, "port": settings.PORT, "scale": Scale()}
        return render(request, "metrics/welcome.html", context)
    calls = reads.calls_by_hour(now=now)
    context |= {"next_up": reads.next_up(), "calls": calls, "calls_total": sum(calls)}
    return render(request, "metrics/home.html", context)


@require_GET
@viewer_required
def now_fragment(request: OperatorRequest) -> HttpResponse:
    """Show what is running; the fragment asks again while something does."""
    context = {"live": engine_room.live_runs(), "latest": reads.latest_runs()}
    return render_page(
        request, "metrics/now.html", context, fragments={"now": "metrics/_now.html"}
    )


@require_GET
@viewer_required
def charts_fragment(request: OperatorRequest) -> HttpResponse:
    """Show what was and what comes, which the first paint does not wait for."""
    now = clock.now()
    turns = agenda.agenda(settings=runtime.load(), now=now)
    context = {
        "now": now,
        "lanes": day_lanes.lanes(
            accounts=frame_of(request).accounts, turns=turns, now=now
        ),
        "days": days.days(turns=turns, now=now),
    }
    fragments = {"charts": "metrics/_charts.html"}
    return render_page(request, "metrics/charts.html", context, fragments=fragments)


@require_GET
@viewer_required
def rotation_fragment(request: OperatorRequest) -> HttpResponse:
    """Show how the library goes round."""
    now = clock.now()
    use = standing.look(now=now)
    exposure = rotation.exposure(use)
    renewed = days.renewed_a_day(now=now)
    context = {
        "exposure": exposure,
        "use": use,
        "coverage": rotation.coverage(use, places_a_day=renewed * exposure.mean_places),
        "growth": growth.growth(accounts=frame_of(request).accounts, now=now),
    }
    fragments = {"rotation": "metrics/_rotation.html"}
    return render_page(request, "metrics/rotation.html", context, fragments=fragments)


@require_GET
@viewer_required
def rests_fragment(request: OperatorRequest) -> HttpResponse:
    """Show how long tracks rest, and how full the accounts are."""
    in_force = runtime.load()
    context = {
        "rests": rotation.rests(rule_days=in_force.cooldown_days),
        "loads": growth.loads(
            accounts=frame_of(request).accounts,
            limit=in_force.max_playlists_per_account,
        ),
    }
    fragments = {"rests": "metrics/_rests.html"}
    return render_page(request, "metrics/rests.html", context, fragments=fragments)


@require_GET
@viewer_required
def trends_fragment(request: OperatorRequest) -> HttpResponse:
    """Show the figures written down over a span, the last 30 days unless named."""
    context = {"trends": trends.trends(request.GET.get("span", ""), now=clock.now())}
    fragments = {"trends": "metrics/_trends.html"}
    return render_page(request, "metrics/trends.html", context, fragments=fragments)


@require_GET
@viewer_required
def search(request: OperatorRequest) -> HttpResponse:
    """Find playlists, albums, tracks, artists, accounts and pages by name."""
    query = searching.clean(request.GET.get("q", ""))
    found = searching.find(query)
    context = {
        "query": query,
        "is_short": len(query) < searching.SHORTEST,
        "groups": found,
        "total": sum(len(group.hits) for group in found),
    }
    return render_page(
        request,
        "metrics/search.html",
        context,
        fragments={
            "found": "metrics/_found.html",
            "search-results": "metrics/_results.html",
        },
    )


@require_GET
@viewer_required
def health_page(request: OperatorRequest) -> HttpResponse:
    """Show each part's state and what to do."""
    facts = health.facts(now=clock.now())
    context = {"facts": facts, "troubled": sum(fact.mark != "ok" for fact in facts)}
    return render_page(
        request,
        "metrics/health.html",
        context,
        fragments={"health": "metrics/_health.html"},
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


@require_GET
def prometheus_text(request: HttpRequest) -> HttpResponse:
    """Answer a scrape from an allowed network, or with the token."""
    if not scraping.may_scrape(request):
        return HttpResponse("Not found.\n", status=404, content_type="text/plain")
    text = prometheus.exposition(now=clock.now())
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)
