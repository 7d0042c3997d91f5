"""The page of the runtime settings."""

from collections.abc import Mapping
from itertools import groupby

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from automation import (
    reads,
    runtime,
)
from vibe_engine import clock
from vibe_engine.errors import InputError
from vibe_engine.web import (
    OperatorRequest,
    operator_required,
    viewer_required,
)


@require_http_methods(["GET", "POST"])
@viewer_required
def settings_page(request: OperatorRequest) -> HttpResponse:
    """Show every runtime setting; a POST saves the changed ones, all or none.

    Values in the address are filled in, for a person to save.
    """
    if request.method == "POST":
        return _save_settings(request)
    filled = {key: request.GET[key] for key in request.GET if key in runtime.BY_KEY}
    return _render_settings(request, typed=filled, problems={}, status=200)


@operator_required
def _save_settings(request: OperatorRequest) -> HttpResponse:
    posted = request.POST
    typed = {key: "\n".join(posted.getlist(key)) for key in _posted_keys(request)}
    _, problems = runtime.parse_changes(typed)
    if problems:
        return _render_settings(request, typed=typed, problems=problems, status=422)
    changed = runtime.save_settings(changes=typed, by=request.user, now=clock.now())
    names = ", ".join(sorted(runtime.BY_KEY[key].label for key in changed))
    messages.success(request, f"Saved: {names}." if changed else "Nothing was changed.")
    return redirect("automation:settings")


def _posted_keys(request: OperatorRequest) -> list[str]:
    """Return the settings of this form; an unticked switch posts nothing."""
    if "shown" not in request.POST:
        return [key for key in request.POST if key in runtime.BY_KEY]
    shown = request.POST.getlist("shown")
    return [key for key in shown if key in runtime.BY_KEY]


def _render_settings(
    request: OperatorRequest,
    *,
    typed: Mapping[str, str],
    problems: Mapping[str, str],
    status: int,
) -> HttpResponse:
    groups = [
        (name, [_row(one, typed, problems) for one in group])
        for name, group in groupby(runtime.describe(), key=lambda one: one.spec.group)
    ]
    return render(
        request,
        "automation/settings.html",
        {
            "groups": groups,
            "changes": reads.latest_changes(),
            "filled": [runtime.BY_KEY[key].label for key in typed if not problems],
        },
        status=status,
    )


def _row(
    one: runtime.InForce, typed: Mapping[str, str], problems: Mapping[str, str]
) -> dict[str, object]:
    key = one.spec.key
    shown = one.value
    if isinstance(shown, tuple):
        shown = "\n".join(shown)
    shown = typed.get(key, shown)
    return {
        "one": one,
        "shown": shown,
        "chosen": str(shown).splitlines(),
        "problem": problems.get(key, one.problem),
    }


@require_POST
@operator_required
def restore_setting(request: OperatorRequest, key: str) -> HttpResponse:
    """Take back what was set here, so that environment or default count again."""
    try:
        runtime.restore_default(key=key, now=clock.now())
    except InputError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{runtime.BY_KEY[key].label} is taken back.")
    return redirect("automation:settings")
