"""The fleet, one account, and what is changed of it."""

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import access, panels, services
from accounts.forms import PrefixForm
from accounts.models import Account
from automation import runtime
from automation.ledger import RunSpec, open_run
from automation.once import once_per_form
from vibe_engine import clock
from vibe_engine.errors import ConflictError
from vibe_engine.web import (
    OperatorRequest,
    may_operate,
    operator_required,
    render_page,
    viewer_required,
)

LONGEST_KEY = 19
"""Digits of the largest primary key."""


@require_GET
@viewer_required
def accounts_list(request: OperatorRequest) -> HttpResponse:
    """Show every app with its accounts as channels."""
    now = clock.now()
    limit = runtime.load().max_playlists_per_account
    buses = panels.buses(limit=limit, now=now)
    context = {
        "buses": buses,
        "summary": panels.summary(buses),
        "active_id": access.active_account_id(request),
        "may_operate": may_operate(request.user),
    }
    return render(request, "accounts/list.html", context)


@require_GET
@viewer_required
def detail(request: OperatorRequest, pk: int) -> HttpResponse:
    """Show one account; its prefix alone when the form is left."""
    account = load_account(pk)
    limit = runtime.load().max_playlists_per_account
    context = {
        "account": account,
        "panel": panels.panel(account, limit=limit, now=clock.now()),
        "is_active": access.active_account_id(request) == account.pk,
        "may_operate": may_operate(request.user),
    }
    return render_page(
        request,
        "accounts/detail.html",
        context,
        fragments={f"prefix-{pk}": "accounts/_prefix.html"},
    )


@require_POST
@viewer_required
def switch(request: OperatorRequest) -> HttpResponse:
    """Make an account the session's active one, or none; go back to the page."""
    chosen = request.POST.get("account", "")
    if len(chosen) > LONGEST_KEY:
        raise Http404("There is no such account.")
    is_key = chosen.isdecimal()
    account = get_object_or_404(Account, pk=chosen) if is_key else None
    access.set_active(request, account)
    back = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(
        back, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return HttpResponseRedirect(back)
    return redirect("metrics:home")


@require_http_methods(["GET", "POST"])
@operator_required
def edit_prefix(request: OperatorRequest, pk: int) -> HttpResponse:
    """Change the prefix in its place, or on a page of its own."""
    account = load_account(pk)
    form = PrefixForm(request.POST or None, initial={"prefix": account.prefix})
    if request.method == "POST" and form.is_valid():
        services.change_prefix(account=account, prefix=form.cleaned_data["prefix"])
        messages.success(request, f"New playlists are named “{account.prefix} • …”.")
        if not request.htmx:
            return redirect(account)
        context = {"account": account, "may_operate": True}
        return render(request, "accounts/_prefix.html", context)
    return render_page(
        request,
        "accounts/prefix.html",
        {"account": account, "form": form},
        fragments={f"prefix-{pk}": "accounts/_prefix_form.html"},
        status=422 if request.method == "POST" else 200,
    )


@require_POST
@operator_required
@once_per_form
def refresh_token(request: OperatorRequest, pk: int) -> HttpResponse:
    """Open a run that refreshes the token now."""
    account = load_account(pk)
    spec = RunSpec(
        "accounts.refresh_token",
        account.subject,
        f"Refresh the token of {account}",
        lane=account.lane,
        budget=account.budget,
        url=account.get_absolute_url(),
        arguments={"account": account.pk},
    )
    run = open_run(spec, now=clock.now(), requested_by=request.user)
    messages.success(request, f"The token of {account} is being refreshed.")
    return redirect(run)


@require_POST
@operator_required
def pause(request: OperatorRequest, pk: int) -> HttpResponse:
    """Stop all work on an account."""
    account = load_account(pk)
    try:
        services.pause_account(account=account)
    except ConflictError as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request, f"{account} is paused; its playlists stay as they are."
        )
    return redirect(account)


@require_POST
@operator_required
def resume(request: OperatorRequest, pk: int) -> HttpResponse:
    """Go on with an account that was paused or had no seat."""
    account = load_account(pk)
    try:
        services.resume_account(account=account, now=clock.now())
    except ConflictError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{account} is at work again.")
    return redirect(account)


def load_account(pk: int) -> Account:
    """Return an account with what its pages name, or answer 404."""
    accounts = Account.objects.select_related("app__developer", "authorized_by")
    return get_object_or_404(accounts, pk=pk)
