"""The addresses of the project and some whose views fail in every way there is."""

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path

from vibe_engine.urls import handler400, urlpatterns

SECRET = "a-detail-of-the-inside"

__all__ = ["handler400", "urlpatterns"]


def breaks(request: HttpRequest) -> HttpResponse:
    raise RuntimeError(SECRET)


def is_bad(request: HttpRequest) -> HttpResponse:
    raise SuspiciousOperation(SECRET)


def is_denied(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def is_missing(request: HttpRequest) -> HttpResponse:
    raise Http404(SECRET)


urlpatterns = [
    path("faulty/breaks/", breaks),
    path("faulty/bad/", is_bad),
    path("faulty/denied/", is_denied),
    path("faulty/missing/", is_missing),
    *urlpatterns,
]
