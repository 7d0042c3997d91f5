"""What a change of many playlists would give, told while it is typed."""

import secrets
from typing import TypeVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST

from automation import runtime
from automation.runtime import RuntimeSettings
from playlists import selection
from playlists.forms import BulkEditForm
from playlists.models import Playlist
from playlists.ruleforms import BulkRulesForm
from playlists.services import foreseeing, ruling
from playlists.services.foreseeing import Change, Foreseen
from playlists.views.choosing import selection_required
from playlists.views.detail import SEED_BITS, show_preview
from playlists.views.editing import show_edit_of_many
from playlists.views.ruling import show_rules_of_many
from vibe_engine import clock
from vibe_engine.errors import InputError
from vibe_engine.web import OperatorRequest, operator_required

FRAGMENT = "playlists/_foreseen.html"
F = TypeVar("F", BulkRulesForm, BulkEditForm)


@require_POST
@operator_required
@selection_required
def count_rules(
    request: OperatorRequest, playlists: QuerySet[Playlist]
) -> HttpResponse:
    """Say what the ticked rules would give to a selection; nothing is kept."""
    settings = runtime.load()
    form = _lenient(BulkRulesForm(request.POST, settings=settings))
    found = None
    if form.is_valid():
        found = _foresee(playlists, _change_of(form), settings)
    context = {"foreseen": found, "form": form}
    if request.htmx:
        return render(request, FRAGMENT, context)
    status = 422 if found is None else 200
    return show_rules_of_many(request, playlists, form, status=status, foreseen=found)


@require_POST
@operator_required
@selection_required
def count_edit(request: OperatorRequest, playlists: QuerySet[Playlist]) -> HttpResponse:
    """Say what the ticked changes would give to a selection; nothing is kept."""
    settings = runtime.load()
    form = _lenient(BulkEditForm(request.POST, settings=settings))
    found = None
    if form.is_valid():
        changes = form.changes()
        numbers = {
            name: changes[name]  # type: ignore[literal-required]
            for name in foreseeing.NUMBERS
            if name in changes
        }
        ids = changes.get("collection_ids")
        change = Change(numbers=numbers, collection_ids=ids)
        found = _foresee(playlists, change, settings)
    context = {"foreseen": found, "form": form}
    if request.htmx:
        return render(request, FRAGMENT, context)
    status = 422 if found is None else 200
    return show_edit_of_many(request, playlists, form, status=status, foreseen=found)


@require_POST
@operator_required
@selection_required
def preview_rules(
    request: OperatorRequest, playlists: QuerySet[Playlist]
) -> HttpResponse:
    """Draw a list of one of a selection under the ticked rules; nothing is kept."""
    form = _lenient(BulkRulesForm(request.POST, settings=runtime.load()))
    if not form.is_valid():
        return show_rules_of_many(request, playlists, form, status=422)
    sample = selection.as_key(request.POST.get("sample", ""))
    playlist = get_object_or_404(playlists.select_related("account__app"), pk=sample)
    change = _change_of(form)
    try:
        tried = ruling.trial(playlist, change.rules, {}, change.inherited)
    except InputError as error:
        form.add_error(None, f"{playlist}: {error}")
        return show_rules_of_many(request, playlists, form, status=422)
    return show_preview(request, tried, secrets.randbits(SEED_BITS), is_trial=True)


def _lenient(form: F) -> F:
    """Let a form be looked at before anything is ticked."""
    form.fields["change"].required = False
    return form


def _change_of(form: BulkRulesForm) -> Change:
    return Change(rules=form.changed_rules(), inherited=form.newly_inherited())


def _foresee(
    playlists: QuerySet[Playlist], change: Change, settings: RuntimeSettings
) -> Foreseen:
    return foreseeing.foresee(
        playlists=playlists, change=change, settings=settings, now=clock.now()
    )
