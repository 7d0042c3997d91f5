"""The rules of playlists: written, counted and tried before they are kept."""

import secrets

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from automation import runtime
from automation.runtime import RuntimeSettings
from playlists import chosen, rulewords, selection
from playlists.effective import rules_for
from playlists.forms import add_error
from playlists.models import Playlist
from playlists.ruleforms import BulkRulesForm, PlaylistRulesForm
from playlists.sampler import RulesError
from playlists.services import ruling
from playlists.views.choosing import selection_required
from playlists.views.detail import SEED_BITS, show_preview
from vibe_engine import clock
from vibe_engine.errors import ConflictError, InputError
from vibe_engine.web import OperatorRequest, operator_required

MOST_SAMPLES = 50
"""Playlists of a selection on which its rules may be tried."""


@require_http_methods(["GET", "POST"])
@operator_required
def edit_rules(request: OperatorRequest, pk: int) -> HttpResponse:
    """Change which tracks a playlist may hold."""
    playlist, settings = _load(pk), runtime.load()
    if request.method == "GET":
        return _show(request, playlist, _form_of(request, playlist, settings))
    form = PlaylistRulesForm(request.POST, settings=settings)
    if not form.is_valid():
        return _show(request, playlist, form, status=422)
    try:
        _check(form, playlist, settings)
        if form.errors:
            return _show(request, playlist, form, status=422)
        ruling.change_rules(
            playlist=playlist,
            version=form.cleaned_data["version"],
            rules=form.rules(),
            numbers=form.numbers_typed(),
            inherited=form.inherited(),
        )
    except InputError as error:
        add_error(form, error.field, str(error))
        return _show(request, playlist, form, status=422)
    except ConflictError as error:
        form.add_error(None, str(error))
        return _show(request, playlist, form, status=409)
    messages.success(request, "Saved. The rules count from the next reshuffle.")
    return redirect(playlist)


@require_POST
@operator_required
def count_rules(request: OperatorRequest, pk: int) -> HttpResponse:
    """Say how many tracks the rules of a form let come; nothing is kept."""
    playlist, settings = _load(pk), runtime.load()
    form = PlaylistRulesForm(request.POST, settings=settings)
    context: dict[str, object] = {}
    if form.is_valid():
        _check(form, playlist, settings)
    if form.is_valid():
        tried = _tried(form, playlist)
        rules = rules_for(tried, settings)
        phrases = rulewords.say_rules(rules, chosen.names_of(rules))
        context = {
            "matching": ruling.count_matching(
                playlist=tried, settings=settings, now=clock.now()
            ),
            "sentence": rulewords.in_one_sentence(phrases),
            "size": rules.size,
        }
    if request.htmx:
        return render(request, "playlists/_matching.html", context | {"form": form})
    status = 200 if form.is_valid() else 422
    return _show(request, playlist, form, status=status, **context)


@require_POST
@operator_required
def preview_rules(request: OperatorRequest, pk: int) -> HttpResponse:
    """Draw a list under the rules of a form; neither is kept."""
    playlist, settings = _load(pk), runtime.load()
    form = PlaylistRulesForm(request.POST, settings=settings)
    if form.is_valid():
        _check(form, playlist, settings)
    if not form.is_valid():
        return _show(request, playlist, form, status=422)
    tried = _tried(form, playlist)
    seed = secrets.randbits(SEED_BITS)
    return show_preview(request, tried, seed, is_trial=True)


@require_POST
@operator_required
@selection_required
def edit_rules_of_many(
    request: OperatorRequest, playlists: QuerySet[Playlist]
) -> HttpResponse:
    """Give a selection of playlists the ticked groups of rules."""
    form = _bulk_form(request)
    if form.is_bound and form.is_valid():
        try:
            count = ruling.change_rules_of(
                playlists=playlists,
                rules=form.changed_rules(),
                inherited=form.newly_inherited(),
            )
        except InputError as error:
            form.add_error(None, f"Nothing was changed. {error}")
        else:
            noun = "playlist has" if count == 1 else "playlists have"
            messages.success(request, f"{count:,} {noun} the new rules.")
            return redirect("playlists:list")
    status = 422 if form.is_bound else 200
    return show_rules_of_many(request, playlists, form, status=status)


def show_rules_of_many(
    request: OperatorRequest,
    playlists: QuerySet[Playlist],
    form: BulkRulesForm,
    *,
    status: int = 200,
    **context: object,
) -> HttpResponse:
    """Show the form of the rules of a selection, and what it may be tried on."""
    context |= {
        "form": form,
        "count": playlists.count(),
        "samples": playlists[:MOST_SAMPLES],
        "fields": selection.as_fields(request.POST),
    }
    return render(request, "playlists/rules_many.html", context, status=status)


def _form_of(
    request: OperatorRequest, playlist: Playlist, settings: RuntimeSettings
) -> PlaylistRulesForm:
    """Return the form of a playlist's rules; empty where these cannot be read."""
    try:
        rules = rules_for(playlist, settings)
    except RulesError as error:
        messages.error(
            request, f"{error} The form shows the settings; saving replaces the rules."
        )
        playlist.rules = {}
        rules = rules_for(playlist, settings)
    initial = PlaylistRulesForm.initial_of(playlist, rules)
    return PlaylistRulesForm(initial=initial, settings=settings)


def _tried(form: PlaylistRulesForm, playlist: Playlist) -> Playlist:
    return ruling.trial(playlist, form.rules(), form.numbers_typed(), form.inherited())


def _check(
    form: PlaylistRulesForm, playlist: Playlist, settings: RuntimeSettings
) -> None:
    """Put beside its field what contradicts the rules, the collections or other pins."""
    tried = _tried(form, _load(playlist.pk))
    problems = ruling.pin_problems(playlist=tried, settings=settings, now=clock.now())
    for number, text in problems.items():
        form.add_error(form.rows.pin_field(number), text)
    for number, text in ruling.share_problems(playlist=tried).items():
        form.add_error(form.rows.share_field(number), text)


def _bulk_form(request: OperatorRequest) -> BulkRulesForm:
    settings = runtime.load()
    if "save" in request.POST:
        return BulkRulesForm(request.POST, settings=settings)
    return BulkRulesForm(initial=BulkRulesForm.defaults(settings), settings=settings)


def _show(
    request: OperatorRequest,
    playlist: Playlist,
    form: PlaylistRulesForm,
    *,
    status: int = 200,
    **context: object,
) -> HttpResponse:
    context |= {"playlist": playlist, "form": form}
    return render(request, "playlists/rules.html", context, status=status)


def _load(pk: int) -> Playlist:
    playlists = Playlist.objects.managed().select_related("account__app")
    return get_object_or_404(playlists, pk=pk)
