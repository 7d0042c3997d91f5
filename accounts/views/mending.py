"""Pages' buttons for what a person has mended at Spotify."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from accounts.models import Account, Developer
from accounts.services import mending
from automation.once import once_per_form
from vibe_engine import clock
from vibe_engine.web import OperatorRequest, operator_required


@require_POST
@operator_required
def ask_again(request: OperatorRequest, pk: int) -> HttpResponse:
    """Let one call of a developer go first now, although calls rest."""
    developer = get_object_or_404(Developer, pk=pk)
    count = mending.ask_spotify_again(developer=developer, now=clock.now())
    if count:
        messages.success(request, "One run asks Spotify now; the others follow it.")
    else:
        messages.info(request, "Nothing waits; the next call asks Spotify.")
    return redirect("accounts:list")


@require_POST
@operator_required
@once_per_form
def check_seat(request: OperatorRequest, pk: int) -> HttpResponse:
    """Open a run that asks Spotify whether an account holds its seat again."""
    account = get_object_or_404(Account.objects.select_related("app"), pk=pk)
    run = mending.open_seat_check(
        account=account, now=clock.now(), requested_by=request.user
    )
    messages.success(request, f"Spotify is asked about {account}.")
    return redirect(run)
