"""Creating playlists, with the forecast before."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from accounts import access
from automation import runtime
from automation.once import once_per_form
from playlists import ways
from playlists.forms import CreateForm, add_error
from playlists.services import creation
from playlists.services import forecast as forecasting
from vibe_engine import clock
from vibe_engine.errors import InputError
from vibe_engine.web import OperatorRequest, operator_required


@require_http_methods(["GET", "POST"])
@operator_required
@once_per_form
def create(request: OperatorRequest) -> HttpResponse:
    """Ask how many and from what; a POST creates them."""
    settings = runtime.load()
    if request.method == "POST":
        return _create(request, CreateForm(request.POST, settings=settings), settings)
    initial: dict[str, Any] = {"account": access.active_account_id(request)}
    asked = request.GET
    initial |= {name: asked[name] for name in CreateForm.base_fields if name in asked}
    initial["collections"] = asked.getlist("collections")
    form = CreateForm(initial=initial, settings=settings)
    return _show(request, form)


def _create(
    request: OperatorRequest, form: CreateForm, settings: runtime.RuntimeSettings
) -> HttpResponse:
    if not form.is_valid():
        return _show(request, form, status=422)
    try:
        run = creation.create_playlists(
            **form.wishes(),
            prefix=form.cleaned_data["name_prefix"],
            is_public=form.cleaned_data["is_public"],
            label_names=form.cleaned_data["labels"],
            settings=settings,
            requested_by=request.user,
            now=clock.now(),
        )
    except InputError as error:
        add_error(form, error.field, str(error))
        return _show(request, form, status=422)
    messages.success(request, f"“{run.title}” has begun.")
    return redirect(run)


def _show(
    request: OperatorRequest, form: CreateForm, *, status: int = 200
) -> HttpResponse:
    return render(request, "playlists/create.html", {"form": form}, status=status)


@require_GET
@operator_required
def forecast(request: OperatorRequest) -> HttpResponse:
    """Say what the form would give: overlap, rest, calls and time."""
    settings = runtime.load()
    form = CreateForm(request.GET, settings=settings)
    found, problem, helping = None, "", []
    if form.is_valid():
        try:
            found = forecasting.forecast_creation(**form.wishes(), settings=settings)
        except InputError as error:
            problem = str(error)
        else:
            helping = ways.ways_of_order(
                found.helps,
                order=request.GET,
                developer=form.cleaned_data["account"].app.developer,
                person=request.user,
            )
    return render(
        request,
        "playlists/_forecast.html" if request.htmx else "playlists/forecast.html",
        {"forecast": found, "problem": problem, "ways": helping, "form": form},
    )
