"""Acting on playlists, one or many: what it will do first, then the deed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Account
from automation import runtime
from automation.models import Run
from automation.once import once_per_form
from playlists import selection
from playlists.models import Playlist
from playlists.services import (
    creation,
    editing,
    removal,
    reshuffling,
    restoring,
    taking,
)
from playlists.services import forecast as forecasting
from vibe_engine import clock
from vibe_engine.errors import ConflictError, InputError
from vibe_engine.web import OperatorRequest, operator_required, render_page

Playlists = QuerySet[Playlist]


@dataclass(frozen=True)
class Action:
    """One thing that can be done to playlists, and how it is asked for.

    `do` opens a run, or changes rows and returns how many. `calls` counts what it
    costs at most in calls to Spotify.
    """

    name: str
    label: str
    question: str
    text: str
    do: Callable[[Playlists, datetime, User], Run | int]
    done: str = ""
    icon: str = ""
    danger: bool = False
    calls: Callable[[Playlists], int] | None = None
    asks: bool = True


def _reshuffle(playlists: Playlists, now: datetime, by: User) -> Run:
    return reshuffling.open_reshuffle(playlists=playlists, now=now, requested_by=by)


def _push(playlists: Playlists, now: datetime, by: User) -> Run:
    return restoring.open_push(playlists=playlists, now=now, requested_by=by)


def _take(playlists: Playlists, now: datetime, by: User) -> Run:
    return taking.open_taking(playlists=playlists, now=now, requested_by=by)


def _pause(playlists: Playlists, now: datetime, by: User) -> int:
    return editing.pause_playlists(playlists=playlists)


def _resume(playlists: Playlists, now: datetime, by: User) -> int:
    return editing.resume_playlists(playlists=playlists)


def _stop(playlists: Playlists, now: datetime, by: User) -> int:
    return removal.stop_managing(playlists=playlists, now=now)


def _unfollow(playlists: Playlists, now: datetime, by: User) -> Run:
    return removal.open_unfollow(playlists=playlists, now=now, requested_by=by)


def _empty(playlists: Playlists, now: datetime, by: User) -> Run:
    return removal.open_empty(playlists=playlists, now=now, requested_by=by)


def _each(calls: int) -> Callable[[Playlists], int]:
    return lambda playlists: calls * playlists.count()


def _turns(playlists: Playlists) -> int:
    return reshuffling.count_calls(playlists=playlists, settings=runtime.load())


ACTIONS = {
    action.name: action
    for action in (
        Action(
            "reshuffle",
            "Reshuffle",
            "Reshuffle {what}?",
            "A new list is drawn under its own rules. What stands now stays in the "
            "history and can be restored.",
            _reshuffle,
            icon="shuffle",
            calls=_turns,
        ),
        Action(
            "push",
            "Push again",
            "Push {what} again?",
            "Spotify gets the list that stands here once more; nothing is drawn. "
            "Edits made by hand on Spotify are overwritten.",
            _push,
            icon="upload",
            calls=_each(1),
        ),
        Action(
            "take",
            "Take theirs",
            "Take over what stands on Spotify in {what}?",
            "The list that stands there becomes the list here, tracks that the library "
            "does not hold left out. The next reshuffle stays where it is.",
            _take,
            icon="down",
            calls=_each(2),
        ),
        Action(
            "pause",
            "Pause",
            "Pause {what}?",
            "Nothing is reshuffled by itself until it is resumed.",
            _pause,
            done="paused",
            icon="pause",
            asks=False,
        ),
        Action(
            "resume",
            "Resume",
            "Resume {what}?",
            "What is due is reshuffled on time again.",
            _resume,
            done="resumed",
            icon="play",
            asks=False,
        ),
        Action(
            "stop",
            "Stop managing",
            "Stop managing {what}?",
            "Spotify keeps what stands there, and it is never reshuffled again. The "
            "history stays here; this cannot be taken back.",
            _stop,
            done="no longer managed",
            icon="leave",
            danger=True,
        ),
        Action(
            "unfollow",
            "Remove from Spotify",
            "Remove {what} from Spotify?",
            "It leaves the account's library, which is how Spotify deletes. Other "
            "followers keep it. Spotify can bring it back for about 90 days.",
            _unfollow,
            icon="trash",
            danger=True,
            calls=_each(1),
        ),
        Action(
            "empty",
            "Empty",
            "Empty {what}?",
            "What stays on Spotify has no track, and is paused here. What stands now "
            "stays in the history and can be restored.",
            _empty,
            icon="minus",
            danger=True,
            calls=_each(1),
        ),
    )
}


@require_http_methods(["GET", "POST"])
@operator_required
@once_per_form
def act(request: OperatorRequest, pk: int, action: str) -> HttpResponse:
    """Ask about one playlist (GET), and do it (POST)."""
    if action in MENDS:
        return _mend(request, pk, action)
    wanted = _action(action)
    playlists = Playlist.objects.managed().filter(pk=pk)
    playlist = get_object_or_404(playlists.select_related("account"))
    back = playlist.get_absolute_url()
    if request.method == "GET":
        return _ask(request, wanted, playlists, back=back)
    if action == "reshuffle" and "seed" in request.POST:
        return _take_preview(request, playlist)
    return _do(request, wanted, playlists, back=back)


def _take_preview(request: OperatorRequest, playlist: Playlist) -> HttpResponse:
    """Reshuffle with the seed of a preview, so that the list shown is the list."""
    text = request.POST["seed"]
    plain = text.isascii() and text.isdigit() and len(text) <= 18
    try:
        run = reshuffling.open_reshuffle(
            playlists=[playlist],
            now=clock.now(),
            requested_by=request.user,
            seed=int(text) if plain else -1,
        )
    except (InputError, ConflictError) as error:
        messages.error(request, str(error))
        return redirect(playlist)
    messages.success(request, "The list you saw is on its way.")
    return redirect(run)


@require_POST
@operator_required
@once_per_form
def bulk(request: OperatorRequest, action: str) -> HttpResponse:
    """Ask about a selection first; posted once more with `confirmed`, do it."""
    wanted = _action(action)
    back = reverse("playlists:list")
    try:
        playlists = selection.selected(request.POST)
    except InputError as error:
        messages.error(request, str(error))
        return redirect(back)
    if wanted.asks and "confirmed" not in request.POST:
        fields = [*selection.as_fields(request.POST), ("confirmed", "1")]
        return _ask(request, wanted, playlists, back=back, fields=fields)
    return _do(request, wanted, playlists, back=back)


@require_http_methods(["GET", "POST"])
@operator_required
@once_per_form
def reshuffle_many(request: OperatorRequest) -> HttpResponse:
    """Reshuffle what is due, an account's playlists, or all."""
    parameters = request.POST if request.method == "POST" else request.GET
    scope = parameters.get("scope", "due")
    playlists = _in_scope(scope)
    if request.method == "GET":
        return _ask(
            request,
            ACTIONS["reshuffle"],
            playlists,
            back=reverse("playlists:list"),
            fields=[("scope", scope)],
        )
    return _do(request, ACTIONS["reshuffle"], playlists, back=reverse("playlists:list"))


@require_http_methods(["GET", "POST"])
@operator_required
@once_per_form
def restore(request: OperatorRequest, pk: int, snapshot_pk: int) -> HttpResponse:
    """Ask whether an earlier list shall come back, and bring it back."""
    playlist = get_object_or_404(Playlist.objects.managed(), pk=pk)
    snapshot = get_object_or_404(playlist.snapshots.confirmed(), pk=snapshot_pk)
    if request.method == "GET":
        calls = restoring.count_calls(playlist=playlist, settings=runtime.load())
        context: dict[str, object] = {
            "title": f"Restore the list of {snapshot.batch_tag}?",
            "text": f"“{playlist.name}” gets the {snapshot.track_count} tracks it had "
            "then. The present list stays in the history.",
            "facts": [
                ("Calls to Spotify", calls),
                ("Next reshuffle", "stays as it is"),
            ],
            "action": request.path,
            "label": "Restore",
            "icon": "undo",
            "back": playlist.get_absolute_url(),
        }
        return _confirm(request, context)
    try:
        run = restoring.open_restore(
            snapshot=snapshot, now=clock.now(), requested_by=request.user
        )
    except (InputError, ConflictError) as error:
        messages.error(request, str(error))
        return redirect(playlist)
    messages.success(request, f"The list of {snapshot.batch_tag} comes back.")
    return redirect(run)


MENDS: dict[str, tuple[Callable[..., Run], str]] = {
    "resume-creation": (creation.resume_creation, "The creation goes on."),
    "recreate": (creation.recreate_playlist, "It is made anew on Spotify."),
}


def _mend(request: OperatorRequest, pk: int, action: str) -> HttpResponse:
    playlist = get_object_or_404(
        Playlist.objects.managed().select_related("account__app"), pk=pk
    )
    service, words = MENDS[action]
    if request.method == "GET":
        return redirect(playlist)
    try:
        run = service(playlist=playlist, now=clock.now(), requested_by=request.user)
    except (InputError, ConflictError) as error:
        messages.error(request, str(error))
        return redirect(playlist)
    messages.success(request, words)
    return redirect(run)


def _action(name: str) -> Action:
    try:
        return ACTIONS[name]
    except KeyError:
        raise Http404("There is no such action.") from None


def _in_scope(scope: str) -> Playlists:
    """Return the playlists of a scope: `due`, `all`, or an account's key."""
    if scope == "due":
        return Playlist.objects.due(now=clock.now())
    if scope == "all":
        return reshuffling.reshufflable(Playlist.objects.all())
    if not (scope.isascii() and scope.isdigit() and len(scope) < 10):
        raise Http404("There is no such scope.")
    account = get_object_or_404(Account, pk=int(scope))
    return reshuffling.reshufflable(account.playlists.all())


def _ask(
    request: OperatorRequest,
    action: Action,
    playlists: Playlists,
    *,
    back: str,
    fields: list[tuple[str, str]] | None = None,
) -> HttpResponse:
    """Show what an action would do: to how many, in which calls, how long."""
    count = playlists.count()
    first = playlists.select_related("account__app__developer").first()
    if first is None:
        messages.info(request, "There is nothing to do.")
        return redirect(back)
    what = f"“{first.name}”" if count == 1 else f"{count:,} playlists"
    label = action.label if count == 1 else f"{action.label} {count:,}"
    context = {
        "title": action.question.format(what=what),
        "text": action.text,
        "facts": _costs(action, playlists, first),
        "action": request.path,
        "label": label,
        "icon": action.icon,
        "danger": action.danger,
        "back": back,
        "fields": fields or [],
    }
    return _confirm(request, context)


def _costs(
    action: Action, playlists: Playlists, first: Playlist
) -> list[tuple[str, str]]:
    """Return what an action costs, at the rate of the developer of the first."""
    if action.calls is None:
        return []
    cost = forecasting.forecast_calls(
        developer=first.account.app.developer, calls=action.calls(playlists)
    )
    return [("Calls to Spotify", f"{cost.calls:,}"), ("Cost", cost.sentence)]


def _confirm(request: OperatorRequest, context: dict[str, object]) -> HttpResponse:
    fragments = {"dialog-body": "_confirm.html"}
    return render_page(request, "confirm.html", context, fragments=fragments)


def _do(
    request: OperatorRequest, action: Action, playlists: Playlists, *, back: str
) -> HttpResponse:
    try:
        outcome = action.do(playlists, clock.now(), request.user)
    except (InputError, ConflictError) as error:
        messages.error(request, str(error))
        return redirect(back)
    if isinstance(outcome, Run):
        word = "is under way already" if outcome.joined else "has begun"
        messages.success(request, f"“{outcome.title}” {word}.")
        return redirect(outcome)
    noun = "playlist is" if outcome == 1 else "playlists are"
    messages.success(request, f"{outcome} {noun} {action.done}.")
    return redirect(back if action.name != "stop" else "playlists:list")
