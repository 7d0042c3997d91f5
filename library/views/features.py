"""How tracks sound: who is asked for it, and files that say it."""

from dataclasses import dataclass
from typing import TypeVar

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from automation import runtime
from automation.once import once_per_form
from library import reads, services
from library.forms import ImportForm
from library.models import FEATURE_NAMES, Album, Track
from library.services import Judged, RowVerdict
from vibe_engine import clock
from vibe_engine.errors import InputError
from vibe_engine.web import (
    OperatorRequest,
    may_operate,
    operator_required,
    viewer_required,
)

Row = TypeVar("Row", Album, Track)

SHOWN = 200
"""More verdicts than these are not drawn; those with problems come first."""


@dataclass(frozen=True)
class Outcome:
    """A judged file as the page shows it; `stored` tracks have its values now."""

    judged: Judged
    shown: list[RowVerdict]
    stored: int | None = None

    @property
    def hidden(self) -> int:
        """How many verdicts are not drawn."""
        return len(self.judged.verdicts) - len(self.shown)


@require_GET
@viewer_required
def overview(request: OperatorRequest) -> HttpResponse:
    """Show how many tracks lack features, who is asked, and the form for files."""
    return _render(request, ImportForm())


@require_GET
@viewer_required
def template(request: OperatorRequest) -> HttpResponse:
    """Hand out a file to fill in, with the tracks that lack features."""
    lines = "".join(services.template_lines())
    response = HttpResponse(f"\ufeff{lines}", content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="features.csv"'
    return response


@require_POST
@operator_required
@once_per_form
def fetch(request: OperatorRequest) -> HttpResponse:
    """Ask for the features that are lacking: of a track, an album, or everywhere."""
    album = _chosen(Album, request.POST.get("album", ""))
    track = _chosen(Track, request.POST.get("track", ""))
    try:
        run = services.open_fetch(
            settings=runtime.load(),
            now=clock.now(),
            album=album,
            track=track,
            requested_by=request.user,
        )
    except InputError as error:
        messages.error(request, str(error))
        return redirect(track or album or "library:features")
    return redirect(run)


@require_POST
@operator_required
def take_file(request: OperatorRequest) -> HttpResponse:
    """Judge a file line by line; with `action=import` take its good lines."""
    form = ImportForm(request.POST, request.FILES)
    if not form.is_valid():
        return _render(request, form, status=422)
    text = form.cleaned_data["lines"]
    try:
        judged = services.judge_file(text=text)
    except InputError as error:
        form.add_error("text", str(error))
        return _render(request, form, status=422)
    stored = None
    if request.POST.get("action") == "import":
        stored = services.import_features(judged=judged, now=clock.now())
        text = services.rest_of(judged)
    shown = [*judged.problems, *judged.good][:SHOWN]
    outcome = Outcome(judged, shown, stored)
    return _render(request, ImportForm(initial={"text": text}), outcome)


def _chosen(model: type[Row], key: str) -> Row | None:
    """Return the row that a form names, None where it names none."""
    if not key:
        return None
    known = key if key.isascii() and key.isdecimal() and len(key) <= 18 else "0"
    return get_object_or_404(model, pk=known)


def _render(
    request: OperatorRequest,
    form: ImportForm,
    outcome: Outcome | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form,
        "outcome": outcome,
        "lacking": reads.count_up_to(Track.objects.lacking_features()),
        "sources": reads.feature_sources(settings=runtime.load(), now=clock.now()),
        "names": FEATURE_NAMES,
        "can_act": may_operate(request.user),
    }
    return render(request, "library/features.html", context, status=status)
