"""One form, one effect: every form of every page, sent twice and sent changed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from django.db import transaction
from django.test import Client
from django.urls import resolve, reverse

from accounts.models import Account, App
from accounts.tests.factories import make_account
from automation import ledger
from automation.models import Run, Submission
from automation.tests.factories import make_working_run
from library.models import Track
from library.tests.factories import spotify_id
from playlists.models import Playlist
from tests.forms import Fields, Form, posting_forms
from tests.security.fleet import Fleet, make_fleet
from tests.security.test_roles import WHO_MAY, addresses, patterns
from vibe_engine.templatetags.ui import FORM_KEY

pytestmark = pytest.mark.django_db

LINK = f"https://open.spotify.com/album/{spotify_id('al')}"
ACCOUNT = "the account's name"
TYPED = {
    "accounts:erase": {"name": ACCOUNT},
    "library:ingest": {"text": LINK, "action": "send"},
    "playlists:edit": {"name": "Another name"},
    "playlists:edit_many": {"change": "is_public", "is_public": ""},
}
"""What a person types so that a form opens a run; the others do as they stand."""


@dataclass(frozen=True)
class Sent:
    """A form that was posted: where to, with what, and the runs that it led to."""

    address: str
    fields: Fields
    runs: list[Run]
    location: str
    page: str

    @property
    def name(self) -> str:
        """The address's name."""
        return resolve(urlsplit(self.address).path).view_name

    @property
    def keys(self) -> list[str]:
        """Every key that was sent."""
        return [value for name, value in self.fields if name == FORM_KEY]


@pytest.fixture
def fleet() -> Fleet:
    fleet = make_fleet()
    failed = make_working_run(subject="album:gone", kind="library.ingest_album")
    ledger.fail(failed, "The album is gone.")
    Playlist.objects.filter(pk=fleet.playlist.pk).update(prefix="Before")
    make_account(app=fleet.account.app, status=Account.Status.BLOCKED)
    App.objects.update(mode=App.Mode.EXTENDED)
    Track.objects.filter(pk=fleet.track.pk).update(energy=None, features_source="")
    return fleet


def names_that_open_runs() -> set[str]:
    """Return the addresses whose views say that they open runs."""
    return {
        name for name, one in patterns() if getattr(one.callback, "opens_runs", False)
    }


def pages(fleet: Fleet) -> Iterator[str]:
    """Yield every address that staff can look at."""
    for name, tried in addresses(fleet).items():
        if "staff" in WHO_MAY[name].get and name != "oauth_callback":
            yield from tried
    for row in (*Run.objects.all(), *Account.objects.all()):
        yield row.get_absolute_url()
    yield f"{reverse('library:list')}?show=table"
    yield f"{reverse('playlists:reshuffle_many')}?scope=all"


def post(client: Client, address: str, fields: Fields) -> Sent:
    """Post what a form holds and watch which runs are opened or joined."""
    body: dict[str, list[str]] = {}
    for name, value in fields:
        body.setdefault(name, []).append(value)
    with ledger.watch_opened() as runs:
        answer = client.post(address, body)
    assert answer.status_code < 500, address
    page = answer.content.decode() if answer.status_code < 300 else ""
    return Sent(address, fields, runs, answer.get("Location", ""), page)


def submissions(client: Client, form: Form, account: Account) -> Iterator[Sent]:
    """Yield what comes of each button of a form, and of the page it leads to."""
    for sent in pressed(client, form, account):
        yield sent
        for asked in posting_forms(sent.page, address=sent.address):
            if asked.action == sent.address:
                yield from pressed(client, asked, account)


def pressed(client: Client, form: Form, account: Account) -> Iterator[Sent]:
    """Yield what comes of each button."""
    for formaction, extra in form.buttons:
        address = formaction or form.action
        yield post(client, address, filled(address, [*form.fields, *extra], account))


def filled(address: str, fields: Fields, account: Account) -> Fields:
    """Type into a form what a person would have to."""
    typed = dict(TYPED.get(resolve(urlsplit(address).path).view_name, {}))
    if typed.get("name") == ACCOUNT:
        typed["name"] = str(account)
    kept = [pair for pair in fields if pair[0] not in typed]
    return [*kept, *typed.items()]


def openings(client: Client, fleet: Fleet) -> Iterator[Sent]:
    """Yield every form that led to a run, with nothing of it kept."""
    for page in dict.fromkeys(pages(fleet)):
        answer = client.get(page)
        html = answer.content.decode() if answer.status_code == 200 else ""
        for form in posting_forms(html, address=page):
            if "/theme/" in form.action or "/sign-out/" in form.action:
                continue
            with transaction.atomic():
                for sent in submissions(client, form, fleet.account):
                    if sent.runs:
                        yield sent
                transaction.set_rollback(True)


class TestEveryForm:
    def test_that_opens_a_run_has_one_key_and_one_effect(
        self, fleet: Fleet, staff: Client
    ) -> None:
        reached: set[str] = set()
        for sent in openings(staff, fleet):
            assert len(sent.keys) == 1, f"{sent.name}: no key, or more than one"
            assert re.fullmatch("[0-9a-f]{32}", sent.keys[0])
            again = post(staff, sent.address, sent.fields)
            assert (again.runs, again.location) == ([], sent.location), sent.name
            other = staff.post(
                sent.address, {FORM_KEY: sent.keys[0], "something": "else"}
            )
            assert other.status_code == 409, sent.name
            assert sent.runs[0].title in other.content.decode()
            reached.add(sent.name)
        assert reached == names_that_open_runs()

    def test_can_be_sent_again_when_nothing_came_of_it(
        self, fleet: Fleet, operator: Client
    ) -> None:
        page = operator.get(reverse("playlists:create")).content.decode()
        form = next(
            one
            for one in posting_forms(page, address=reverse("playlists:create"))
            if one.all_named("count")
        )
        wrong = [pair for pair in form.fields if pair[0] != "count"]
        assert not post(operator, form.action, [*wrong, ("count", "0")]).runs
        assert not Submission.objects.exists()
        assert post(operator, form.action, form.fields).runs

    def test_of_two_tabs_is_two_requests_about_one_run(
        self, fleet: Fleet, operator: Client
    ) -> None:
        address = reverse("playlists:act", args=[fleet.playlist.pk, "push"])
        runs = {
            post(operator, address, [(FORM_KEY, key * 32)]).runs[0].pk for key in "ab"
        }
        assert len(runs) == 1
        assert Submission.objects.count() == 2
