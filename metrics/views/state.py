"""The health of the installation, for people and for programs."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET
from prometheus_client import CONTENT_TYPE_LATEST

from metrics import health, prometheus, scraping
from vibe_engine import clock
from vibe_engine.web import (
    OperatorRequest,
    render_page,
    viewer_required,
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
