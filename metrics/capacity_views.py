"""What the library, the budgets and the accounts carry."""

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from automation import runtime
from metrics.context import frame_of
from metrics.pictures import capacity
from playlists.services import outlook
from vibe_engine.web import OperatorRequest, render_page, viewer_required


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
