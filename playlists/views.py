"""Pages about playlists."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from playlists.models import Playlist


def playlist_list(request: HttpRequest) -> HttpResponse:
    """Show the frame."""
    return render(request, "base.html")


def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the frame for one playlist."""
    get_object_or_404(Playlist, pk=pk)
    return render(request, "base.html")
