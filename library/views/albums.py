"""One album."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts import access
from automation.once import once_per_form
from library import services
from library.forms import AlbumPlacesForm
from library.models import Album
from vibe_engine import clock
from vibe_engine.errors import InputError
from vibe_engine.web import (
    OperatorRequest,
    may_operate,
    operator_required,
    viewer_required,
)


@require_GET
@viewer_required
def detail(request: OperatorRequest, pk: int) -> HttpResponse:
    """Show an album with its tracks."""
    album = get_object_or_404(Album, pk=pk)
    return _render(request, album, AlbumPlacesForm(album=album))


@require_POST
@operator_required
@once_per_form
def refresh(request: OperatorRequest, pk: int) -> HttpResponse:
    """Read an album from Spotify again."""
    album = get_object_or_404(Album, pk=pk)
    try:
        run = services.open_refresh(
            albums=[album],
            account=access.active_account(request),
            now=clock.now(),
            requested_by=request.user,
        )
    except InputError as error:
        messages.error(request, str(error))
        return redirect(album)
    return redirect(run)


@require_POST
@operator_required
def place(request: OperatorRequest, pk: int) -> HttpResponse:
    """Put an album into exactly the ticked collections, and a new one if named."""
    album = get_object_or_404(Album, pk=pk)
    form = AlbumPlacesForm(request.POST, album=album)
    if not form.is_valid():
        return _render(request, album, form, status=422)
    services.set_collections(
        album=album,
        collections=form.cleaned_data["collections"],
        new_name=form.cleaned_data["new_collection"],
        now=clock.now(),
    )
    messages.success(request, f"The collections of “{album}” are saved.")
    return redirect(album)


def _render(
    request: OperatorRequest, album: Album, form: AlbumPlacesForm, *, status: int = 200
) -> HttpResponse:
    tracks = list(album.tracks.in_order())
    context = {
        "album": album,
        "tracks": tracks,
        "has_discs": len({track.disc_number for track in tracks}) > 1,
        "length_s": sum(track.duration_ms for track in tracks) / 1000,
        "energies": [track.energy for track in tracks],
        "has_features": any(track.has_features for track in tracks),
        "lacking": sum(track.lacks_features for track in tracks),
        "has_popularity": any(track.popularity is not None for track in tracks),
        "form": form,
        "today": clock.now().date(),
        "can_act": may_operate(request.user),
    }
    return render(request, "library/album.html", context, status=status)
