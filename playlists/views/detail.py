"""One playlist: its list, its lists before, why these tracks, and a preview."""

import secrets

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from automation import runtime
from automation.runtime import RuntimeSettings
from library.models import Track
from playlists import chosen, pictures, reads, rulewords, table
from playlists.effective import effective, rules_for
from playlists.models import Playlist
from playlists.sampler import RulesError
from playlists.services import explaining, inventory, reshuffling
from vibe_engine import clock
from vibe_engine.errors import VibeError
from vibe_engine.web import (
    OperatorRequest,
    may_operate,
    operator_required,
    render_page,
    viewer_required,
)

SEED_BITS = 31
FEW, MANY = 12, 40
"""Lists shown within the playlist's page and on the page of their own."""


@require_GET
@viewer_required
def detail(request: OperatorRequest, pk: int) -> HttpResponse:
    """Show a playlist as it stands."""
    now = clock.now()
    playlist = _load(pk)
    run_mark = reads.marks_for([playlist], now=now).get(playlist.pk)
    latest = reads.latest_lists(playlist)
    current = latest.current
    mark, word, trouble = table.state_of(playlist, run_mark, now=now)
    context = {
        "playlist": playlist,
        "mark": mark,
        "word": word,
        "trouble": trouble,
        "runs": [run_mark.run] if run_mark and run_mark.run.is_active else [],
        "current": current,
        "previous": latest.previous,
        "total_s": sum(row.track.duration_ms for row in current.tracks) // 1000,
        "covers": [row.track.album.image_url for row in current.tracks],
        "print": pictures.print_of(current.tracks),
        "edited": inventory.edited_look(playlist),
        "labels": list(playlist.labels.all()),
        "can_act": may_operate(request.user),
        "now": now,
    }
    return render(request, "playlists/detail.html", context)


@require_GET
@viewer_required
def why(request: OperatorRequest, pk: int) -> HttpResponse:
    """Show why these tracks are in the list: report, rules, and how long they rested."""
    playlist, settings = _load(pk), runtime.load()
    standing = playlist.snapshots.current().select_related("restored_from").first()
    context = {
        "playlist": playlist,
        "snapshot": standing,
        "rules": effective(playlist, settings),
        "said": _say_rules(playlist, settings),
        "words": reads.report_words(standing) if standing else [],
        "funnel": pictures.funnel_of(standing),
        "rests": pictures.rests_of(standing),
    }
    return render_page(
        request, "playlists/why.html", context, fragments={"why": "playlists/_why.html"}
    )


def _say_rules(playlist: Playlist, settings: RuntimeSettings) -> str:
    try:
        rules = rules_for(playlist, settings)
    except RulesError as error:
        return f"{error} No list is drawn until they are saved again."
    phrases = rulewords.say_rules(rules, chosen.names_of(rules))
    return rulewords.in_one_sentence(phrases)


@require_GET
@viewer_required
def why_not(request: OperatorRequest, pk: int) -> HttpResponse:
    """Say why a track that a person names is not in the list."""
    playlist = _load(pk)
    text = " ".join(request.GET.get("track", "").replace("\x00", "").split())[:200]
    tracks = explaining.find_tracks(text)
    verdicts = []
    if tracks:
        verdicts = explaining.why_not(
            playlist=playlist, tracks=tracks, settings=runtime.load(), now=clock.now()
        )
    context = {"playlist": playlist, "text": text, "verdicts": verdicts}
    return render_page(
        request,
        "playlists/why_not.html",
        context,
        fragments={"why-not": "playlists/_why_not.html"},
    )


@require_GET
@viewer_required
def snapshots(request: OperatorRequest, pk: int) -> HttpResponse:
    """Show the lists of a playlist over time."""
    playlist = _load(pk)
    limit = FEW if request.htmx else MANY
    before = request.GET.get("before", "")
    steps = reads.snapshot_timeline(
        playlist, limit=limit, older_than=int(before) if before.isdecimal() else None
    )
    energies = pictures.energies_of(steps)
    context = {
        "playlist": playlist,
        "steps": [(step, energies[step.snapshot.pk]) for step in steps],
        "marks": pictures.marks_of(steps),
        "more": request.htmx and len(steps) == limit,
        "older": steps[-1].snapshot.pk if len(steps) == limit else None,
        "shadows": () if before else reads.shadow_lists(playlist, limit=limit),
    }
    return render_page(
        request,
        "playlists/snapshots.html",
        context,
        fragments={"snapshots": "playlists/_snapshots.html"},
    )


@require_GET
@viewer_required
def snapshot(request: OperatorRequest, pk: int, snapshot_pk: int) -> HttpResponse:
    """Show one earlier list in order."""
    playlist = _load(pk)
    found = get_object_or_404(playlist.snapshots.all(), pk=snapshot_pk)
    context = {
        "playlist": playlist,
        "snapshot": found,
        "current": reads.snapshot_list(found),
        "words": reads.report_words(found),
    }
    return render(request, "playlists/snapshot.html", context)


@require_GET
@operator_required
def preview(request: OperatorRequest, pk: int) -> HttpResponse:
    """Draw a list without storing it; the seed in the address draws it again."""
    playlist = _load(pk)
    text = request.GET.get("seed", "")
    plain = text.isascii() and text.isdigit() and len(text) <= 10
    seed = int(text) if plain else secrets.randbits(SEED_BITS)
    return show_preview(request, playlist, seed)


def show_preview(
    request: OperatorRequest, playlist: Playlist, seed: int, *, is_trial: bool = False
) -> HttpResponse:
    """Show the list that a seed draws; a trial's rules are not the playlist's."""
    context: dict[str, object] = {
        "playlist": playlist,
        "seed": seed,
        "is_trial": is_trial,
    }
    try:
        drawn = reshuffling.preview_draw(
            playlist=playlist, settings=runtime.load(), now=clock.now(), seed=seed
        )
    except VibeError as error:
        context["problem"] = str(error)
    else:
        tracks = Track.objects.select_related("album").in_bulk(drawn.track_ids)
        listed = [tracks[track_id] for track_id in drawn.track_ids]
        context |= {
            "drawn": drawn,
            "tracks": listed,
            "energies": [track.energy for track in listed],
            "words": reads.describe_report(drawn.report),
            "another": secrets.randbits(SEED_BITS),
        }
    return render(request, "playlists/preview.html", context)


@require_GET
@viewer_required
def track_history(request: OperatorRequest, track_pk: int) -> HttpResponse:
    """Show where and when a track was listed; a fragment of the track's page."""
    track = get_object_or_404(Track.objects.select_related("album"), pk=track_pk)
    entries = track.history.select_related("playlist", "snapshot").order_by(
        "-added_at"
    )[:50]
    return render_page(
        request,
        "playlists/track_history.html",
        {"track": track, "entries": entries},
        fragments={"track-history": "playlists/_track_history.html"},
    )


def _load(pk: int) -> Playlist:
    playlists = Playlist.objects.select_related("account__app", "look")
    return get_object_or_404(playlists, pk=pk)
