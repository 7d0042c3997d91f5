"""The switch of one account's shadow mode."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from accounts.models import Account
from automation import holds
from vibe_engine import clock
from vibe_engine.errors import ConflictError
from vibe_engine.web import OperatorRequest, operator_required


@require_POST
@operator_required
def enter_shadow(request: OperatorRequest, pk: int) -> HttpResponse:
    """Begin an account's shadow mode: its lists are recorded and not sent."""
    account = get_object_or_404(Account, pk=pk)
    if holds.enter_shadow(now=clock.now(), by=request.user, lane=account.lane):
        messages.warning(
            request,
            f"{account} is in shadow mode: its lists are drawn and recorded, nothing "
            "is sent.",
        )
    else:
        messages.info(request, f"{account} was in shadow mode already.")
    return redirect(account)


@require_POST
@operator_required
def leave_shadow(request: OperatorRequest, pk: int) -> HttpResponse:
    """End an account's shadow mode; what waited for that goes on."""
    account = get_object_or_404(Account, pk=pk)
    try:
        holds.leave_shadow(now=clock.now(), by=request.user, lane=account.lane)
    except ConflictError:
        messages.info(request, f"{account} is not in shadow mode by itself.")
    else:
        messages.success(request, f"{account} has left shadow mode.")
    return redirect(account)
