"""Lists of albums, tracks and artists."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET
from django_htmx.http import push_url

from library import reads
from library.forms import (
    AlbumFilterForm,
    ArtistFilterForm,
    FilterForm,
    TrackFilterForm,
    clean_query,
)
from library.models import Album, Artist, Track
from library.paging import KeyPage, paginate
from vibe_engine import clock
from vibe_engine.web import (
    OperatorRequest,
    may_operate,
    render_page,
    viewer_required,
)

ALBUM_ORDERS = (
    ("-added", "Newest here first"),
    ("added", "Oldest here first"),
    ("name", "Album, A to Z"),
    ("artist", "Artist, A to Z"),
    ("-year", "Latest release first"),
    ("year", "Earliest release first"),
)
COVERS_A_PAGE = 30
ROWS_A_PAGE = 50


@dataclass(frozen=True)
class AlbumRow:
    """One album as the list shows it."""

    album: Album
    use: reads.AlbumUse


@require_GET
@viewer_required
def album_list(request: OperatorRequest) -> HttpResponse:
    """Show albums as covers, or as a table with `show=table`."""
    form = AlbumFilterForm(request.GET)
    is_table = request.GET.get("show") == "table"
    today = clock.now().date()
    albums = form.apply(Album.objects.all(), today=today)
    size = ROWS_A_PAGE if is_table else COVERS_A_PAGE
    page = paginate(albums, order=form.order, at=_at(request), size=size)
    context = {
        "section": "albums",
        "rows": album_rows(page),
        "is_table": is_table,
        "orders": ALBUM_ORDERS,
        "today": today,
    }
    return _render_list(
        request,
        "library/albums.html",
        context | _paged(form, page, albums, what="albums"),
        form=form,
        fragments={"album-list": "library/_album_list.html"},
    )


@require_GET
@viewer_required
def track_list(request: OperatorRequest) -> HttpResponse:
    """Show tracks as a table."""
    form = TrackFilterForm(request.GET)
    today = clock.now().date()
    tracks = form.apply(Track.objects.all(), today=today)
    artist, collection = (form.chosen()[name] for name in ("artist", "collection"))
    page = paginate(
        tracks.select_related("album"),
        order=form.order,
        at=_at(request),
        size=ROWS_A_PAGE,
        are_few=bool(artist or collection) and reads.are_few(tracks),
    )
    context = {
        "section": "tracks",
        "has_popularity": any(track.popularity is not None for track in page),
        "artist": Artist.objects.filter(pk=artist).first() if artist else None,
        "today": today,
    }
    return _render_list(
        request,
        "library/tracks.html",
        context | _paged(form, page, tracks, what="tracks"),
        form=form,
        fragments={"track-list": "library/_track_list.html"},
    )


@require_GET
@viewer_required
def artist_list(request: OperatorRequest) -> HttpResponse:
    """Show artists as a table."""
    form = ArtistFilterForm(request.GET)
    artists = form.apply(Artist.objects.all())
    page = paginate(
        reads.with_credits(artists),
        order=form.order,
        at=_at(request),
        size=ROWS_A_PAGE,
    )
    context = {"section": "artists", "today": clock.now().date()}
    return _render_list(
        request,
        "library/artists.html",
        context | _paged(form, page, artists, what="artists"),
        form=form,
        fragments={"artist-list": "library/_artist_list.html"},
    )


def album_rows(albums: Iterable[Album]) -> list[AlbumRow]:
    """Return albums with what their tracks say of them, in one query."""
    albums = list(albums)
    uses = reads.album_uses(albums)
    return [AlbumRow(album, uses.get(album.pk, reads.AlbumUse())) for album in albums]


def _at(request: OperatorRequest) -> str:
    return request.GET.get("page", "")


def _paged(
    form: FilterForm, page: "KeyPage[Any]", rows: "QuerySet[Any]", *, what: str
) -> dict[str, Any]:
    """Return what a list says of its size: all of it, or what matches."""
    holdings = None if form.is_filtered else reads.holdings()
    total = getattr(holdings, what) if holdings else reads.count_up_to(rows)
    return {
        "form": form,
        "chosen": form.chosen(),
        "sort": form.sort_name,
        "page": page,
        "holdings": holdings,
        "total": total,
        "noun": what.removesuffix("s"),
    }


def _render_list(
    request: OperatorRequest,
    template: str,
    context: dict[str, Any],
    *,
    form: FilterForm,
    fragments: dict[str, str],
) -> HttpResponse:
    """Render a list under an address that names what is given alone."""
    query = clean_query(form, request.GET)
    address = f"{request.path}?{query}" if query else request.path
    if not request.htmx and query != request.GET.urlencode():
        return redirect(address)
    context["can_act"] = may_operate(request.user)
    response = render_page(request, template, context, fragments=fragments)
    return push_url(response, address) if request.htmx else response
