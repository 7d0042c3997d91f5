"""The posted selection of playlists, handed to the views that act on many."""

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse

from playlists import selection
from playlists.models import Playlist
from vibe_engine.errors import InputError
from vibe_engine.web import OperatorRequest, hx_or_redirect

View = Callable[[OperatorRequest, QuerySet[Playlist]], HttpResponse]


def selection_required(view: View) -> Callable[[OperatorRequest], HttpResponse]:
    """Hand the posted selection to a view; without one say so on the list."""

    @wraps(view)
    def selecting(request: OperatorRequest) -> HttpResponse:
        try:
            playlists = selection.selected(request.POST)
        except InputError as error:
            messages.error(request, str(error))
            return hx_or_redirect(request, "playlists:list")
        return view(request, playlists)

    return selecting
