"""Lists of albums, tracks and artists."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

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
from library.models import Album, Artist, ArtistQuerySet, Track, TrackQuerySet
from library.paging import KeyPage, paginate
from library.searching import is_indexed
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
NARROWING = {"artist", "collection"}
"""Filters with an index of their own, of few tracks as a rule."""


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
    total = reads.count_up_to(albums) if form.is_filtered else None
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
        context | _paged(form, page, total, what="albums"),
        form=form,
        fragments={"album-list": "library/_album_list.html"},
    )


@require_GET
@viewer_required
def track_list(request: OperatorRequest) -> HttpResponse:
    """Show tracks as a table."""
    form = TrackFilterForm(request.GET)
    today = clock.now().date()
    named = _named(form, Track.objects.all())
    tracks = form.apply(Track.objects.all(), today=today, is_common=_is_common(named))
    total = _track_total(form, tracks, named)
    page = paginate(
        tracks if total is None or total.number else tracks.none(),
        order=form.order,
        at=_at(request),
        size=ROWS_A_PAGE,
        found=_found(total) if _is_narrow(form, named) else None,
        by_key="artist" in form.given,
        shown=Track.objects.select_related("album"),
    )
    artist = form.chosen()["artist"]
    context = {
        "section": "tracks",
        "has_popularity": any(track.popularity is not None for track in page),
        "artist": Artist.objects.filter(pk=artist).first() if artist else None,
        "today": today,
    }
    return _render_list(
        request,
        "library/tracks.html",
        context | _paged(form, page, total, what="tracks"),
        form=form,
        fragments={"track-list": "library/_track_list.html"},
    )


@require_GET
@viewer_required
def artist_list(request: OperatorRequest) -> HttpResponse:
    """Show artists as a table."""
    form = ArtistFilterForm(request.GET)
    named = _named(form, Artist.objects.all())
    page = paginate(
        form.apply(Artist.objects.all(), is_common=_is_common(named)),
        order=form.order,
        at=_at(request),
        size=ROWS_A_PAGE,
        found=_found(named),
        shown=reads.with_credits(Artist.objects.all()),
    )
    context = {"section": "artists", "today": clock.now().date()}
    return _render_list(
        request,
        "library/artists.html",
        context | _paged(form, page, named, what="artists"),
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


def _named(
    form: FilterForm, rows: TrackQuerySet | ArtistQuerySet
) -> reads.Tally | None:
    """Count the rows that hold the text that is looked for, if one is."""
    text = form.chosen()["q"]
    most = reads.EXACT_UP_TO
    return reads.count_up_to(rows.matching(text), most=most) if text else None


def _found(total: reads.Tally | None) -> int | None:
    """Return how many rows there are, None where more than are worth sorting."""
    return None if total is None or total.word else total.number


def _is_common(named: reads.Tally | None) -> bool:
    """Whether more rows hold a text than are worth sorting."""
    return named is not None and bool(named.word)


def _is_narrow(form: FilterForm, named: reads.Tally | None) -> bool:
    """Whether an index leads to the tracks that are asked for."""
    is_rare = named is not None and not _is_common(named)
    by_name = is_rare and is_indexed(form.chosen()["q"])
    return by_name or bool(form.given & NARROWING)


def _track_total(
    form: FilterForm, tracks: TrackQuerySet, named: reads.Tally | None
) -> reads.Tally | None:
    """Count the tracks that are asked for; None where it is all of them."""
    if not form.is_filtered:
        return None
    if named and form.given == {"q"}:
        return named
    if form.given == {"artist"}:
        return reads.credited_up_to(form.chosen()["artist"], most=reads.SORTED_UP_TO)
    is_narrow = form.given & NARROWING
    most = reads.SORTED_UP_TO if is_narrow else reads.EXACT_UP_TO
    return reads.count_up_to(tracks, most=most)


def _paged(
    form: FilterForm, page: "KeyPage[Any]", total: reads.Tally | None, *, what: str
) -> dict[str, Any]:
    """Return what a list says of its size: what matches, or all there is."""
    holdings = reads.holdings() if total is None else None
    total = getattr(holdings, what) if holdings else total
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
