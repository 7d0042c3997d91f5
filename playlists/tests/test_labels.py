"""Labels: given, taken, renamed, deleted; and what is done with a group."""

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.models import Account
from accounts.tests.factories import make_account
from automation import schedules
from automation.models import Run, Schedule
from library.tests.factories import make_collection, make_tracks
from playlists.models import Label, Playlist
from playlists.naming import clean_label
from playlists.services import grouping, labelling
from playlists.tests.factories import (
    make_playlist,
    make_playlists,
    make_snapshot,
)
from vibe_engine import clock
from vibe_engine.errors import InputError

pytestmark = [pytest.mark.django_db, pytest.mark.portable]


def label_all(*names: str) -> None:
    labelling.change_labels(
        playlists=Playlist.objects.all(), add=names, now=clock.now()
    )


def run_command(name: str, *arguments: object) -> str:
    out = io.StringIO()
    call_command(name, *map(str, arguments), stdout=out, stderr=out)
    return out.getvalue()


def names_of(playlist: Playlist) -> list[str]:
    return [label.name for label in playlist.labels.all()]


class TestCleanLabel:
    def test_tidies_white_space(self) -> None:
        assert clean_label("  late \t night ") == "late night"

    @pytest.mark.parametrize("text", ["", "  ", "a,b", "x" * 65, "a\x00b"])
    def test_refuses_what_cannot_be_a_label(self, text: str) -> None:
        with pytest.raises(InputError):
            clean_label(text)


class TestSplitNames:
    def test_takes_each_label_once_whatever_its_case(self) -> None:
        assert labelling.split_names("Night, radio,, NIGHT ,") == ("Night", "radio")

    def test_refuses_a_whole_book(self) -> None:
        with pytest.raises(InputError, match="At most 20"):
            labelling.split_names(",".join(map(str, range(21))))


class TestSetLabels:
    def test_replaces_what_the_playlist_carried(self) -> None:
        playlist = make_playlist()
        label_all("old")
        labelling.set_labels(playlist=playlist, names=["new"], now=clock.now())
        assert names_of(playlist) == ["new"]
        assert Label.objects.filter(name="old").exists()

    def test_takes_the_label_there_is_in_another_case(self) -> None:
        playlist = make_playlist()
        label_all("ÄRGER")
        labelling.set_labels(playlist=playlist, names=["ärger"], now=clock.now())
        assert names_of(playlist) == ["ÄRGER"]


class TestChangeLabels:
    def test_gives_and_takes_for_many(self) -> None:
        first, second = make_playlists(2)
        label_all("old", "kept")
        old = labelling.find_label("old")
        count = labelling.change_labels(
            playlists=Playlist.objects.all(),
            add=["new"],
            remove_ids=[old.pk],
            now=clock.now(),
        )
        assert count == 2
        assert names_of(first) == names_of(second) == ["kept", "new"]

    def test_gives_a_label_twice_without_harm(self) -> None:
        playlist = make_playlist()
        label_all("night")
        label_all("Night")
        assert names_of(playlist) == ["night"]

    def test_refuses_to_do_nothing(self) -> None:
        with pytest.raises(InputError, match="Say which labels"):
            label_all()

    def test_refuses_to_give_and_take_the_same(self) -> None:
        playlist = make_playlist()
        label_all("night")
        night = labelling.find_label("night")
        with pytest.raises(InputError, match="not both"):
            labelling.change_labels(
                playlists=Playlist.objects.all(),
                add=["night"],
                remove_ids=[night.pk],
                now=clock.now(),
            )
        assert names_of(playlist) == ["night"]


class TestRenameLabel:
    def test_keeps_its_playlists(self) -> None:
        playlist = make_playlist()
        label_all("night")
        labelling.rename_label(label=labelling.find_label("night"), name="Nacht")
        assert names_of(playlist) == ["Nacht"]
        assert labelling.find_label("nacht").name == "Nacht"

    def test_may_change_its_case(self) -> None:
        make_playlist()
        label_all("night")
        labelling.rename_label(label=labelling.find_label("night"), name="Night")
        assert Label.objects.get().name == "Night"

    def test_refuses_the_name_of_another(self) -> None:
        make_playlist()
        label_all("night", "day")
        with pytest.raises(InputError, match="already"):
            labelling.rename_label(label=labelling.find_label("day"), name="NIGHT")


class TestReport:
    def test_counts_states_and_what_the_lists_hold(self) -> None:
        account, collection = make_account(), make_collection()
        tracks = make_tracks(6)
        collection.albums.set({track.album for track in tracks})
        first, second = make_playlists(2, account=account, collections=[collection])
        make_snapshot(first, tracks[:4])
        make_snapshot(second, tracks[3:5])
        Playlist.objects.filter(pk=second.pk).update(next_reshuffle_at=clock.now())
        make_playlist(account=account)
        labelling.set_labels(playlist=first, names=["g"], now=clock.now())
        labelling.set_labels(playlist=second, names=["g"], now=clock.now())
        label, now = labelling.find_label("g"), clock.now()
        state = grouping.state_of_group(label=label, now=now)
        assert (state.playlists, state.active, state.due) == (2, 2, 1)
        report = grouping.report_on_group(label=label, now=now)
        assert (report.lists, report.places, report.tracks) == (2, 6, 5)
        assert (str(report.pool), report.most_lists) == ("6", 2)
        assert round(report.coverage_percent) == 83
        assert (report.done_24h, report.failed_24h) == (2, 0)

    def test_counts_failures_of_its_own_playlists(self) -> None:
        mine, other = make_playlist(), make_playlist()
        labelling.set_labels(playlist=mine, names=["g"], now=clock.now())
        for playlist in (mine, other):
            Run.objects.create(
                kind="playlists.reshuffle",
                subject=playlist.subject,
                title="Reshuffle",
                state=Run.State.FAILED,
                due_at=clock.now(),
                created_at=clock.now(),
                finished_at=clock.now(),
            )
        label = labelling.find_label("g")
        assert grouping.report_on_group(label=label, now=clock.now()).failed_24h == 1


class TestPages:
    def test_narrow_the_list_down_to_a_label(self, viewer: Client) -> None:
        make_playlist(name="Inside the group")
        label_all("night")
        make_playlist(name="Outside of it")
        label = labelling.find_label("night")
        page = viewer.get(reverse("playlists:list"), {"label": label.pk})
        text = page.content.decode()
        assert "Inside the group" in text
        assert "Outside of it" not in text

    def test_set_the_labels_of_one(self, operator: Client) -> None:
        playlist = make_playlist()
        address = reverse("playlists:set_labels", args=[playlist.pk])
        operator.post(address, {"labels": "night, radio"})
        assert names_of(playlist) == ["night", "radio"]
        assert "night" in operator.get(playlist.get_absolute_url()).content.decode()

    def test_say_what_is_wrong_with_a_label(self, operator: Client) -> None:
        playlist = make_playlist()
        address = reverse("playlists:set_labels", args=[playlist.pk])
        answer = operator.post(address, {"labels": "day, " + "x" * 65})
        page = answer.content.decode()
        assert answer.status_code == 422
        assert "1 to 64 characters" in page
        assert f'value="day, {"x" * 65}"' in page
        assert names_of(playlist) == []

    def test_label_everything_that_a_filter_finds(self, operator: Client) -> None:
        inside, outside = make_playlist(name="Jazz"), make_playlist(name="Rock")
        posted = {"all": "1", "q": "jazz", "add": "night", "save": "1"}
        operator.post(reverse("playlists:label_many"), posted)
        assert names_of(inside) == ["night"]
        assert names_of(outside) == []

    def test_ask_first_what_to_give(self, operator: Client) -> None:
        playlist = make_playlist()
        posted = {"pk": playlist.pk}
        page = operator.post(reverse("playlists:label_many"), posted)
        assert "Label 1 playlist" in page.content.decode()
        nothing = operator.post(reverse("playlists:label_many"), posted | {"save": "1"})
        assert nothing.status_code == 422
        assert "Say which labels" in nothing.content.decode()

    def test_rename_and_refuse_a_taken_name(self, operator: Client) -> None:
        make_playlist()
        label_all("night", "day")
        address = reverse(
            "playlists:rename_label", args=[labelling.find_label("day").pk]
        )
        taken = operator.post(address, {"name": "Night"})
        assert taken.status_code == 422
        assert "already" in taken.content.decode()
        operator.post(address, {"name": "Morning"})
        assert labelling.find_label("morning").name == "Morning"

    def test_delete_a_label_and_leave_its_playlists(self, operator: Client) -> None:
        playlist = make_playlist()
        label_all("night")
        label = Label.objects.get()
        schedules.ensure_defaults(now=clock.now())
        first = Schedule.objects.order_by("pk")[:1].values("pk")
        Schedule.objects.filter(pk__in=first).update(arguments={"label": label.pk})
        assert labelling.count_schedules(label) == 1
        address = reverse("playlists:delete_label", args=[label.pk])
        assert "Schedules of this group" in operator.get(address).content.decode()
        operator.post(address)
        assert not Label.objects.exists()
        assert Playlist.objects.get() == playlist

    def test_act_on_a_whole_group(self, operator: Client) -> None:
        inside = make_playlist()
        label_all("night")
        outside = make_playlist()
        label = labelling.find_label("night")
        posted = {"all": "1", "label": label.pk, "confirmed": "1"}
        operator.post(reverse("playlists:bulk", args=["reshuffle"]), posted)
        assert [run.subject for run in Run.objects.all()] == [inside.subject]
        changed = {"save": "1", "change": ["size"], "size": "12"}
        operator.post(reverse("playlists:edit_many"), posted | changed)
        inside.refresh_from_db()
        outside.refresh_from_db()
        assert (inside.size, outside.size) == (12, None)

    def test_find_nothing_by_a_label_that_is_gone(self, viewer: Client) -> None:
        make_playlist(name="Somewhere")
        page = viewer.get(reverse("playlists:list"), {"label": "987654"})
        assert "Somewhere" not in page.content.decode()


class TestCommands:
    def test_create_labelled_playlists(self, stocked: Account) -> None:
        options = ("--account", stocked.pk, "--count", 2, "--label", "night")
        run_command("create_playlists", *options)
        assert [names_of(one) for one in Playlist.objects.all()] == [["night"]] * 2

    def test_reshuffle_a_label(self) -> None:
        inside = make_playlist()
        label_all("late night")
        make_playlist()
        printed = run_command("reshuffle", "--label", "Late Night", "--json")
        answer: dict[str, Any] = json.loads(printed)
        assert [row["id"] for row in answer["playlists"]] == [inside.pk]

    def test_refuse_a_label_that_is_not_there(self) -> None:
        with pytest.raises(CommandError, match="no label “dawn”"):
            run_command("reshuffle", "--label", "dawn")
