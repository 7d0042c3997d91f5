"""One form, one effect: a key in each form that opens runs, and what came of it."""

import hashlib
import json
import re
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url

from automation import ledger
from automation.models import Run, Submission
from vibe_engine import clock
from vibe_engine.templatetags.ui import FORM_KEY
from vibe_engine.web import OperatorRequest, hx_or_redirect

P = ParamSpec("P")
View = Callable[Concatenate[OperatorRequest, P], HttpResponse]

_KEY = re.compile(r"[0-9a-f]{32}")
_NOT_SAID_BY_A_PERSON = frozenset({FORM_KEY, "csrfmiddlewaretoken"})


def once_per_form(view: View[P]) -> View[P]:
    """Let a form that opens a run do so once, however often it is sent.

    Sent again, it leads to the run that it opened; with other values in it, it is
    refused with 409. Two that come at the same moment wait for each other: the key
    is taken in the transaction in which the view works, so that a process that is
    killed in it leaves neither key nor run. A view that opens no run (it asked first,
    or refused) leaves the form as good as new.
    """

    @wraps(view)
    def once(
        request: OperatorRequest, /, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponse:
        key = _posted_key(request)
        if key is None:
            return view(request, *args, **kwargs)
        digest = _digest(request)
        with transaction.atomic():
            if _take(key, digest):
                with ledger.watch_opened() as opened:
                    response = view(request, *args, **kwargs)
                _keep(key, opened, response)
                return response
        return _answer_again(request, key, digest)

    once.opens_runs = True  # type: ignore[attr-defined]
    return once


def _posted_key(request: HttpRequest) -> str | None:
    """Return the key of a posted form; a form without one is taken as it is."""
    key = request.POST.get(FORM_KEY, "") if request.method == "POST" else ""
    return key if _KEY.fullmatch(key) else None


def _digest(request: OperatorRequest) -> str:
    said = sorted(
        (name, values)
        for name, values in request.POST.lists()
        if name not in _NOT_SAID_BY_A_PERSON
    )
    whole = json.dumps([request.user.pk, request.path, said])
    return hashlib.sha256(whole.encode()).hexdigest()


def _take(key: str, digest: str) -> bool:
    """Insert the key; waits for a transaction that has inserted it already."""
    try:
        with transaction.atomic():
            Submission.objects.create(key=key, digest=digest, sent_at=clock.now())
    except IntegrityError:
        return False
    return True


def _keep(key: str, opened: list[Run], response: HttpResponse) -> None:
    """Write down what came of the form, or forget a form of which nothing came."""
    mine = Submission.objects.filter(key=key)
    if not opened:
        mine.delete()
        return
    to = response.get("Location") or response.get("HX-Redirect") or ""
    mine.update(run=opened[0], location=to[:500])


def _answer_again(request: OperatorRequest, key: str, digest: str) -> HttpResponse:
    earlier = Submission.objects.select_related("run").filter(key=key).first()
    if earlier is None or earlier.run is None:
        return hx_or_redirect(request, "automation:list")
    if earlier.digest != digest:
        return render(request, "409.html", {"run": earlier.run}, status=409)
    messages.info(request, f"“{earlier.run.title}” was asked for already, once.")
    return hx_or_redirect(request, earlier.location or resolve_url(earlier.run))
