"""Acting on many chosen rows: first a question that says what it does, then the act."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts import access
from automation.models import Run
from automation.once import once_per_form
from library import services
from library.forms import AlbumFilterForm, HoldForm, PlaceForm, TrackFilterForm
from library.models import Album, AlbumQuerySet, Track, TrackQuerySet
from library.reads import count_up_to
from vibe_engine import clock
from vibe_engine.errors import InputError
from vibe_engine.web import (
    OperatorRequest,
    hx_or_redirect,
    operator_required,
    render_page,
)
from vibe_engine.words import grouped

_KEY = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True)
class Chosen:
    """What a posted table has ticked, or all that match its filter.

    `albums` are the chosen ones or those of the chosen tracks; `tracks` likewise.
    `fields` choose the same again, `back` is the list as it was.
    """

    albums: AlbumQuerySet
    tracks: TrackQuerySet
    fields: tuple[tuple[str, str], ...] = ()
    back: str = ""
    words: str = ""


Act = Callable[[OperatorRequest, Chosen, Mapping[str, Any]], Run | str]


@dataclass(frozen=True)
class Action:
    """One thing to do with many rows: the question, the form, the act.

    `act` returns the run that it opened, or what to say.
    """

    title: str
    text: str
    label: str
    icon: str
    act: Act
    form: type[forms.Form] = forms.Form


@require_POST
@operator_required
@once_per_form
def bulk_albums(request: OperatorRequest) -> HttpResponse:
    """Ask about, then act on, the chosen albums."""
    keys = _keys(request)
    if keys is None:
        form = AlbumFilterForm(_filter(request))
        albums = form.apply(Album.objects.all(), today=clock.now().date())
    else:
        albums = Album.objects.filter(pk__in=keys)
    count = count_up_to(albums)
    chosen = Chosen(
        albums=albums,
        tracks=Track.objects.filter(album__in=albums.order_by().values("pk")),
        words="1 album" if count.number == 1 else f"{count} albums",
    )
    return _bulk(request, chosen, count.number, back=reverse("library:list"))


@require_POST
@operator_required
def bulk_tracks(request: OperatorRequest) -> HttpResponse:
    """Ask about, then act on, the chosen tracks."""
    keys = _keys(request)
    if keys is None:
        form = TrackFilterForm(_filter(request))
        tracks = form.apply(Track.objects.all(), today=clock.now().date())
    else:
        tracks = Track.objects.filter(pk__in=keys)
    count = count_up_to(tracks)
    chosen = Chosen(
        albums=Album.objects.filter(pk__in=tracks.order_by().values("album")),
        tracks=tracks,
        words="1 track" if count.number == 1 else f"{count} tracks",
    )
    return _bulk(request, chosen, count.number, back=reverse("library:tracks"))


def ticked(request: OperatorRequest) -> list[int]:
    """Return the primary keys that a table posts; what is none is left out."""
    return [int(key) for key in request.POST.getlist("pk") if _KEY.fullmatch(key)]


def _bulk(
    request: OperatorRequest, chosen: Chosen, count: int, *, back: str
) -> HttpResponse:
    chosen = replace(chosen, fields=_fields(request), back=_back(request, default=back))
    action = ACTIONS.get(request.POST.get("action", ""))
    if action is None or not count:
        messages.warning(request, "Nothing is selected: tick some rows first.")
        return hx_or_redirect(request, chosen.back)
    if "confirmed" not in request.POST:
        return _ask(request, chosen, action, action.form())
    form = action.form(request.POST)
    if not form.is_valid():
        return _ask(request, chosen, action, form, status=422)
    return _act(request, chosen, action, form)


def _act(
    request: OperatorRequest, chosen: Chosen, action: Action, form: forms.Form
) -> HttpResponse:
    try:
        outcome = action.act(request, chosen, form.cleaned_data)
    except InputError as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return _ask(request, chosen, action, form, status=422)
    if isinstance(outcome, Run):
        return hx_or_redirect(request, outcome)
    messages.success(request, outcome)
    return hx_or_redirect(request, chosen.back)


def _ask(
    request: OperatorRequest,
    chosen: Chosen,
    action: Action,
    form: forms.Form,
    *,
    status: int = 200,
) -> HttpResponse:
    context = {
        "title": action.title.format(chosen.words),
        "text": action.text,
        "action": request.path,
        "label": action.label,
        "icon": action.icon,
        "back": chosen.back,
        "form": form,
        "fields": [*chosen.fields, ("confirmed", "1")],
    }
    fragments = {"dialog-body": "_confirm.html"}
    return render_page(
        request, "confirm.html", context, fragments=fragments, status=status
    )


def _keys(request: OperatorRequest) -> list[int] | None:
    """Return the ticked primary keys, None where all that match are meant."""
    if request.POST.get("all_matching"):
        return None
    return ticked(request)


def _filter(request: OperatorRequest) -> QueryDict:
    return QueryDict(request.POST.get("filter", ""))


def _fields(request: OperatorRequest) -> tuple[tuple[str, str], ...]:
    """Return the hidden fields that choose the same rows again."""
    names = ("action", "all_matching", "filter", "back")
    chosen = [(name, request.POST[name]) for name in names if name in request.POST]
    return (*chosen, *(("pk", str(key)) for key in _keys(request) or ()))


def _back(request: OperatorRequest, *, default: str) -> str:
    """Return the page that the rows were ticked on: a list, an album or a collection."""
    place = request.POST.get("back", "")
    is_ours = re.fullmatch(r"/library/[a-z0-9/]*", place)
    query = _filter(request).urlencode()
    address = place if is_ours else default
    return f"{address}?{query}" if query else address


def _hold(request: OperatorRequest, chosen: Chosen, data: Mapping[str, Any]) -> str:
    count = services.hold_tracks(tracks=chosen.tracks, reason=data["reason"])
    return f"{_tracks(count)} held." if count else "All of them are held already."


def _release(request: OperatorRequest, chosen: Chosen, data: Mapping[str, Any]) -> str:
    count = services.release_tracks(tracks=chosen.tracks)
    return f"{_tracks(count)} released." if count else "None of them was held."


def _collect(request: OperatorRequest, chosen: Chosen, data: Mapping[str, Any]) -> str:
    name = data["collection_name"]
    count = services.collect_albums(name=name, albums=chosen.albums, now=clock.now())
    if not count:
        return f"All of them are in “{name}” already."
    return f"{_albums(count)} put into “{name}”."


def _refresh(request: OperatorRequest, chosen: Chosen, data: Mapping[str, Any]) -> Run:
    return services.open_refresh(
        albums=list(chosen.albums[: services.MOST_ALBUMS + 1]),
        account=access.active_account(request),
        now=clock.now(),
        requested_by=request.user,
    )


def _tracks(count: int) -> str:
    return "1 track is" if count == 1 else f"{grouped(count)} tracks are"


def _albums(count: int) -> str:
    return "1 album is" if count == 1 else f"{grouped(count)} albums are"


ACTIONS = {
    "hold": Action(
        title="Hold {}",
        text="They are not drawn any more. Lists that stand on Spotify keep them "
        "until their next reshuffle.",
        label="Hold them",
        icon="hold",
        act=_hold,
        form=HoldForm,
    ),
    "release": Action(
        title="Release {}?",
        text="What is held of them may be drawn again.",
        label="Release them",
        icon="play",
        act=_release,
    ),
    "collect": Action(
        title="Put {} into a collection",
        text="Playlists that draw from the collection may use them from then on. "
        "Collections hold whole albums.",
        label="Put them in",
        icon="collection",
        act=_collect,
        form=PlaceForm,
    ),
    "refresh": Action(
        title="Read {} again?",
        text="Names, dates and what can be played are brought up to date. It costs "
        "one call to Spotify for each 50 tracks of an album.",
        label="Read them",
        icon="retry",
        act=_refresh,
    ),
}
