"""One track."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from library import services
from library.forms import HoldForm
from library.models import SHARE_FEATURES, Track
from vibe_engine import clock
from vibe_engine.web import (
    OperatorRequest,
    may_operate,
    operator_required,
    viewer_required,
)


@dataclass(frozen=True)
class Share:
    """One feature between 0 and 1."""

    label: str
    value: float | None


@require_GET
@viewer_required
def detail(request: OperatorRequest, pk: int) -> HttpResponse:
    """Show a track: what is known of it, who is credited, where it was listed."""
    return _render(request, _track(pk), HoldForm())


@require_POST
@operator_required
def hold(request: OperatorRequest, pk: int) -> HttpResponse:
    """Keep a track out of draws."""
    track, form = _track(pk), HoldForm(request.POST)
    if not form.is_valid():
        return _render(request, track, form, status=422)
    services.hold_tracks(
        tracks=Track.objects.filter(pk=pk), reason=form.cleaned_data["reason"]
    )
    messages.success(request, f"“{track}” is held and not drawn any more.")
    return redirect(track)


@require_POST
@operator_required
def release(request: OperatorRequest, pk: int) -> HttpResponse:
    """Let a held track be drawn again."""
    track = _track(pk)
    services.release_tracks(tracks=Track.objects.filter(pk=pk))
    messages.success(request, f"“{track}” may be drawn again.")
    return redirect(track)


def _track(pk: int) -> Track:
    return get_object_or_404(Track.objects.select_related("album"), pk=pk)


def _render(
    request: OperatorRequest, track: Track, form: HoldForm, *, status: int = 200
) -> HttpResponse:
    twins = Track.objects.filter(recording_key=track.recording_key).exclude(pk=track.pk)
    context = {
        "track": track,
        "credits": track.credits.select_related("artist"),
        "twins": twins.select_related("album")[:20],
        "shares": [
            Share(name.capitalize(), getattr(track, name)) for name in SHARE_FEATURES
        ],
        "form": form,
        "today": clock.now().date(),
        "can_act": may_operate(request.user),
    }
    return render(request, "library/track.html", context, status=status)
