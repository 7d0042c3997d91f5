"""Middleware of the house: host, headers and the person's time zone."""

import re
import secrets
import zoneinfo
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone

from vibe_engine import tracing

REQUEST_ID = "X-Request-ID"
_KNOWN_NAME = re.compile(r"[\w.-]{6,64}", re.ASCII)

GetResponse = Callable[[HttpRequest], HttpResponse]

METHOD_NOT_ALLOWED = 405

PERMISSIONS_POLICY = (
    "accelerometer=(), camera=(), geolocation=(), gyroscope=(), "
    "microphone=(), payment=(), usb=()"
)


def request_trace(get_response: GetResponse) -> GetResponse:
    """Give each request a name that its log lines and its answer carry.

    A name that a proxy gave it is kept where it is one.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        given = request.headers.get(REQUEST_ID, "")
        name = given if _KNOWN_NAME.fullmatch(given) else secrets.token_hex(6)
        with tracing.trace(request=name):
            response = get_response(request)
        response[REQUEST_ID] = name
        return response

    return middleware


def loopback_redirect(get_response: GetResponse) -> GetResponse:
    """Send `localhost` to `127.0.0.1`, where the OAuth return finds the session.

    Spotify refuses `localhost` as a redirect host, so the callback always comes
    back to the literal address (Spotify's redirect URI rules, April 2025).
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        host, _, port = request.get_host().partition(":")
        if not (settings.DEMO and host == "localhost" and request.method == "GET"):
            return get_response(request)
        netloc = f"127.0.0.1:{port}" if port else "127.0.0.1"
        return HttpResponseRedirect(f"http://{netloc}{request.get_full_path()}")

    return middleware


def security_headers(get_response: GetResponse) -> GetResponse:
    """Set what Django has no setting for; pages of a session are never stored.

    A session is known by its cookie, so that not even a page which says that the
    database is away asks the database.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            response.setdefault("Cache-Control", "no-store")
        return response

    return middleware


def page_for_wrong_method(get_response: GetResponse) -> GetResponse:
    """Answer 405 with a page, where Django answers with nothing at all."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code != METHOD_NOT_ALLOWED or response.content:
            return response
        page = render(request, "405.html", status=METHOD_NOT_ALLOWED)
        page["Allow"] = response["Allow"]
        return page

    return middleware


def personal_time_zone(get_response: GetResponse) -> GetResponse:
    """Show times in the zone that the person chose on the profile page."""

    def middleware(request: HttpRequest) -> HttpResponse:
        name = request.session.get("timezone", "") or request.COOKIES.get(
            "timezone", ""
        )
        with timezone.override(_zone(name)):
            return get_response(request)

    return middleware


def _zone(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name or settings.TIME_ZONE)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return zoneinfo.ZoneInfo(settings.TIME_ZONE)
