"""Collections."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from library import reads, services
from library.forms import CollectionForm
from library.models import Album, Collection
from library.paging import Order, paginate
from library.views.bulk import ticked
from library.views.lists import COVERS_A_PAGE, album_rows
from vibe_engine import clock
from vibe_engine.errors import ConflictError, InputError
from vibe_engine.web import (
    OperatorRequest,
    may_operate,
    operator_required,
    render_page,
    viewer_required,
)

NEWEST_FIRST = Order("pk", descending=True)


@require_http_methods(["GET", "POST"])
@viewer_required
def collection_list(request: OperatorRequest) -> HttpResponse:
    """Show every collection; a POST creates one."""
    if request.method == "POST":
        return _create(request)
    return _render_list(request, CollectionForm())


@operator_required
def _create(request: OperatorRequest) -> HttpResponse:
    form = CollectionForm(request.POST)
    if form.is_valid():
        try:
            collection = services.create_collection(
                now=clock.now(), **form.cleaned_data
            )
        except InputError as error:
            form.add_error(error.field, str(error))
        else:
            messages.success(request, f"“{collection}” is created. Put albums into it.")
            return redirect(collection)
    return _render_list(request, form, status=422)


@require_GET
@viewer_required
def detail(request: OperatorRequest, pk: int) -> HttpResponse:
    """Show a collection's albums."""
    collection = get_object_or_404(Collection, pk=pk)
    albums = Album.objects.in_collection(pk)
    at = request.GET.get("page", "")
    page = paginate(albums, order=NEWEST_FIRST, at=at, size=COVERS_A_PAGE)
    context = {
        "collection": collection,
        "page": page,
        "rows": album_rows(page),
        "total": reads.count_up_to(albums),
        "today": clock.now().date(),
        "can_act": may_operate(request.user),
    }
    fragments = {"collection-albums": "library/_collection_albums.html"}
    return render_page(request, "library/collection.html", context, fragments=fragments)


@require_http_methods(["GET", "POST"])
@operator_required
def edit(request: OperatorRequest, pk: int) -> HttpResponse:
    """Rename and describe a collection."""
    collection = get_object_or_404(Collection, pk=pk)
    if request.method == "GET":
        initial = {"name": collection.name, "description": collection.description}
        return _render_edit(request, collection, CollectionForm(initial=initial))
    form = CollectionForm(request.POST)
    if form.is_valid():
        try:
            services.edit_collection(collection=collection, **form.cleaned_data)
        except InputError as error:
            form.add_error(error.field, str(error))
        else:
            messages.success(request, "Saved.")
            return redirect(collection)
    return _render_edit(request, collection, form, status=422)


@require_http_methods(["GET", "POST"])
@operator_required
def delete(request: OperatorRequest, pk: int) -> HttpResponse:
    """Ask whether a collection shall go, and delete it."""
    collection = get_object_or_404(Collection, pk=pk)
    if request.method == "GET":
        return _ask_to_delete(request, collection)
    try:
        services.delete_collection(collection=collection)
    except ConflictError as error:
        messages.error(request, str(error))
        return redirect("library:collection", pk=pk)
    messages.success(request, f"“{collection}” is deleted; its albums are still here.")
    return redirect("library:collections")


@require_POST
@operator_required
def remove(request: OperatorRequest, pk: int) -> HttpResponse:
    """Take the ticked albums out of a collection."""
    collection = get_object_or_404(Collection, pk=pk)
    albums = Album.objects.filter(pk__in=ticked(request))
    count = services.remove_albums(collection=collection, albums=albums)
    words = "1 album is" if count == 1 else f"{count} albums are"
    messages.success(request, f"{words} taken out of “{collection}”.")
    return redirect(collection)


def _render_list(
    request: OperatorRequest, form: CollectionForm, *, status: int = 200
) -> HttpResponse:
    context = {
        "section": "collections",
        "collections": reads.collections_for_table(),
        "form": form,
        "can_act": may_operate(request.user),
    }
    return render(request, "library/collections.html", context, status=status)


def _render_edit(
    request: OperatorRequest,
    collection: Collection,
    form: CollectionForm,
    *,
    status: int = 200,
) -> HttpResponse:
    context = {"collection": collection, "form": form}
    return render(request, "library/collection_edit.html", context, status=status)


def _ask_to_delete(request: OperatorRequest, collection: Collection) -> HttpResponse:
    context = {
        "title": f"Delete “{collection}”?",
        "text": "Its albums stay in the library and in other collections.",
        "facts": [("Albums in it", collection.albums.count())],
        "action": request.path,
        "label": "Delete the collection",
        "icon": "trash",
        "danger": True,
        "back": collection.get_absolute_url(),
    }
    fragments = {"dialog-body": "_confirm.html"}
    return render_page(request, "confirm.html", context, fragments=fragments)
