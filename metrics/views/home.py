"""The home page and its parts, each a page too."""

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from automation import reads as engine_room
from automation import runtime
from metrics import reads
from metrics.context import frame_of
from metrics.demo.plan import Scale
from metrics.pictures import agenda, capacity, day_lanes, days, growth, rotation, trends
from metrics.services import standing
from playlists.services import outlook
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
def capacity_fragment(request: OperatorRequest) -> HttpResponse:
    """Show how far library, budgets and accounts carry the fleet."""
    in_force = runtime.load()
    ahead = outlook.look_ahead(settings=in_force, accounts=frame_of(request).accounts)
    found = capacity.capacity(ahead, settings=in_force, person=request.user)
    fragments = {"capacity": "metrics/_capacity.html"}
    context = {"capacity": found}
    return render_page(request, "metrics/capacity.html", context, fragments=fragments)


@require_GET
@viewer_required
def trends_fragment(request: OperatorRequest) -> HttpResponse:
    """Show the figures written down over a span, the last 30 days unless named."""
    context = {"trends": trends.trends(request.GET.get("span", ""), now=clock.now())}
    fragments = {"trends": "metrics/_trends.html"}
    return render_page(request, "metrics/trends.html", context, fragments=fragments)
