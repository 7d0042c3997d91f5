"""Pages of the accounts: the fleet, one account, connecting and leaving."""

from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import access, consent, panels, questions, services
from accounts.consent import ConsentError
from accounts.forms import ConnectForm, EraseForm, LeaveForm, PrefixForm
from accounts.models import Account, ErasureReceipt
from automation import runtime
from automation.ledger import RunSpec, open_run
from automation.once import once_per_form
from vibe_engine import clock
from vibe_engine.errors import ConflictError
from vibe_engine.spotify.oauth import SCOPES
from vibe_engine.web import (
    OperatorRequest,
    may_operate,
    operator_required,
    render_page,
    viewer_required,
)

SEE_OTHER = 303
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
    account = _account(pk)
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


@require_http_methods(["GET", "POST"])
@operator_required
def connect(request: OperatorRequest) -> HttpResponse:
    """Explain the consent; a POST with the promise goes on to Spotify."""
    return _ask_for_consent(request, account=None)


@require_http_methods(["GET", "POST"])
@operator_required
def renew(request: OperatorRequest, pk: int) -> HttpResponse:
    """The same for one account, whose consent is to be given anew."""
    return _ask_for_consent(request, account=_account(pk))


def _ask_for_consent(
    request: OperatorRequest, *, account: Account | None
) -> HttpResponse:
    form = ConnectForm(
        request.POST or None, initial={"app": account.app_id if account else None}
    )
    if request.method != "POST":
        return _connect_page(request, form, account=account, status=200)
    if not form.is_valid():
        return _connect_page(request, form, account=account, status=422)
    try:
        address = services.start_consent(
            app=form.cleaned_data["app"],
            user=request.user,
            session=request.session,
            now=clock.now(),
            account=account,
        )
    except ConsentError as error:
        return _problem_page(request, error, account=account)
    return HttpResponseRedirect(address, status=SEE_OTHER)


def _connect_page(
    request: OperatorRequest, form: ConnectForm, *, account: Account | None, status: int
) -> HttpResponse:
    chosen = form["app"].value()
    context = {
        "form": form,
        "account": account,
        "apps": panels.app_choices(chosen=chosen, account=account, now=clock.now()),
        "scopes": SCOPES,
        "redirect_uri": settings.SPOTIFY_REDIRECT_URI,
        "spotify_host": urlsplit(settings.SPOTIFY_ACCOUNTS_URL).netloc,
    }
    return render(request, "accounts/connect.html", context, status=status)


@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    """Take Spotify's answer: the one GET that changes something, by state.

    Whoever is not signed in any more is not sent to the sign-in page and back: the
    code would travel along in an address.
    """
    if not request.user.is_authenticated:
        return _problem_page(request, ConsentError(consent.SIGNED_OUT), account=None)
    return _finish_consent(request)


@operator_required
def _finish_consent(request: OperatorRequest) -> HttpResponse:
    account = None
    now = clock.now()
    try:
        pending = consent.take(
            request.session,
            request.GET.get("state", ""),
            user_id=request.user.pk,
            now=now,
        )
        account = Account.objects.filter(pk=pending.account or 0).first()
        connected = services.finish_consent(
            pending=pending,
            code=consent.code_in(request.GET),
            user=request.user,
            default_prefix=runtime.load().default_prefix,
            now=now,
        )
    except ConsentError as error:
        return _problem_page(request, error, account=account)
    if access.active_account_id(request) is None:
        access.set_active(request, connected.account)
    messages.success(request, _welcome(connected))
    return HttpResponseRedirect(connected.account.get_absolute_url(), status=SEE_OTHER)


def _welcome(connected: services.Connected) -> str:
    if connected.is_new:
        return f"{connected.account} is connected."
    if not connected.freed_runs:
        return f"The consent of {connected.account} is renewed."
    runs = (
        "1 run goes" if connected.freed_runs == 1 else f"{connected.freed_runs} runs go"
    )
    return f"The consent of {connected.account} is renewed; {runs} on."


def _problem_page(
    request: HttpRequest, error: ConsentError, *, account: Account | None
) -> HttpResponse:
    context = {"problem": error.problem, "detail": error.detail, "account": account}
    return render(
        request, "accounts/problem.html", context, status=error.problem.status
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
    account = _account(pk)
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
    account = _account(pk)
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
    account = _account(pk)
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
    account = _account(pk)
    try:
        services.resume_account(account=account, now=clock.now())
    except ConflictError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{account} is at work again.")
    return redirect(account)


@require_http_methods(["GET", "POST"])
@operator_required
def disconnect(request: OperatorRequest, pk: int) -> HttpResponse:
    """Say what disconnecting means; a POST with the account's name does it."""
    account = _account(pk)
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
    account = _account(pk)
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


def _account(pk: int) -> Account:
    accounts = Account.objects.select_related("app__developer", "authorized_by")
    return get_object_or_404(accounts, pk=pk)
