"""Taking albums in: what is pasted is judged first, and sent when asked for."""

from dataclasses import dataclass
from itertools import chain
from uuid import uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from accounts import access
from accounts import services as account_services
from accounts.models import Account
from automation.once import once_per_form
from library import services
from library.forms import IngestForm
from library.hosts import album_hosts
from library.models import Collection
from library.services import Preview, Verdict
from vibe_engine import clock
from vibe_engine.errors import InputError
from vibe_engine.web import (
    OperatorRequest,
    hx_or_redirect,
    operator_required,
    render_page,
)

SHOWN_OPEN = 40
"""More verdicts than these are folded, so that a page of thousands stays light."""

PANEL = "add-panel"
"""The element of a list's page into which the form is loaded."""


@dataclass(frozen=True)
class Cost:
    """What reading the chosen albums takes, at least."""

    calls: int
    seconds: float
    days: int
    developer: str


@dataclass(frozen=True)
class Judged:
    """A preview as the page shows it: few verdicts in order, many with problems first."""

    preview: Preview
    shown: list[Verdict]
    folded: list[Verdict]
    cost: Cost | None


@require_http_methods(["GET", "POST"])
@operator_required
@once_per_form
def ingest(request: OperatorRequest) -> HttpResponse:
    """Show the form; a POST judges the text, or sends it with `action=send`."""
    if request.method == "POST":
        return _posted(request)
    account = access.active_account(request)
    initial = {"account": account, "key": uuid4().hex}
    return _render(request, IngestForm(initial=initial | _wanted(request)))


@require_POST
@operator_required
def preview(request: OperatorRequest) -> HttpResponse:
    """Judge a text while it is typed."""
    form = IngestForm(request.POST)
    is_empty = not request.POST.get("text", "").strip()
    judged = None if is_empty else _judged(form)
    context = {
        "form": IngestForm() if is_empty else form,
        "judged": judged,
        "is_panel": "panel" in request.POST,
        "is_fragment": True,
    }
    status = 200 if judged or is_empty else 422
    return render(request, "library/_verdicts.html", context, status=status)


def _wanted(request: OperatorRequest) -> dict[str, str]:
    """Return the collection that the address names, chosen beforehand."""
    key = request.GET.get("collection", "")
    if not key.isdecimal() or len(key) > 18:
        return {}
    collection = Collection.objects.filter(pk=key).first()
    return {"collection": collection.name} if collection else {}


def _posted(request: OperatorRequest) -> HttpResponse:
    form = IngestForm(request.POST)
    judged = _judged(form)
    if judged is None:
        return _render(request, form, status=422)
    if request.POST.get("action") != "send":
        return _render(request, form, judged)
    return _send(request, form, judged)


def _send(request: OperatorRequest, form: IngestForm, judged: Judged) -> HttpResponse:
    try:
        opened = services.open_ingest(
            preview=judged.preview,
            account=form.cleaned_data["account"],
            collection_name=form.cleaned_data["collection_name"],
            now=clock.now(),
            requested_by=request.user,
            idempotency_key=form.cleaned_data["key"],
        )
    except InputError as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return _render(request, form, judged, status=422)
    if opened.run is not None:
        return hx_or_redirect(request, opened.run)
    messages.success(request, f"Nothing had to be read. {_placed(opened.placed)}")
    return hx_or_redirect(request, "library:list")


def _placed(count: int) -> str:
    if not count:
        return "All of them are here already."
    albums = "1 album was" if count == 1 else f"{count:,} albums were"
    return f"{albums} put into the collection."


def _judged(form: IngestForm) -> Judged | None:
    """Return the verdicts, None where the form itself is wrong."""
    if not form.is_valid():
        return None
    data = form.cleaned_data
    try:
        preview = services.preview_ingest(
            text=data["text"], refresh=not data["skip_known"], hosts=album_hosts()
        )
    except InputError as error:
        form.add_error("text", str(error))
        return None
    verdicts = list(preview.verdicts)
    if len(verdicts) > SHOWN_OPEN:
        useful = [verdict for verdict in verdicts if verdict.is_usable]
        verdicts = list(chain(preview.problems, useful, preview.repeated))
    cost = _cost(preview, data["account"]) if preview.chosen else None
    return Judged(preview, verdicts[:SHOWN_OPEN], verdicts[SHOWN_OPEN:], cost)


def _cost(preview: Preview, account: Account | None) -> Cost | None:
    """Return the price at the rate and the daily budget of the reading developer."""
    reader = account or account_services.any_usable_account(now=clock.now())
    if reader is None:
        return None
    developer = reader.app.developer
    calls = preview.calls(with_features=reader.app.may_read_features)
    return Cost(
        calls=calls,
        seconds=max(1.0, calls / developer.requests_per_s),
        days=-(-calls // max(developer.catalogue_calls_a_day, 1)),
        developer=developer.name,
    )


def _render(
    request: OperatorRequest,
    form: IngestForm,
    judged: Judged | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    return render_page(
        request,
        "library/ingest.html",
        {"form": form, "judged": judged, "is_panel": request.htmx.target == PANEL},
        fragments={PANEL: "library/_ingest.html"},
        status=status,
    )
