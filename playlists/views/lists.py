"""The list of playlists."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.views.decorators.http import require_GET

from playlists import table
from playlists.forms import STATES, PlaylistFilter
from vibe_engine import clock
from vibe_engine.web import OperatorRequest, render_page, viewer_required

PAGE = 25


@require_GET
@viewer_required
def playlist_list(request: OperatorRequest) -> HttpResponse:
    """Show the playlists that match the address, with what each looks like."""
    now = clock.now()
    chosen = PlaylistFilter.of(request.GET)
    totals = table.totals(now=now)
    page = Paginator(chosen.rows(), PAGE).get_page(request.GET.get("page"))
    context = {
        "chosen": chosen,
        "states": [
            (value, word, getattr(totals, value or "all")) for value, word in STATES
        ],
        "totals": totals,
        "page": page,
        "rows": table.rows_of(list(page.object_list), now=now),
        "now": now,
    }
    return render_page(
        request,
        "playlists/list.html",
        context,
        fragments={"playlist-table": "playlists/_table.html"},
    )
