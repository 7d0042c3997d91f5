"""The list of playlists."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.views.decorators.http import require_GET

from automation import runtime
from playlists import table
from playlists.forms import STATES, PlaylistFilter
from playlists.models import Label, Playlist
from playlists.services import spreading
from vibe_engine import clock
from vibe_engine.web import OperatorRequest, render_page, viewer_required

PAGE = 25
WORTH_A_LOOK = 20
"""Fewer due playlists than this are within any budget that is of use."""


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
        "much_is_due": totals.due >= WORTH_A_LOOK,
        "labels": Label.objects.all(),
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


@require_GET
@viewer_required
def due_page(request: OperatorRequest) -> HttpResponse:
    """Say how far today's budgets carry what is due."""
    now = clock.now()
    due = Playlist.objects.due(now=now)
    context = {
        "count": due.count(),
        "overflow": spreading.find_overflow(due, settings=runtime.load(), now=now),
    }
    return render_page(
        request,
        "playlists/due.html",
        context,
        fragments={"due": "playlists/_due.html"},
    )
