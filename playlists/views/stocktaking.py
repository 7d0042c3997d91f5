"""What stands on Spotify beside what stands here, and what to do about it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from automation.once import once_per_form
from playlists.models import Inventory, Playlist
from playlists.services import inventory
from vibe_engine import clock
from vibe_engine.errors import InputError
from vibe_engine.web import (
    OperatorRequest,
    may_operate,
    operator_required,
    viewer_required,
)

MOST = 100
"""Rows of each kind; the list of playlists shows them all."""


@require_GET
@viewer_required
def inventory_page(request: OperatorRequest) -> HttpResponse:
    """Show what is gone on Spotify, edited by hand, or none of ours."""
    missing = Playlist.objects.filter(status=Playlist.Status.MISSING).for_table()
    looked = Inventory.objects.select_related("account").order_by("account")
    context = {
        "missing": missing[:MOST],
        "edited": inventory.edited_looks()[:MOST],
        "inventories": looked[:MOST],
        "may_operate": may_operate(request.user),
    }
    return render(request, "playlists/inventory.html", context)


@require_POST
@operator_required
@once_per_form
def look_now(request: OperatorRequest) -> HttpResponse:
    """Open a look at every account, at once and into everything."""
    try:
        count = inventory.open_inventories(now=clock.now(), requested_by=request.user)
    except InputError as error:
        messages.error(request, str(error))
    else:
        noun = "account is" if count == 1 else "accounts are"
        messages.success(request, f"{count} {noun} being looked at.")
    return redirect("playlists:inventory")
