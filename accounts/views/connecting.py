"""The way to Spotify's consent and back."""

from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from accounts import access, consent, panels, services
from accounts.consent import ConsentError
from accounts.forms import ConnectForm
from accounts.models import Account
from accounts.views.accounts import load_account
from automation import runtime
from vibe_engine import clock
from vibe_engine.spotify.oauth import SCOPES
from vibe_engine.web import (
    OperatorRequest,
    operator_required,
)

SEE_OTHER = 303


@require_http_methods(["GET", "POST"])
@operator_required
def connect(request: OperatorRequest) -> HttpResponse:
    """Explain the consent; a POST with the promise goes on to Spotify."""
    return _ask_for_consent(request, account=None)


@require_http_methods(["GET", "POST"])
@operator_required
def renew(request: OperatorRequest, pk: int) -> HttpResponse:
    """The same for one account, whose consent is to be given anew."""
    return _ask_for_consent(request, account=load_account(pk))


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
