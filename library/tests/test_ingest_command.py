"""`manage.py ingest`."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Account
from accounts.tests.factories import connect_account, make_account
from automation.models import Run
from library.models import Album, Collection
from library.tests.factories import make_album
from vibe_engine.testing.sandbox import SandboxControl

pytestmark = [pytest.mark.django_db]

ONE, OTHER = "4aawyAB9vmqN3uQ7FjRGTy", "1DFixLWuPkv3KT3TnV35m3"
UNKNOWN_ID = "0000000000000000000000"


@pytest.fixture
def connected(sandbox: SandboxControl) -> Account:
    return connect_account(sandbox)


def run_ingest(*arguments: object, **options: Any) -> str:
    out = io.StringIO()
    call_command("ingest", *map(str, arguments), stdout=out, **options)
    return out.getvalue()


class TestIngestCommand:
    def test_opens_runs_and_says_where_to_follow_them(self, db: None) -> None:
        make_account()
        said = run_ingest(ONE, f"spotify:album:{OTHER}")
        bulk = Run.objects.get(is_bulk=True)
        assert bulk.children.count() == 2
        assert said.strip().endswith(
            f"http://127.0.0.1:8000/automation/runs/{bulk.pk}/"
        )

    def test_reads_them_here_when_it_waits(
        self, sandbox: SandboxControl, connected: Account
    ) -> None:
        listed = sandbox.catalogue(limit=2)
        said = run_ingest(*(album["id"] for album in listed), wait=True)
        assert said.startswith("2 of 2 albums read")
        assert Album.objects.count() == 2

    def test_reads_a_file_with_comments_into_a_collection(
        self, sandbox: SandboxControl, connected: Account, tmp_path: Path
    ) -> None:
        listed = sandbox.catalogue()[0]
        file = tmp_path / "albums.txt"
        file.write_text(f"\ufeff# mine\r\n\r\n{listed['id']}\r\n", encoding="utf-8")
        run_ingest("--file", file, collection="Late Night", wait=True)
        assert Album.objects.get().collections.get().name == "Late Night"

    def test_reads_standard_input(
        self, db: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make_account()
        monkeypatch.setattr("sys.stdin", io.StringIO(f"# c\n{ONE}\n"))
        run_ingest("-")
        assert Run.objects.filter(subject=f"album:{ONE}").exists()

    def test_prints_one_json_object_last(
        self, sandbox: SandboxControl, connected: Account
    ) -> None:
        listed = sandbox.catalogue()[0]
        told = json.loads(run_ingest(listed["id"], wait=True, json=True))
        assert told["done"] == told["albums"] == 1
        assert told["new_tracks"] == listed["total_tracks"]
        assert told["failed"] == []

    def test_fails_when_an_album_fails_and_says_which(
        self, connected: Account, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(CommandError, match="1 of 1 albums"):
            run_ingest(UNKNOWN_ID, wait=True)
        assert UNKNOWN_ID in capsys.readouterr().err

    def test_names_the_line_of_the_first_bad_one_and_sends_nothing(
        self, db: None, tmp_path: Path
    ) -> None:
        make_account()
        file = tmp_path / "albums.txt"
        file.write_text(f"{ONE}\n\nspotify:track:{OTHER}\nrubbish\n", encoding="utf-8")
        with pytest.raises(CommandError) as refused:
            run_ingest("--file", file, collection="New")
        assert str(refused.value) == (
            f"{file}, line 3: This link leads to a single track, not to an album. "
            "1 more are bad. Nothing was sent."
        )
        assert not Run.objects.exists()
        assert not Collection.objects.exists()

    def test_refuses_a_collection_without_a_name(self, db: None) -> None:
        make_account()
        with pytest.raises(CommandError, match="needs a name"):
            run_ingest(ONE, collection=" ")
        assert not Run.objects.exists()

    def test_leaves_bad_lines_out_when_told_to(self, db: None) -> None:
        make_account()
        run_ingest(ONE, "rubbish", skip_bad=True)
        assert Run.objects.filter(is_bulk=False).count() == 1

    def test_leaves_known_albums_alone_when_told_to(self, db: None) -> None:
        make_account()
        album = make_album()
        said = run_ingest(album.spotify_id, skip_known=True, collection="Evening")
        assert said.startswith("Nothing had to be read; 1 placed")
        assert not Run.objects.exists()

    @pytest.mark.parametrize(
        ("arguments", "options", "message"),
        [
            ([], {}, "Give album links"),
            ([ONE], {"file": Path("x")}, "Give album links"),
            ([], {"file": Path("nowhere.txt")}, "nowhere.txt cannot be read: No such"),
            ([ONE], {"account": "nobody"}, "No account is known"),
            ([ONE], {"collection": "Evening"}, "Connect one first"),
        ],
    )
    def test_refuses_in_one_line(
        self, db: None, arguments: list[str], options: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(CommandError, match=message) as refused:
            run_ingest(*arguments, **options)
        assert "\n" not in str(refused.value)
        assert not Run.objects.exists()
        assert not Collection.objects.exists()

    def test_refuses_a_file_that_is_no_text(self, db: None, tmp_path: Path) -> None:
        file = tmp_path / "albums.bin"
        file.write_bytes(b"\xff\xfe\x00")
        with pytest.raises(CommandError, match="it is not UTF-8 text"):
            run_ingest("--file", file)
