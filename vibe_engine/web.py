"""What every view shares: one URL in two shapes, roles, and messages."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

OPERATORS = "operators"
"""Members of this group act; everybody else who is signed in reads."""


class OperatorRequest(HttpRequest):
    """A request of somebody signed in, seen by `HtmxMiddleware`."""

    user: User
    htmx: HtmxDetails


LEAVING = {"HX-Redirect", "HX-Refresh", "HX-Location"}
"""Answers that make the browser leave; messages wait for the page that follows."""

P = ParamSpec("P")
View = Callable[Concatenate[OperatorRequest, P], HttpResponse]


def render_page(
    request: OperatorRequest,
    page: str,
    context: dict[str, Any],
    *,
    fragments: dict[str, str],
    status: int = 200,
) -> HttpResponse:
    """Render `page`, or the fragment whose DOM id htmx says it will replace.

    `fragments` maps an element id to a template. History restores and boosted
    visits always get the whole page. `Vary` is set on both kinds of answer, so
    that no cache hands a fragment to a browser that wants a page.
    """
    htmx = request.htmx
    partial = bool(htmx) and not htmx.boosted and not htmx.history_restore_request
    template = fragments.get(htmx.target or "", page) if partial else page
    response = render(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def hx_or_redirect(request: HttpRequest, to: Any, *args: Any) -> HttpResponse:
    """Go to `to` (as in `redirect()`): with htmx by a full page load, else by 302.

    A redirect would make htmx put the whole new page into its target.
    """
    if cast("OperatorRequest", request).htmx:
        return HttpResponseClientRedirect(resolve_url(to, *args))
    return redirect(to, *args)


def may_operate(user: User) -> bool:
    """Whether a person may act: operators, staff and superusers."""
    if not user.is_authenticated or not user.is_active:
        return False
    if user.is_staff or user.is_superuser:
        return True
    known: bool | None = getattr(user, "_may_operate", None)
    if known is None:
        known = user.groups.filter(name=OPERATORS).exists()
        user._may_operate = known  # type: ignore[attr-defined]
    return known


def viewer_required(view: View[P]) -> Callable[..., HttpResponse]:
    """Let everybody in who is signed in."""
    return _guard(view, lambda user: True, "")


def operator_required(view: View[P]) -> Callable[..., HttpResponse]:
    """Let operators and staff in; others read that the role is missing."""
    return _guard(view, may_operate, "This needs the role of an operator.")


def staff_required(view: View[P]) -> Callable[..., HttpResponse]:
    """Let staff in."""
    return _guard(view, lambda user: user.is_staff, "This is for staff.")


def _guard(
    view: View[P], allowed: Callable[[User], bool], refusal: str
) -> Callable[..., HttpResponse]:
    @wraps(view)
    def guarded(
        request: HttpRequest, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponse:
        typed = cast("OperatorRequest", request)
        if not request.user.is_authenticated:
            return _to_sign_in(typed)
        if not allowed(typed.user):
            raise PermissionDenied(refusal)
        return view(typed, *args, **kwargs)

    return guarded


def _to_sign_in(request: OperatorRequest) -> HttpResponse:
    """Send to the sign-in page and back; from a fragment by a full page load."""
    if not request.htmx:
        return redirect_to_login(_way_back(request))
    login_url = resolve_url(settings.LOGIN_URL)
    target = redirect_to_login(_page_of_fragment(request), login_url=login_url)
    return HttpResponseClientRedirect(target.headers["Location"])


def _page_of_fragment(request: OperatorRequest) -> str:
    try:
        return request.htmx.current_url_abs_path or "/"
    except ValueError:  # an address that no browser has
        return "/"


def _way_back(request: HttpRequest) -> str:
    """Return the page to see after signing in: of a form the page that holds it."""
    if request.method in {"GET", "HEAD"}:
        return request.get_full_path()
    page = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(page, {request.get_host()}):
        return "/"
    return urlsplit(page)._replace(scheme="", netloc="", fragment="").geturl()


def htmx_messages(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Send pending messages along with every fragment, out of band."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if _is_fragment(cast("OperatorRequest", request), response):
            response.write(render_to_string("_messages.html", {"oob": True}, request))
        return response

    return middleware


def _is_fragment(request: OperatorRequest, response: HttpResponse) -> bool:
    return (
        bool(request.htmx)
        and not response.streaming
        and response.status_code not in {204, 301, 302, 303}
        and not LEAVING & response.headers.keys()
        and response.get("Content-Type", "").startswith("text/html")
        and b"<html" not in response.content[:300]
    )
