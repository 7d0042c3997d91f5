"""Audio features out of a file."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client

from library import services
from library.models import LibraryVersion, Track
from library.services.importing import RowKind
from library.tests.factories import make_track
from vibe_engine import clock
from vibe_engine.errors import InputError

pytestmark = [pytest.mark.django_db, pytest.mark.portable]

ADDRESS = "/library/features/import/"
ISRC = "GBAYE0601498"


def import_text(text: str) -> services.Judged:
    judged = services.judge_file(text=text)
    services.import_features(judged=judged, now=clock.now())
    return judged


def only_verdict(text: str) -> services.RowVerdict:
    (verdict,) = services.judge_file(text=text).verdicts
    return verdict


class TestImport:
    @pytest.mark.parametrize(
        "written",
        [
            "{id}",
            "spotify:track:{id}",
            "https://open.spotify.com/track/{id}?si=x",
            ISRC,
        ],
    )
    def test_finds_the_track_by_id_link_or_isrc(self, written: str) -> None:
        track = make_track(isrc=ISRC, recording_key=f"isrc:{ISRC}")
        before = LibraryVersion.stamp()
        name = written.format(id=track.spotify_id)
        import_text(f"track,energy,key,mode,tempo\n{name},0.25,-1,minor,121.5\n")
        track.refresh_from_db()
        assert (track.energy, track.key, track.mode, track.tempo) == (
            0.25,
            None,
            0,
            121.5,
        )
        assert track.features_source == Track.FeatureSource.IMPORT
        assert track.features_at is not None
        assert LibraryVersion.stamp() != before

    def test_serves_every_release_of_a_recording(self) -> None:
        for _ in range(2):
            make_track(isrc=ISRC, recording_key=f"isrc:{ISRC}")
        import_text("isrc;energy\ngb-aye-06-01498;0,5\n")
        assert list(Track.objects.values_list("energy", flat=True)) == [0.5, 0.5]

    def test_leaves_what_a_line_leaves_empty(self) -> None:
        track = make_track(energy=0.9, tempo=90.0, features_source="spotify")
        import_text(f"track,energy,tempo\n{track.spotify_id},,100\n")
        track.refresh_from_db()
        assert (track.energy, track.tempo) == (0.9, 100.0)

    def test_takes_the_good_lines_and_keeps_the_others_to_be_mended(self) -> None:
        good, bad = make_track(), make_track()
        text = (
            "track,title,energy\r\n"
            f'{bad.spotify_id},"never closed,0.5\r\n'
            f"{good.spotify_id},A,0.5\r\n"
            f"{bad.spotify_id},B,85\r\n"
            f"{good.spotify_id},C,0.7\r\n"
            "nonsense,D,0.5\r\n"
            f"{'0' * 22},E,0.5\r\n"
            f"{bad.spotify_id},F,\r\n"
        )
        judged = import_text(text)
        kinds = [(verdict.line.number, verdict.kind) for verdict in judged.verdicts]
        assert kinds == [
            (2, RowKind.BAD),
            (3, RowKind.GOOD),
            (4, RowKind.BAD),
            (5, RowKind.REPEATED),
            (6, RowKind.BAD),
            (7, RowKind.UNKNOWN),
            (8, RowKind.EMPTY),
        ]
        assert judged.verdicts[2].words == "energy: “85” is no number from 0 to 1."
        assert services.rest_of(judged).splitlines() == [
            text.splitlines()[number] for number in (0, 1, 3, 4, 5, 6)
        ]
        good.refresh_from_db()
        bad.refresh_from_db()
        assert (good.energy, bad.energy) == (0.5, None)

    @pytest.mark.parametrize(
        ("column", "value"),
        [
            ("energy", "nan"),
            ("energy", "1e999"),
            ("energy", "-0.1"),
            ("energy", "٣"),
            ("key", "12"),
            ("key", "1.5"),
            ("mode", "dorian"),
            ("tempo", "inf"),
            ("loudness", "=1+1"),
        ],
    )
    def test_refuses_what_no_column_takes(self, column: str, value: str) -> None:
        track = make_track()
        verdict = only_verdict(f"track,{column}\n{track.spotify_id},{value}")
        assert verdict.kind == RowKind.BAD
        assert value in verdict.words

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "empty"),
            ("energy,tempo\n0.5,100", "must name the columns"),
            ("track,title\nx,y", "must name the columns"),
            ("track,energy,energy\nx,1,1", "more than once"),
            ("track,energy\n" + "x,1\n" * 5_001, "At most 5,000 lines"),
        ],
    )
    def test_refuses_a_file_that_says_nothing(self, text: str, message: str) -> None:
        with pytest.raises(InputError, match=message):
            services.judge_file(text=text)

    def test_changes_nothing_the_second_time(self) -> None:
        track = make_track()
        text = f"track,energy\n{track.spotify_id},0.5"
        now = clock.now()
        for _ in range(2):
            judged = services.judge_file(text=text)
            assert services.import_features(judged=judged, now=now) == 1
        track.refresh_from_db()
        assert (track.energy, track.features_at) == (0.5, now)


class TestTemplate:
    def test_lists_what_is_lacking_and_comes_back_as_it_is(
        self, operator: Client
    ) -> None:
        track = make_track(name="=cmd()", artist_line="A, B")
        make_track(energy=0.5)
        make_track(features_source=Track.FeatureSource.IMPORT)
        answer = operator.get("/library/features/template.csv")
        assert "attachment" in answer["Content-Disposition"]
        text = answer.content.decode()
        assert f'{track.spotify_id},\'=cmd(),"A, B"' in text
        judged = services.judge_file(text=text)
        assert [verdict.kind for verdict in judged.verdicts] == [RowKind.EMPTY]


class TestPage:
    def test_checks_without_storing(self, operator: Client) -> None:
        track = make_track()
        fields = {"text": f"track,energy\n{track.spotify_id},0.5", "action": "check"}
        page = operator.post(ADDRESS, fields).content.decode()
        assert "Nothing is stored yet" in page
        assert track.spotify_id in page
        assert Track.objects.lacking_features().exists()

    def test_imports_an_uploaded_file_and_keeps_bad_lines(
        self, operator: Client
    ) -> None:
        track = make_track()
        lines = f"track,energy\n{track.spotify_id},0.5\n<b>odd</b>,1\n"
        file = SimpleUploadedFile("f.csv", f"\ufeff{lines}".encode())
        page = operator.post(ADDRESS, {"file": file, "action": "import"})
        text = page.content.decode()
        assert "1 track has the imported values now" in text
        assert "<b>odd" not in text
        assert "&lt;b&gt;odd&lt;/b&gt;,1</textarea>" in text
        track.refresh_from_db()
        assert track.energy == 0.5

    @pytest.mark.parametrize(
        ("fields", "message"),
        [
            ({}, "Choose a file or paste its lines"),
            ({"text": "nothing"}, "must name the columns"),
            ({"file": b"\xff\xfe\x00t"}, "not text in UTF-8"),
        ],
    )
    def test_says_what_is_wrong(
        self, operator: Client, fields: dict[str, Any], message: str
    ) -> None:
        if "file" in fields:
            fields = {"file": SimpleUploadedFile("f.csv", fields["file"])}
        answer = operator.post(ADDRESS, fields)
        assert answer.status_code == 422
        assert message in answer.content.decode()


class TestCommand:
    def test_stores_and_names_bad_lines_with_their_place(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        tracks = [make_track(), make_track()]
        file, rest = tmp_path / "in.csv", tmp_path / "rest.csv"
        good = "".join(f"{track.spotify_id},0.5\n" for track in tracks)
        file.write_text(f"track,energy\nodd,1\n{good}", encoding="utf-8")
        out = io.StringIO()
        with pytest.raises(CommandError, match="1 lines were not taken"):
            call_command("import_features", str(file), rest=rest, json=True, stdout=out)
        told = json.loads(out.getvalue())
        assert told["stored"] == 2
        assert told["lines"] == {"good": 2, "bad": 1}
        assert told["problems"][0]["line"] == 2
        assert rest.read_text(encoding="utf-8") == "track,energy\nodd,1\n"

    def test_counts_lines_on_in_a_long_file(self, tmp_path: Path) -> None:
        file = tmp_path / "in.csv"
        lines = ["track,energy", *[""] * 5_000, "odd,1"]
        file.write_text("\n".join(lines), encoding="utf-8")
        out = io.StringIO()
        with pytest.raises(CommandError):
            call_command("import_features", str(file), json=True, stdout=out)
        assert json.loads(out.getvalue())["problems"][0]["line"] == 5_002

    def test_checks_without_storing(self, tmp_path: Path) -> None:
        track = make_track()
        file = tmp_path / "in.csv"
        file.write_text(f"track,energy\n{track.spotify_id},1\n", encoding="utf-8")
        call_command("import_features", str(file), check=True, stdout=io.StringIO())
        assert Track.objects.lacking_features().exists()

    def test_prints_a_template(self) -> None:
        track = make_track()
        out = io.StringIO()
        call_command("import_features", template=True, stdout=out)
        assert track.spotify_id in out.getvalue()

    @pytest.mark.parametrize("file", [None, "nowhere.csv"])
    def test_refuses_in_one_line(self, file: str | None) -> None:
        with pytest.raises(CommandError) as refused:
            call_command("import_features", *([file] if file else []))
        assert "\n" not in str(refused.value)
