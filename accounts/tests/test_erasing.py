"""Erasing an account: out of use at once, gone soon, proven by a receipt."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.test import Client

from accounts import services
from accounts.models import Account, ErasureReceipt, Token, Usage
from accounts.services import erasing, receipts, standing
from accounts.tests.factories import make_account
from automation import ledger, worker
from automation.ledger import RunSpec, open_bulk, open_run
from automation.models import Run
from vibe_engine import clock
from vibe_engine.errors import BlockedError, ConflictError

pytestmark = [pytest.mark.django_db, pytest.mark.portable]
NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)


def open_work(account: Account, subject: str = "playlist:1") -> Run:
    spec = RunSpec("test.kind", subject, "Some work", lane=account.lane)
    return open_run(spec, now=clock.now())


def erase(account: Account, **options: Any) -> ErasureReceipt:
    """Ask for an erasure, carry it out, and return the receipt."""
    receipt = services.open_erasure(account=account, now=clock.now(), **options)
    assert receipt.run is not None
    worker.work(receipt.run.pk)
    receipt.refresh_from_db()
    return receipt


class TestOpenErasure:
    def test_takes_profile_and_tokens_away_at_once(self) -> None:
        account = make_account(display_name="Harbour Radio", image_url="https://i/1")
        services.open_erasure(account=account, now=NOW)
        account.refresh_from_db()
        assert account.is_being_erased
        assert "Harbour" not in str(account)
        assert (account.image_url, account.authorized_by) == ("", None)
        token = Token.objects.get(account=account)
        assert (token.access_token, token.refresh_tokens) == ("", ())

    def test_keeps_the_tokens_while_playlists_are_to_be_unfollowed(self) -> None:
        account = make_account(tokens=("access", "refresh"))
        services.open_erasure(account=account, now=NOW, unfollow=True)
        assert Token.objects.get(account=account).access_token == "access"

    def test_lets_nobody_work_on_the_account_any_more(self) -> None:
        account = make_account()
        services.open_erasure(account=account, now=NOW)
        account.refresh_from_db()
        with pytest.raises(BlockedError):
            services.client_for(account, now=NOW)
        standing.ask_for_consent(account, reason="Spotify says no.")
        standing.block_without_seat(account)
        account.refresh_from_db()
        assert account.is_being_erased

    def test_cancels_what_waits_in_its_lane_only(self) -> None:
        account, other = make_account(), make_account()
        own, foreign = open_work(account), open_work(other, "playlist:2")
        services.open_erasure(account=account, now=NOW)
        states = [Run.objects.get(pk=run.pk).state for run in (own, foreign)]
        assert states == ["cancelled", "planned"]

    def test_frees_the_spotify_id_for_a_new_consent(self) -> None:
        account = make_account(account_id="same-person")
        services.open_erasure(account=account, now=NOW)
        make_account(account_id="same-person")
        assert Account.objects.count() == 2

    def test_is_a_conflict_the_second_time(self) -> None:
        account = make_account()
        services.open_erasure(account=account, now=NOW)
        with pytest.raises(ConflictError):
            services.open_erasure(account=account, now=NOW)
        assert ErasureReceipt.objects.count() == 1


class TestEraseAccount:
    def test_leaves_nothing_of_the_account(self) -> None:
        account = make_account(display_name="Harbour Radio")
        other = make_account()
        open_work(account)
        kept = open_work(other, "playlist:2")
        receipt = erase(account)
        assert receipt.is_finished
        assert list(Account.objects.all()) == [other]
        assert not Token.objects.filter(account=account.pk).exists()
        assert not Run.objects.filter(lane=account.lane).exists()
        assert Run.objects.filter(pk=kept.pk).exists()
        assert receipt.counts["spotify_accounts"] == receipt.counts["runs"] == 1

    def test_keeps_the_count_of_calls_without_the_account(self) -> None:
        account = make_account()
        developer = account.app.developer
        Usage.objects.create(
            developer=developer, account=account, hour=NOW, group="profile", calls=3
        )
        erase(account)
        assert Usage.objects.get().account is None

    def test_waits_while_one_of_its_runs_is_worked_on(self) -> None:
        account = make_account()
        run = ledger.claim(open_work(account).pk, worker="test")
        assert run is not None
        receipt = erase(account)
        assert receipt.run is not None
        assert (receipt.is_finished, receipt.run.reason) == (False, "working")
        ledger.finish(run)
        Run.objects.filter(pk=receipt.run.pk).update(due_at=clock.now())
        worker.work(receipt.run.pk)
        receipt.refresh_from_db()
        assert receipt.is_finished

    def test_deletes_a_bulk_of_its_own_and_keeps_a_shared_one(self) -> None:
        account, other = make_account(), make_account()

        def bulk(*lanes: tuple[str, str]) -> Run:
            children = [
                RunSpec("test.kind", subject, "Child", lane=lane)
                for lane, subject in lanes
            ]
            return open_bulk(
                kind="test.bulk", title="Bulk", children=children, now=clock.now()
            )

        mine = bulk((account.lane, "playlist:1"), (account.lane, "playlist:2"))
        shared = bulk((account.lane, "playlist:3"), (other.lane, "playlist:4"))
        erase(account)
        bulks = Run.objects.filter(is_bulk=True)
        assert list(bulks) == [shared]
        assert mine not in bulks
        assert shared.children.get().lane == other.lane

    def test_deletes_what_the_admin_noted_about_it(self, staff_user: User) -> None:
        account = make_account()
        kind = ContentType.objects.get_for_model(Account)
        for pk in (account.pk, account.pk + 1):
            LogEntry.objects.create(
                user=staff_user,
                content_type=kind,
                object_id=str(pk),
                object_repr="Harbour Radio",
                action_flag=CHANGE,
                action_time=NOW,
            )
        receipt = erase(account)
        assert LogEntry.objects.get().object_id == str(account.pk + 1)
        assert receipt.counts["django_admin_log"] == 1

    def test_carried_out_twice_counts_once(self) -> None:
        receipt = erase(make_account())
        assert receipt.run is not None
        Run.objects.filter(pk=receipt.run.pk).update(
            state=Run.State.PLANNED, finished_at=None, due_at=clock.now()
        )
        worker.work(receipt.run.pk)
        counts, finished_at = receipt.counts, receipt.finished_at
        receipt.refresh_from_db()
        assert (receipt.counts, receipt.finished_at) == (counts, finished_at)


class TestGoOn:
    def test_opens_a_run_for_an_erasure_whose_run_was_cancelled(self) -> None:
        receipt = services.open_erasure(account=make_account(), now=NOW)
        assert erasing.go_on(now=NOW) == 0
        assert receipt.run is not None
        ledger.cancel([receipt.run.pk], now=NOW)
        assert erasing.go_on(now=NOW) == 1
        receipt.refresh_from_db()
        assert receipt.run is not None
        assert receipt.run.state == Run.State.PLANNED


class TestReceipt:
    def test_names_nobody_and_can_be_proven(self) -> None:
        account = make_account(account_id="acc-4711", user_id="harbour.radio")
        receipt = erase(account)
        told = f"{receipts.as_text(receipt)} {receipts.as_data(receipt)}"
        assert "4711" not in told
        assert "harbour" not in told
        assert receipts.is_receipt_of(receipt, "acc-4711")
        assert receipts.is_receipt_of(receipt, " harbour.radio ")
        assert not receipts.is_receipt_of(receipt, "acc-4712")

    def test_differs_for_the_same_account_connected_anew(self) -> None:
        first = erase(make_account(account_id="same"))
        second = erase(make_account(account_id="same"))
        assert first.id_hashes != second.id_hashes

    @pytest.mark.parametrize(
        ("told", "words"),
        [
            ({}, "No playlist of ours was there."),
            ({"stayed": 1}, "1 playlist left as they were; nobody refills them."),
            (
                {"unfollowed": 3, "stayed": 0, "reason": ""},
                "3 playlists removed from the account's library.",
            ),
        ],
    )
    def test_says_what_stayed_on_spotify(
        self, told: dict[str, Any], words: str
    ) -> None:
        assert receipts.on_spotify_words(ErasureReceipt(on_spotify=told)) == words


class TestReceiptPages:
    def test_list_one_and_files(self, viewer: Client) -> None:
        receipt = erase(make_account())
        path = receipt.get_absolute_url()
        assert receipt.code in viewer.get("/accounts/receipts/").content.decode()
        assert "spotify_accounts" in viewer.get(path).content.decode()
        data = viewer.get(f"{path}receipt.json")
        assert data.json()["rows_deleted"]["spotify_accounts"] == 1
        assert receipt.code in data["Content-Disposition"]
        text = viewer.get(f"{path}receipt.txt")
        assert text["Content-Type"].startswith("text/plain")
        assert viewer.get(f"{path}receipt.exe").status_code == 404

    def test_polls_until_it_is_finished(self, viewer: Client) -> None:
        receipt = services.open_erasure(account=make_account(), now=clock.now())
        path = receipt.get_absolute_url()
        headers = {"HX-Request": "true", "HX-Target": "receipt"}
        assert "every 2s" in viewer.get(path, headers=headers).content.decode()
        assert receipt.run is not None
        worker.work(receipt.run.pk)
        text = viewer.get(path, headers=headers).content.decode()
        assert "every 2s" not in text
        assert "<!doctype" not in text

    @pytest.mark.parametrize(
        ("typed", "verdict"), [("acc-4711", "This is the receipt"), ("x", "not the")]
    )
    def test_compare_an_id(self, operator: Client, typed: str, verdict: str) -> None:
        receipt = erase(make_account(account_id="acc-4711"))
        answer = operator.post(
            f"{receipt.get_absolute_url()}check/", {"spotify_id": typed}
        )
        assert verdict in answer.content.decode()

    def test_want_an_id_to_compare(self, operator: Client) -> None:
        path = f"{erase(make_account()).get_absolute_url()}check/"
        assert operator.post(path, {"spotify_id": ""}).status_code == 422


class TestDisconnect:
    def test_is_refused_while_the_account_is_being_erased(self) -> None:
        account = make_account()
        services.open_erasure(account=account, now=NOW)
        with pytest.raises(ConflictError):
            services.disconnect_account(account=account, now=NOW + timedelta(hours=1))
