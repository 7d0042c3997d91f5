"""The search over everything."""

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from metrics import search as searching
from vibe_engine.web import (
    OperatorRequest,
    render_page,
    viewer_required,
)


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
