"""Editing playlists: one, many, and the names of an account's."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Account
from automation import runtime
from automation.once import once_per_form
from playlists import selection
from playlists.forms import OVERRIDES, BulkEditForm, EditForm, add_error
from playlists.models import Playlist
from playlists.services import editing
from playlists.views.choosing import selection_required
from vibe_engine import clock
from vibe_engine.errors import ConflictError, InputError
from vibe_engine.web import OperatorRequest, operator_required, render_page


@require_http_methods(["GET", "POST"])
@operator_required
@once_per_form
def edit(request: OperatorRequest, pk: int) -> HttpResponse:
    """Change a playlist's details and rules."""
    playlist = get_object_or_404(
        Playlist.objects.managed().select_related("account__app"), pk=pk
    )
    settings = runtime.load()
    if request.method == "GET":
        form = EditForm(initial=EditForm.initial_of(playlist), settings=settings)
        return _show(request, playlist, form)
    form = EditForm(request.POST, settings=settings)
    if not form.is_valid():
        return _show(request, playlist, form, status=422)
    return _save(request, playlist, form, settings)


def _save(
    request: OperatorRequest,
    playlist: Playlist,
    form: EditForm,
    settings: runtime.RuntimeSettings,
) -> HttpResponse:
    try:
        run = editing.edit_playlist(
            playlist=playlist,
            version=form.cleaned_data["version"],
            changes=form.changes(),
            settings=settings,
            now=clock.now(),
            requested_by=request.user,
        )
    except InputError as error:
        add_error(form, error.field, str(error))
        return _show(request, playlist, form, status=422)
    except ConflictError as error:
        form.add_error(None, str(error))
        return _show(request, playlist, form, status=409)
    told = " Spotify is being told." if run else ""
    messages.success(request, f"Saved.{told}")
    return redirect(playlist)


def _show(
    request: OperatorRequest, playlist: Playlist, form: EditForm, *, status: int = 200
) -> HttpResponse:
    context = {"playlist": playlist, "form": form}
    return render(request, "playlists/edit.html", context, status=status)


@require_POST
@operator_required
@once_per_form
@selection_required
def edit_many(request: OperatorRequest, playlists: QuerySet[Playlist]) -> HttpResponse:
    """Change the ticked things of a selection of playlists."""
    settings = runtime.load()
    form = BulkEditForm(
        request.POST if "save" in request.POST else None,
        initial=_filled_in(request.POST),
        settings=settings,
    )
    if form.is_bound and form.is_valid():
        try:
            outcome = editing.edit_playlists(
                playlists=playlists,
                changes=form.changes(),
                settings=settings,
                now=clock.now(),
                requested_by=request.user,
            )
        except InputError as error:
            add_error(form, error.field, str(error))
        else:
            noun = "playlist is" if outcome.changed == 1 else "playlists are"
            messages.success(request, f"{outcome.changed:,} {noun} changed.")
            return redirect(outcome.run or "playlists:list")
    status = 422 if form.is_bound else 200
    return show_edit_of_many(request, playlists, form, status=status)


def show_edit_of_many(
    request: OperatorRequest,
    playlists: QuerySet[Playlist],
    form: BulkEditForm,
    *,
    status: int = 200,
    **context: object,
) -> HttpResponse:
    """Show the form of what a selection may be given."""
    context |= {
        "form": form,
        "count": playlists.count(),
        "fields": selection.as_fields(request.POST),
    }
    return render(request, "playlists/edit_many.html", context, status=status)


def _filled_in(posted: QueryDict) -> dict[str, Any]:
    """Return the numbers that came with a selection, ticked to be changed."""
    numbers = {name: posted[name] for name in OVERRIDES if posted.get(name)}
    return {**numbers, "change": list(numbers)}


@require_http_methods(["GET", "POST"])
@operator_required
@once_per_form
def rename_account(request: OperatorRequest, account_pk: int) -> HttpResponse:
    """Give an account's playlists the names of its present prefix."""
    account = get_object_or_404(Account.objects.select_related("app"), pk=account_pk)
    if request.method == "GET":
        count = editing.count_renames(account=account)
        context = {
            "title": f"Rename {count:,} playlists of {account}?",
            "text": f"They become “{account.prefix} • 001” and so on; numbers stay.",
            "facts": [("Calls to Spotify", count)],
            "action": request.path,
            "label": f"Rename {count:,}",
            "icon": "edit",
            "back": account.get_absolute_url(),
        }
        fragments = {"dialog-body": "_confirm.html"}
        return render_page(request, "confirm.html", context, fragments=fragments)
    try:
        run = editing.rename_playlists(
            account=account, now=clock.now(), requested_by=request.user
        )
    except InputError as error:
        messages.info(request, str(error))
        return redirect(account)
    messages.success(request, f"“{run.title}” has begun.")
    return redirect(run)
