"""Pages that belong to no app: sign-in, profile, theme."""

from typing import Any

from axes.helpers import get_client_ip_address
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.core.exceptions import (
    DisallowedHost,
    RequestDataTooBig,
    TooManyFieldsSent,
)
from django.db.models import Max
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import http_date, url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from vibe_engine.forms import NewPasswordForm, SignInForm, TimeZoneForm
from vibe_engine.templatetags.ui import DEFAULT_THEME, THEMES
from vibe_engine.web import OperatorRequest, may_operate, viewer_required

YEAR_S = 365 * 24 * 60 * 60
BAD_REQUESTS: dict[type[Exception], tuple[int, str]] = {
    RequestDataTooBig: (413, "What was sent is larger than 5 MB. Send it in parts."),
    TooManyFieldsSent: (413, "The form has more than 5,000 fields. Send it in parts."),
    DisallowedHost: (
        400,
        "No page is served under this host name. Staff: it is missing in ALLOWED_HOSTS.",
    ),
}


class SignInView(LoginView):
    """Django's sign-in: the address to go back to is checked, a session kept short.

    Without the tick the session ends with the browser.
    """

    form_class = SignInForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say in demo mode whose password the terminal shows, never which it is."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {
            "demo_username": settings.DEMO and settings.DASHBOARD_USERNAME
        }

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Sign in, for as long as the person asked."""
        response = super().form_valid(form)
        self.request.session.set_expiry(None if form.cleaned_data["stay"] else 0)
        return response

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """Answer 422, with the user name still there."""
        response = super().form_invalid(form)
        response.status_code = 422
        return response


def locked_out(
    request: HttpRequest, response: HttpResponse, credentials: dict[str, str] | None
) -> HttpResponse:
    """Say until when sign-in is closed; tries made meanwhile do not prolong it."""
    attempts = AccessAttempt.objects.filter(
        username=(credentials or {}).get("username"),
        ip_address=get_client_ip_address(request),
    )
    newest = attempts.aggregate(at=Max("attempt_time"))["at"]
    until = newest + settings.AXES_COOLOFF_TIME if newest else None
    context = {"until": until, "limit": settings.AXES_FAILURE_LIMIT}
    page = render(request, "registration/locked_out.html", context, status=429)
    if until is not None:
        page["Retry-After"] = http_date(until.timestamp())
    return page


@require_http_methods(["GET", "POST"])
@viewer_required
def profile(request: OperatorRequest) -> HttpResponse:
    """Show the person's own page; change the password or the time zone."""
    zone = request.session.get("timezone", settings.TIME_ZONE)
    password_form = NewPasswordForm(request.user)
    zone_form = TimeZoneForm(initial={"timezone": zone})
    if request.method == "POST" and "timezone" in request.POST:
        zone_form = TimeZoneForm(request.POST)
        if zone_form.is_valid():
            return _keep_zone(request, zone_form.cleaned_data["timezone"])
    elif request.method == "POST":
        password_form = NewPasswordForm(request.user, request.POST)
        if password_form.is_valid():
            return _keep_password(request, password_form)
    context = {
        "password_form": password_form,
        "zone_form": zone_form,
        "may_operate": may_operate(request.user),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "profile.html", context, status=status)


def _keep_zone(request: OperatorRequest, name: str) -> HttpResponse:
    request.session["timezone"] = name
    messages.success(request, f"Times are now shown in {name.replace('_', ' ')}.")
    response = redirect("profile")
    _keep_cookie(response, "timezone", name)
    return response


def _keep_password(request: OperatorRequest, form: NewPasswordForm) -> HttpResponse:
    form.save()
    update_session_auth_hash(request, form.user)
    messages.success(request, "Your password is changed. Other sessions are closed.")
    return redirect("profile")


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the theme in a cookie, for a year, and go back to the page."""
    chosen = request.POST.get("theme", "")
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}):
        back = reverse(settings.LOGIN_REDIRECT_URL)
    response = HttpResponseRedirect(back)
    known = chosen in dict(THEMES)
    _keep_cookie(response, "theme", chosen if known else DEFAULT_THEME)
    return response


def _keep_cookie(response: HttpResponse, name: str, value: str) -> None:
    response.set_cookie(
        name, value, max_age=YEAR_S, samesite="Lax", secure=settings.HTTPS
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say what is wrong with a request that reached no view; nothing of it is read."""
    status, reason = BAD_REQUESTS.get(type(exception), (400, ""))
    page = render_to_string("400.html", {"status": status, "reason": reason})
    return HttpResponse(page, status=status)
