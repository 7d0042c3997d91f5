"""One artist, and who is the same under another name."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from library import reads
from library.models import Album, Alias, Artist
from library.services import aliasing
from vibe_engine import clock
from vibe_engine.errors import VibeError
from vibe_engine.web import (
    OperatorRequest,
    may_operate,
    operator_required,
    viewer_required,
)

MOST_ALBUMS = 12


class SameArtistForm(forms.Form):
    """Whom to look for."""

    also = forms.CharField(
        label="Another name",
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
        help_text="Part of a name in the library, or the artist's Spotify link.",
    )


class OtherForm(forms.Form):
    """Who is the same."""

    artist = forms.ModelChoiceField(Artist.objects.all(), widget=forms.HiddenInput)


@require_GET
@viewer_required
def detail(request: OperatorRequest, pk: int) -> HttpResponse:
    """Show an artist: tracks, albums, other names; `also` looks for one more."""
    artist = get_object_or_404(reads.with_credits(Artist.objects.all()), pk=pk)
    group = aliasing.group_of(artist)
    form = SameArtistForm(request.GET if "also" in request.GET else None)
    text = form.cleaned_data["also"] if form.is_valid() else ""
    albums = list(Album.objects.crediting(pk).order_by("-pk")[:MOST_ALBUMS])
    context = {
        "artist": artist,
        "group": group,
        "albums": albums,
        "address": _address(artist, albums),
        "form": form,
        "looked_for": text,
        "found": _found(text, group) if text and may_operate(request.user) else [],
        "today": clock.now().date(),
        "can_act": may_operate(request.user),
    }
    return render(request, "library/artist.html", context)


@require_POST
@operator_required
def add_alias(request: OperatorRequest, pk: int) -> HttpResponse:
    """Say that another artist is the same as this one."""
    artist, form = get_object_or_404(Artist, pk=pk), OtherForm(request.POST)
    if not form.is_valid():
        messages.error(request, "The library does not hold that artist any more.")
        return redirect(artist)
    other = form.cleaned_data["artist"]
    try:
        main = aliasing.add_alias(
            artist=artist, other=other, by=request.user, now=clock.now()
        )
    except VibeError as error:
        messages.error(request, str(error))
    else:
        text = f"“{other}” counts as “{main}” from each playlist's next reshuffle on."
        messages.success(request, text)
    return redirect(artist)


@require_POST
@operator_required
def remove_alias(request: OperatorRequest, pk: int) -> HttpResponse:
    """Let an artist count as one of its own again."""
    alias = get_object_or_404(Alias.objects.select_related("artist", "main"), pk=pk)
    aliasing.remove_alias(alias=alias)
    messages.success(request, f"“{alias.artist}” is an artist of its own again.")
    return redirect(alias.main)


@require_POST
@operator_required
def name_group(request: OperatorRequest, pk: int) -> HttpResponse:
    """Let an artist name the group that it is of."""
    artist = get_object_or_404(Artist, pk=pk)
    try:
        aliasing.name_group(artist=artist, by=request.user, now=clock.now())
    except VibeError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"Reports say “{artist}” for all of them now.")
    return redirect(artist)


def _found(text: str, group: aliasing.Group) -> list[Artist]:
    """Return whom a text may mean, with how many tracks credit each."""
    keys = [artist.pk for artist in aliasing.find_artists(text, besides=group)]
    named = Artist.objects.filter(pk__in=keys).order_by("name", "pk")
    return list(reads.with_credits(named))


def _address(artist: Artist, albums: list[Album]) -> str:
    """Return the artist's page on Spotify, beside an album's; "" if that is unknown."""
    for album in albums:
        place, found, _ = album.spotify_url.rpartition("/album/")
        if found:
            return f"{place}/artist/{artist.spotify_id}"
    return ""
