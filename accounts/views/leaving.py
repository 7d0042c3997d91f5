"""Disconnecting and erasing."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods

from accounts import questions, services
from accounts.forms import EraseForm, LeaveForm
from accounts.models import ErasureReceipt
from accounts.views.accounts import load_account
from automation.once import once_per_form
from vibe_engine import clock
from vibe_engine.errors import ConflictError
from vibe_engine.web import (
    OperatorRequest,
    operator_required,
    render_page,
)

SEE_OTHER = 303


@require_http_methods(["GET", "POST"])
@operator_required
def disconnect(request: OperatorRequest, pk: int) -> HttpResponse:
    """Say what disconnecting means; a POST with the account's name does it."""
    account = load_account(pk)
    form = LeaveForm(account, request.POST or None)
    if not form.is_valid():
        return _confirm(request, questions.disconnect(account), form)
    name = str(account)
    try:
        services.disconnect_account(account=account, now=clock.now())
    except ConflictError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{name} is disconnected; its tokens are gone.")
    return redirect(account)


@require_http_methods(["GET", "POST"])
@operator_required
@once_per_form
def erase(request: OperatorRequest, pk: int) -> HttpResponse:
    """Say what erasing an account loses; a POST with its name begins it."""
    account = load_account(pk)
    if account.is_being_erased:
        return redirect(get_object_or_404(ErasureReceipt, account_number=pk))
    form = EraseForm(account, request.POST or None)
    if not form.is_valid():
        return _confirm(request, questions.erase(account), form)
    name = str(account)
    try:
        receipt = services.open_erasure(
            account=account,
            now=clock.now(),
            unfollow=form.cleaned_data.get("unfollow", False),
            requested_by=request.user,
        )
    except ConflictError as error:
        messages.error(request, str(error))
        return redirect(get_object_or_404(ErasureReceipt, account_number=pk))
    messages.success(request, f"{name} is being erased; this is the receipt.")
    return HttpResponseRedirect(receipt.get_absolute_url(), status=SEE_OTHER)


def _confirm(
    request: OperatorRequest, question: dict[str, object], form: LeaveForm
) -> HttpResponse:
    return render_page(
        request,
        "confirm.html",
        question | {"form": form},
        fragments={"dialog-body": "_confirm.html"},
        status=422 if request.method == "POST" else 200,
    )
