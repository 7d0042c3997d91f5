"""Receipts of erasures: the list, one of them, its files, and the proof."""

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_POST

from accounts.forms import ProofForm
from accounts.models import ErasureReceipt
from accounts.services import receipts
from vibe_engine.web import (
    OperatorRequest,
    operator_required,
    render_page,
    viewer_required,
)

MOST = 200
"""Receipts on the list; the admin holds all."""


@require_GET
@viewer_required
def receipt_list(request: OperatorRequest) -> HttpResponse:
    """Show every erasure, the newest first."""
    context = {"receipts": ErasureReceipt.objects.all()[:MOST]}
    return render(request, "accounts/receipts.html", context)


@require_GET
@viewer_required
def receipt(request: OperatorRequest, code: str) -> HttpResponse:
    """Show one receipt; it fills up by itself while the erasure goes on."""
    return _page(request, _receipt(code), ProofForm())


@require_GET
@viewer_required
def receipt_file(request: OperatorRequest, code: str, suffix: str) -> HttpResponse:
    """Hand a receipt out as a file: JSON or plain text."""
    found = _receipt(code)
    if suffix == "json":
        response: HttpResponse = JsonResponse(
            receipts.as_data(found), json_dumps_params={"indent": 2}
        )
    elif suffix == "txt":
        text = receipts.as_text(found)
        response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    else:
        raise Http404("Receipts are to be had as json or txt.")
    name = f"receipt-{found.code}.{suffix}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_POST
@operator_required
def check_receipt(request: OperatorRequest, code: str) -> HttpResponse:
    """Say whether a Spotify id is that of the account that was erased."""
    found = _receipt(code)
    form = ProofForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form, status=422)
    is_its = receipts.is_receipt_of(found, form.cleaned_data["spotify_id"])
    return _page(request, found, form, verdict="yes" if is_its else "no")


def _page(
    request: OperatorRequest,
    found: ErasureReceipt,
    form: ProofForm,
    *,
    verdict: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "receipt": found,
        "rows": sorted(found.counts.items()),
        "on_spotify": receipts.on_spotify_words(found),
        "form": form,
        "verdict": verdict,
    }
    return render_page(
        request,
        "accounts/receipt.html",
        context,
        fragments={"receipt": "accounts/_receipt.html"},
        status=status,
    )


def _receipt(code: str) -> ErasureReceipt:
    rows = ErasureReceipt.objects.select_related("run__requested_by")
    return get_object_or_404(rows, code=code)
