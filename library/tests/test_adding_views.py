"""The form that takes albums in."""

import random
import string
from typing import Any

import pytest
from django.test import Client

from accounts.models import Account
from accounts.tests.factories import connect_account, make_account, make_app
from automation import worker
from automation.models import Run
from library.models import Album, Collection
from library.tests.factories import make_album, make_collection
from vibe_engine.testing.sandbox import SandboxControl

pytestmark = [pytest.mark.django_db]

FORM, PREVIEW = "/library/add/", "/library/add/preview/"
ONE, OTHER = "4aawyAB9vmqN3uQ7FjRGTy", "1DFixLWuPkv3KT3TnV35m3"
KEY = "0123456789abcdef0123456789abcdef"
JUNK_LINES = 10_000


def post(client: Client, address: str = FORM, **fields: Any) -> Any:
    return client.post(address, {"key": KEY, **fields})


def send(client: Client, text: str, **fields: Any) -> Any:
    return post(client, text=text, action="send", **fields)


def junk() -> str:
    chance = random.Random(3)
    letters = (
        string.ascii_letters + string.digits + string.punctuation + " ÄЖ群👩\u202e\x00"
    )
    return "\n".join("".join(chance.choices(letters, k=60)) for _ in range(JUNK_LINES))


@pytest.fixture
def account(db: None) -> Account:
    return make_account(display_name="Harbour Radio")


class TestIngestForm:
    @pytest.mark.parametrize("address", [FORM, PREVIEW])
    def test_is_for_operators(
        self, anonymous: Client, viewer: Client, address: str
    ) -> None:
        assert anonymous.get(address).status_code in (302, 405)
        assert post(anonymous, address, text=ONE)["Location"].startswith("/sign-in/")
        assert post(viewer, address, text=ONE).status_code == 403

    def test_leads_to_the_sandbox_and_offers_what_is_there(
        self, operator: Client, account: Account
    ) -> None:
        make_collection(name="Late Night")
        page = operator.get(FORM).content.decode()
        assert "/browse" in page
        assert "Late Night" in page
        assert "Harbour Radio" in page

    def test_comes_alone_into_the_panel_beside_the_covers(
        self, operator: Client
    ) -> None:
        headers = {"HX-Request": "true", "HX-Target": "add-panel"}
        page = operator.get(FORM, headers=headers).content.decode()
        assert "<!doctype" not in page
        assert page.count('id="ingest"') == 1
        assert 'name="panel"' in page

    def test_chooses_the_collection_that_the_address_names(
        self, operator: Client
    ) -> None:
        collection = make_collection(name="Late Night")
        page = operator.get(f"{FORM}?collection={collection.pk}").content.decode()
        assert '<option value="Late Night" selected>' in page
        assert operator.get(f"{FORM}?collection=junk").status_code == 200


class TestPreview:
    def test_judges_each_line_before_anything_is_sent(
        self, operator: Client, account: Account
    ) -> None:
        known = make_album(name="Malibu")
        text = f"{ONE}\n{known.spotify_id}\n{ONE}\nspotify:track:{OTHER}\nhello"
        page = post(operator, text=text, action="preview").content.decode()
        for words in (
            "1 new, 1 here already (read again), 1 repeated, 2 of no use.",
            "New, will be read",
            "Malibu",
            "The same album as in line 1.",
            "leads to a single track",
            "There is no album link",
            "Read 2 albums",
            "At least 2 calls to Spotify",
        ):
            assert words in page
        assert not Run.objects.exists()

    def test_answers_htmx_with_the_verdicts_alone(
        self, operator: Client, account: Account
    ) -> None:
        response = operator.post(
            PREVIEW,
            {"key": KEY, "text": ONE},
            headers={"HX-Request": "true", "HX-Target": "verdicts"},
        )
        assert b"<!doctype" not in response.content
        assert b'id="verdicts"' in response.content
        assert b"Read 1 album<" in response.content

    def test_is_quiet_while_nothing_is_typed(self, operator: Client) -> None:
        response = post(operator, PREVIEW, text="  ")
        assert response.status_code == 200
        assert b"error" not in response.content

    def test_knows_the_sandbox_links_in_demo_mode(
        self, operator: Client, sandbox: SandboxControl
    ) -> None:
        response = post(operator, PREVIEW, text=f"{sandbox.url}/album/{ONE}")
        assert b"1 new" in response.content

    def test_leaves_known_albums_alone_when_told_to(
        self, operator: Client, account: Account
    ) -> None:
        known = make_album(total_tracks=120)
        text = f"{ONE}\n{known.spotify_id}"
        page = post(operator, text=text, skip_known="on").content.decode()
        assert "1 here already (left alone)" in page
        assert "Read 1 album<" in page
        assert "At least 1 call " in page

    def test_says_over_how_many_days_a_small_budget_spreads(
        self, operator: Client
    ) -> None:
        app = make_app()
        app.developer.catalogue_calls_a_day = 2
        app.developer.save()
        make_account(app=app)
        text = "\n".join(f"{number:0>22}" for number in range(5))
        assert b"spread over 3 days" in post(operator, text=text).content

    def test_says_that_no_account_could_read(self, operator: Client) -> None:
        assert b"No account is connected" in post(operator, text=ONE).content

    def test_keeps_hostile_text_as_text(self, operator: Client) -> None:
        text = "</textarea><script>alert(1)</script>"
        page = post(operator, text=text).content.decode()
        assert "<script>alert" not in page
        assert page.count("&lt;/textarea&gt;&lt;script&gt;alert(1)") >= 1

    def test_folds_many_verdicts_with_the_problems_first(
        self, operator: Client
    ) -> None:
        lines = [f"{number:0>22}" for number in range(60)] + ["rubbish"] * 3
        page = post(operator, text="\n".join(lines)).content.decode()
        shown, _, folded = page.partition("23 more")
        assert shown.count("There is no album link") == 3
        assert folded.count("New, will be read.") == 23

    def test_judges_ten_thousand_lines_of_junk_without_asking_spotify(
        self, operator: Client, sandbox: SandboxControl
    ) -> None:
        connect_account(sandbox)
        sandbox.mark()
        response = send(operator, junk())
        page = response.content.decode()
        assert response.status_code == 422
        assert page.count('<span class="number">') == JUNK_LINES
        assert f'<span class="number">{JUNK_LINES}</span>' in page
        assert sandbox.calls() == []
        assert not Run.objects.exists()

    def test_takes_five_megabytes(self, operator: Client, account: Account) -> None:
        line = f"look https://open.spotify.com/album/{ONE} " + "x" * 430
        response = post(operator, text="\n".join([line] * 10_000))
        assert response.status_code == 200
        assert b"1 new, 9,999 repeated." in response.content

    def test_refuses_too_many_lines_and_keeps_them(self, operator: Client) -> None:
        response = post(operator, text="line\n" * 30_000)
        assert response.status_code == 422
        assert b"in parts; nothing was sent" in response.content
        assert response.content.count(b"line\n") >= 29_999


class TestSend:
    def test_opens_the_runs_and_goes_to_them(
        self, operator: Client, account: Account
    ) -> None:
        response = send(operator, f"{ONE} {OTHER}")
        bulk = Run.objects.get(is_bulk=True)
        assert response["Location"] == bulk.get_absolute_url()
        assert bulk.children.count() == 2
        assert bulk.requested_by is not None

    def test_reads_them_into_a_new_collection(
        self, operator: Client, sandbox: SandboxControl
    ) -> None:
        connect_account(sandbox)
        listed = sandbox.catalogue()[0]
        send(operator, listed["id"], new_collection="Late  Night ")
        worker.work_all(
            list(Run.objects.filter(is_bulk=False).values_list("pk", flat=True))
        )
        assert Album.objects.get().collections.get().name == "Late Night"

    def test_reads_through_the_chosen_account(
        self, operator: Client, account: Account
    ) -> None:
        other = make_account()
        send(operator, ONE, account=other.pk)
        run = Run.objects.get(is_bulk=False)
        assert (run.lane, run.arguments["account"]) == (other.lane, other.pk)

    def test_opens_one_bulk_when_it_is_sent_twice(
        self, operator: Client, account: Account
    ) -> None:
        first, second = send(operator, ONE), send(operator, ONE)
        assert first["Location"] == second["Location"]
        assert Run.objects.filter(is_bulk=True).count() == 1

    def test_goes_there_by_a_full_page_load_with_htmx(
        self, operator: Client, account: Account
    ) -> None:
        data = {"key": KEY, "text": ONE, "action": "send"}
        response = operator.post(FORM, data, headers={"HX-Request": "true"})
        assert (
            response["HX-Redirect"] == Run.objects.get(is_bulk=True).get_absolute_url()
        )

    def test_keeps_the_text_when_nothing_in_it_is_of_use(
        self, operator: Client, account: Account
    ) -> None:
        response = send(operator, "first line\nsecond line")
        assert response.status_code == 422
        assert b"first line\nsecond line</textarea>" in response.content
        assert b"No album link was found; nothing was sent." in response.content

    def test_keeps_the_text_when_no_account_is_connected(
        self, operator: Client
    ) -> None:
        response = send(operator, ONE, new_collection="New")
        assert response.status_code == 422
        assert f"{ONE}</textarea>".encode() in response.content
        assert b"Connect one first" in response.content
        assert not Collection.objects.exists()

    def test_places_known_albums_at_once(
        self, operator: Client, account: Account
    ) -> None:
        album, collection = make_album(), make_collection(name="Evening")
        response = send(
            operator, album.spotify_id, skip_known="on", collection="Evening"
        )
        assert response["Location"] == "/library/"
        assert list(collection.albums.all()) == [album]
        assert not Run.objects.exists()

    @pytest.mark.parametrize(
        "fields",
        [
            {"account": "999"},
            {"account": "junk"},
            {"collection": "There is none"},
            {"new_collection": "x" * 81},
            {"key": "junk"},
        ],
    )
    def test_refuses_wrong_choices_and_keeps_the_text(
        self, operator: Client, account: Account, fields: dict[str, str]
    ) -> None:
        response = send(operator, ONE, **fields)
        assert response.status_code == 422
        assert f"{ONE}</textarea>".encode() in response.content
        assert not Run.objects.exists()

    def test_asks_for_a_text(self, operator: Client, account: Account) -> None:
        response = send(operator, "")
        assert response.status_code == 422
        assert b"This field is required" in response.content
