"""`manage.py create_playlists` and `manage.py reshuffle`."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Account
from accounts.tests.factories import make_account
from automation import runtime
from automation.models import Run
from library.models import Track
from library.services import hold_tracks
from library.tests.factories import make_collection, make_tracks
from playlists.models import Playlist, PlaylistSnapshot
from playlists.tests.factories import make_playlist, make_playlists, make_snapshot
from vibe_engine import clock
from vibe_engine.testing.sandbox import SandboxControl

pytestmark = [pytest.mark.django_db, pytest.mark.portable]


def run_command(name: str, *arguments: object) -> str:
    out = io.StringIO()
    call_command(name, *map(str, arguments), stdout=out, stderr=out)
    return out.getvalue()


def last_object(output: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(output.splitlines()[-1])
    return answer


class TestCreatePlaylists:
    def test_creates_them_here_with_wait(
        self, stocked: Account, sandbox: SandboxControl
    ) -> None:
        output = run_command(
            "create_playlists",
            *("--account", stocked.pk, "--count", 2, "--size", 20, "--wait"),
        )
        assert output.strip() == "2 of 2 playlists created."
        assert len(sandbox.playlists(stocked.user_id)) == 2

    def test_warns_in_a_line_of_what_is_too_little(self, stocked: Account) -> None:
        changes = {"cooldown_days": "300"}
        runtime.save_settings(changes=changes, by=None, now=clock.now())
        order = ("create_playlists", "--account", stocked.pk, "--count", 1)
        warning, _ = run_command(*order).splitlines()
        assert "the rest will be shortened" in warning
        assert "What would help: about" in warning

    def test_prints_one_object_last(self, stocked: Account) -> None:
        output = run_command(
            "create_playlists",
            *("--account", stocked.user_id, "--count", 1, "--size", 20),
            *("--prefix", "Late Night", "--interval-days", 3, "--wait", "--json"),
        )
        playlist = Playlist.objects.get()
        assert last_object(output) == {
            "run": Run.objects.get(is_bulk=True).pk,
            "playlists": [
                {
                    "id": playlist.pk,
                    "name": "Late Night • 001",
                    "spotify_id": playlist.spotify_id,
                    "url": playlist.spotify_url,
                }
            ],
            "short": [],
            "done": 1,
            "waiting": 0,
            "failed": [],
        }
        assert playlist.interval_days == 3

    def test_says_of_a_short_list_why_it_is_short(self, stocked: Account) -> None:
        few = Track.objects.order_by("pk").values_list("pk", flat=True)[:3]
        hold_tracks(tracks=Track.objects.exclude(pk__in=list(few)), reason="Later")
        options = ("--account", stocked.pk, "--count", 1, "--size", 20, "--wait")
        sentence = "of 20 tracks could be drawn"
        output = run_command("create_playlists", *options)
        assert f"Vibe Collection • 001: Only 2 {sentence}" in output
        assert output.strip().endswith("1 of 1 playlist created.")
        (short,) = last_object(run_command("create_playlists", *options, "--json"))[
            "short"
        ]
        assert short["name"] == "Vibe Collection • 002"
        assert sentence in short["why"]

    def test_leaves_the_work_to_workers_without_wait(self) -> None:
        make_tracks(10)
        output = run_command(
            "create_playlists", "--account", make_account().pk, "--count", 3
        )
        assert "3 playlists are being created: http" in output
        assert Run.objects.filter(state=Run.State.PLANNED).count() == 3

    def test_draws_from_collections_by_name(self) -> None:
        collections = [make_collection(name="Late Night"), make_collection(name="B")]
        make_tracks(10, collection=collections[0])
        run_command(
            "create_playlists",
            *("--account", make_account().pk, "--count", 1),
            *("--collection", "late night", "--collection", "B"),
        )
        assert set(Playlist.objects.get().collections.all()) == set(collections)

    def test_fails_where_one_failed(self, stocked: Account) -> None:
        hold_tracks(
            tracks=Track.objects.exclude(pk=Track.objects.latest("pk").pk),
            reason="All but one",
        )
        run_command("create_playlists", "--account", stocked.pk, "--count", 1)
        hold_tracks(tracks=Track.objects.all(), reason="All")
        Playlist.objects.update(spotify_id="p" * 22, status="active")
        with pytest.raises(CommandError, match="1 of 1 did not succeed"):
            run_command("reshuffle", "--playlist", "p" * 22, "--wait")

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            (["--count", "many"], "--count takes a whole number, not “many”."),
            (["--count", "0"], "1 to 200 playlists can be created"),
            (["--count", "1", "--size", "101"], "1 to 100 tracks are possible"),
            (["--count", "1", "--size", "x"], "--size takes a whole number"),
            (["--count", "1", "--collection", "None"], "no collection “None”"),
            (["--count", "1", "--account", "nobody"], "nobody"),
        ],
    )
    def test_says_in_one_line_what_is_wrong(
        self, options: list[str], words: str
    ) -> None:
        make_tracks(10)
        with pytest.raises(CommandError) as refusal:
            run_command("create_playlists", "--account", make_account().pk, *options)
        assert words in str(refusal.value)
        assert "\n" not in str(refusal.value)
        assert not Playlist.objects.exists()


class TestReshuffle:
    def test_takes_keys_ids_and_links(self) -> None:
        one, two, three = make_playlists(3)
        run_command(
            "reshuffle",
            *("--playlist", one.pk, two.spotify_id),
            f"https://open.spotify.com/playlist/{three.spotify_id}?si=x",
        )
        runs = Run.objects.filter(kind="playlists.reshuffle", is_bulk=False)
        assert {run.subject for run in runs} == {
            playlist.subject for playlist in (one, two, three)
        }

    def test_takes_an_account(self) -> None:
        account = make_account()
        make_playlists(2, account=account)
        make_playlist()
        output = run_command("reshuffle", "--account", account.pk)
        assert "2 playlists are being reshuffled" in output

    def test_takes_everything_active(self) -> None:
        make_playlists(3)
        make_playlist(status=Playlist.Status.PAUSED)
        assert "3 playlists" in run_command("reshuffle", "--all")

    def test_takes_what_is_due(self) -> None:
        make_playlist(next_reshuffle_at=clock.now() - timedelta(minutes=1))
        make_playlist()
        assert "1 playlist is being" in run_command("reshuffle", "--due")
        assert Run.objects.count() == 1

    def test_has_nothing_against_nothing_being_due(self) -> None:
        make_playlist()
        assert run_command("reshuffle", "--due").strip() == "Nothing is due."
        assert last_object(run_command("reshuffle", "--due", "--json"))["run"] is None

    def test_repeats_a_dry_run_by_its_seed(
        self, stocked: Account, sandbox: SandboxControl
    ) -> None:
        run_command(
            "create_playlists",
            *("--account", stocked.pk, "--count", 1, "--size", 20, "--wait"),
        )
        sandbox.mark()
        shown = last_object(run_command("reshuffle", "--all", "--dry-run", "--json"))
        assert sandbox.calls() == []
        run_command("reshuffle", "--all", "--seed", shown["seed"], "--wait")
        current = PlaylistSnapshot.objects.current().get()
        assert current.track_ids() == shown["playlists"][0]["track_ids"]

    def test_shows_a_dry_run_in_words_and_stores_nothing(self) -> None:
        make_tracks(200)
        make_snapshot(make_playlist())
        output = run_command("reshuffle", "--all", "--dry-run", "--seed", 5)
        assert "50 tracks, 50 new, 0 kept." in output
        assert "--seed 5" in output
        assert PlaylistSnapshot.objects.count() == 1
        assert not Run.objects.exists()

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ([], "Give one of"),
            (["--due", "--all"], "Give one of"),
            (["--playlist", "nothing"], "no playlist “nothing”"),
            (["--all", "--seed", "x"], "--seed takes a whole number"),
            (["--all", "--seed", "-4"], "from 0 on"),
            (["--all"], "No playlist is chosen"),
        ],
    )
    def test_says_in_one_line_what_is_wrong(
        self, options: list[str], words: str
    ) -> None:
        with pytest.raises(CommandError) as refusal:
            run_command("reshuffle", *options)
        assert words in str(refusal.value)
        assert "\n" not in str(refusal.value)
