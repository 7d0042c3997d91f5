"""Schedules of staff's own: everything due, an account, a group, a selection."""

from typing import Any

import pytest

from accounts.models import Account
from accounts.tests.factories import make_account
from automation import verdicts
from automation.models import Run
from automation.tests.factories import make_run
from playlists.arguments import ScopeForm
from playlists.models import Label, Playlist
from playlists.services import reshuffling, scopes
from playlists.tests.factories import finish, make_playlist, make_playlists
from vibe_engine import clock

pytestmark = [pytest.mark.django_db, pytest.mark.portable]


def make_label(name: str, *carriers: Playlist) -> Label:
    label = Label.objects.create(name=name, created_at=clock.now())
    label.playlists.set(carriers)
    return label


def carry_out(**arguments: object) -> Run:
    """Carry out the run of a schedule; what it opens waits."""
    (done,) = finish(make_run(kind=scopes.KIND, arguments=arguments))
    return done


def reshuffled() -> set[str]:
    """Return what a reshuffle is open for."""
    opened = Run.objects.filter(kind=reshuffling.KIND, is_bulk=False)
    assert {run.priority for run in opened} <= {Run.Priority.SCHEDULED}
    return {run.subject for run in opened}


class TestScope:
    def test_of_a_selection_is_reshuffled_due_or_not(self) -> None:
        named, paused, _ = make_playlists(3, account=make_account())
        Playlist.objects.filter(pk=paused.pk).update(status=Playlist.Status.PAUSED)
        done = carry_out(playlists=[named.pk, paused.pk])
        assert done.result["reshuffles"] == 1
        assert reshuffled() == {named.subject}

    def test_of_an_account_leaves_others_alone(self) -> None:
        account = make_account()
        mine = make_playlists(2, account=account)
        make_playlist()
        assert carry_out(account=account.pk).result["reshuffles"] == 2
        assert reshuffled() == {one.subject for one in mine}

    def test_of_a_group_goes_over_accounts(self) -> None:
        carriers = [make_playlist(), make_playlist()]
        make_playlist()
        label = make_label("Late", *carriers)
        carry_out(label=label.pk)
        assert reshuffled() == {one.subject for one in carriers}

    def test_of_everything_due_leaves_out_what_is_not_due(self) -> None:
        due = make_playlist(next_reshuffle_at=clock.now())
        make_playlist()
        carry_out()
        assert reshuffled() == {due.subject}

    def test_names_what_it_opened_so_that_the_schedule_is_judged_by_it(self) -> None:
        account = make_account()
        make_playlists(2, account=account)
        done = carry_out(account=account.pk)
        bulk = Run.objects.get(is_bulk=True)
        assert done.result[verdicts.OPENED_RUNS] == [bulk.pk]

    def test_of_nobody_opens_nothing(self) -> None:
        done = carry_out(label=make_label("Nobody").pk)
        assert done.state == Run.State.DONE
        assert done.result == {"reshuffles": 0, verdicts.OPENED_RUNS: []}

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            ({"account": 10**6}, "The account of this schedule is gone."),
            ({"label": 10**6}, "The group of this schedule is gone."),
            ({"playlists": [10**6]}, "None of its playlists"),
            ({"playlists": []}, "None of its playlists"),
            ({"playlists": 3}, "names no playlists"),
            ({"playlists": ["x"]}, "names no playlists"),
            ({"else": 1}, "names no playlists"),
        ],
    )
    def test_that_is_gone_fails_and_says_so(
        self, arguments: dict[str, object], said: str
    ) -> None:
        failed = carry_out(**arguments)
        assert failed.state == Run.State.FAILED
        assert said in failed.error


def form(**typed: Any) -> ScopeForm:
    return ScopeForm(typed)


class TestScopeForm:
    def test_gives_and_takes_each_scope_unchanged(self) -> None:
        playlists = make_playlists(2, account=make_account())
        label = make_label("Late")
        for arguments in (
            {},
            {"account": playlists[0].account_id},
            {"label": label.pk},
            {"playlists": [one.pk for one in playlists]},
        ):
            again = form(**ScopeForm.initial_of(arguments))
            assert again.is_valid(), again.errors
            assert again.arguments() == arguments

    def test_finds_playlists_by_number_name_and_link(self) -> None:
        one, two, three = make_playlists(3, account=make_account())
        lines = (
            f"{one.pk}\n\n {two.name} \nspotify:playlist:{three.spotify_id}\n{one.pk}"
        )
        typed = form(scope="playlists", playlists=lines)
        assert typed.is_valid(), typed.errors
        assert typed.arguments() == {"playlists": [one.pk, two.pk, three.pk]}

    def test_says_which_line_names_nothing(self) -> None:
        typed = form(scope="playlists", playlists="Nowhere")
        assert not typed.is_valid()
        assert "There is no playlist “Nowhere”" in str(typed.errors["playlists"])

    def test_says_that_a_name_is_borne_twice(self) -> None:
        for _ in range(2):
            make_playlist(name="Twin")
        typed = form(scope="playlists", playlists="Twin")
        assert "More than one playlist" in str(typed.errors["playlists"])

    def test_refuses_what_is_removed(self) -> None:
        gone = make_playlist(status=Playlist.Status.REMOVED)
        typed = form(scope="playlists", playlists=str(gone.pk))
        assert "not looked after any more" in str(typed.errors["playlists"])

    @pytest.mark.parametrize("scope", ["account", "label", "playlists"])
    def test_wants_what_the_scope_is_about(self, scope: str) -> None:
        typed = form(scope=scope)
        assert list(typed.errors) == [scope]

    def test_forgets_what_belongs_to_another_scope(self) -> None:
        account = make_account()
        typed = form(scope="due", account=account.pk, playlists="Nowhere")
        assert typed.is_valid()
        assert typed.arguments() == {}

    def test_offers_no_account_that_is_being_erased(self) -> None:
        account = make_account(status=Account.Status.ERASING)
        assert not form(scope="account", account=account.pk).is_valid()

    def test_says_scopes_in_words_with_two_queries(
        self, django_assert_num_queries: Any
    ) -> None:
        account, label = make_account(display_name="Mira"), make_label("Late")
        many: list[dict[str, object]] = [
            {},
            {"account": account.pk},
            {"label": label.pk},
            {"label": 10**6},
            {"playlists": [1]},
            {"playlists": [1, 2]},
        ]
        with django_assert_num_queries(2):
            words = ScopeForm.describe(many)
        assert words[0] == "everything due"
        assert words[1] == f"account {account}"
        assert words[2:] == [
            "group Late",
            "a group that is gone",
            "1 playlist",
            "2 playlists",
        ]
