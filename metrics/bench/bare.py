"""The product's addresses, and a page that shows nothing but the frame."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET

from vibe_engine.urls import urlpatterns as product
from vibe_engine.web import OperatorRequest, viewer_required

ADDRESS = "bench/bare/"


@require_GET
@viewer_required
def bare(request: OperatorRequest) -> HttpResponse:
    """Render the frame around nothing, as every page has it."""
    return render(request, "base.html")


urlpatterns = [*product, path(ADDRESS, bare)]
