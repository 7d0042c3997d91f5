"""The search of the picker: what is ticked, and what it finds beside it."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from playlists import picking
from vibe_engine.web import OperatorRequest, staff_required

NAME = "playlists"
PICKED = "id_playlists-picked"


@require_POST
@staff_required
def pick(request: OperatorRequest) -> HttpResponse:
    """Show the ticked playlists and those that a search finds; changes nothing.

    It is a POST because a thousand of them do not fit into an address.
    """
    chips, _ = picking.split("\n".join(request.POST.getlist(NAME)))
    query = request.POST.get("pick", "")
    context = picking.picked_context(name=NAME, dom_id=PICKED, chips=chips, query=query)
    return render(request, "playlists/_picked.html", context)
