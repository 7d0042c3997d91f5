"""Audio features from services: who is asked, in which order, and how often."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import App
from accounts.tests.factories import connect_account, make_app
from automation import ledger, registry, runtime, worker
from automation.ledger import RunSpec
from automation.models import EngineLease, Run
from library import services
from library.models import FEATURE_NAMES, Album, LibraryVersion, SourcePause, Track
from library.services import describing, sources
from library.tests.factories import make_album, make_track
from vibe_engine import clock as product_clock
from vibe_engine.errors import InputError
from vibe_engine.testing.plugin import DEVELOPMENT_APP
from vibe_engine.testing.sandbox import SandboxControl

pytestmark = [pytest.mark.django_db]

RECCOBEATS = "/reccobeats/v1/audio-features"


@pytest.fixture
def tracks(all_known: SandboxControl) -> list[Track]:
    """Tracks of the sandbox's first album, without features."""
    return take_in(all_known)


@pytest.fixture
def all_known(sandbox: SandboxControl) -> Iterator[SandboxControl]:
    """The sandbox, whose ReccoBeats knows every track that has features."""
    before = sandbox.options()["reccobeats_misses"]
    sandbox.options(reccobeats_misses=0.0)
    yield sandbox
    sandbox.options(reccobeats_misses=before)


@pytest.fixture
def asks_reccobeats(db: None) -> None:
    runtime.save_settings(
        changes={"reccobeats": "on"}, by=None, now=product_clock.now()
    )


def take_in(sandbox: SandboxControl, *, albums: int = 1) -> list[Track]:
    """Read albums through an app that may see no features."""
    app = make_app(
        client_id=DEVELOPMENT_APP[0],
        client_secret=DEVELOPMENT_APP[1],
        mode=App.Mode.DEVELOPMENT,
    )
    account = connect_account(sandbox, "Newcomer", app=app)
    text = "\n".join(album["id"] for album in sandbox.catalogue(limit=albums))
    bulk = services.open_ingest(
        preview=services.preview_ingest(text=text, refresh=True),
        account=account,
        now=product_clock.now(),
    ).run
    assert bulk is not None
    worker.work_all(list(bulk.children.values_list("pk", flat=True)))
    sandbox.mark()
    return list(Track.objects.order_by("pk"))


def fetch(**arguments: object) -> Run:
    """Carry out the run of a schedule."""
    spec = RunSpec(describing.KIND, "schedule:1", "Features", arguments=arguments)
    run = ledger.open_run(spec, now=product_clock.now())
    worker.work(run.pk)
    run.refresh_from_db()
    return run


def asked(sandbox: SandboxControl, path: str = RECCOBEATS) -> list[int]:
    """Return how many ids each request named."""
    return [entry.query.count("%2C") + 1 for entry in sandbox.log(path=path)]


def set_features(**fields: Any) -> None:
    nothing: dict[str, Any] = dict.fromkeys(FEATURE_NAMES)
    Track.objects.update(**nothing | fields)


class TestFetch:
    def test_asks_spotify_where_an_app_may(
        self, sandbox: SandboxControl, tracks: list[Track]
    ) -> None:
        connect_account(sandbox, "Extended")
        run = fetch()
        assert run.state == Run.State.DONE, run.error
        assert run.result["found"] == {"spotify": len(tracks)}
        assert not Track.objects.lacking_features().exists()
        found = Track.objects.values_list("features_source", flat=True)
        assert set(found) == {Track.FeatureSource.SPOTIFY}

    def test_asks_nobody_else_unless_told_to(
        self, sandbox: SandboxControl, tracks: list[Track]
    ) -> None:
        assert fetch().state == Run.State.DONE
        assert asked(sandbox) == []
        assert Track.objects.lacking_features().count() == len(tracks)

    def test_asks_reccobeats_in_batches_of_forty(
        self, all_known: SandboxControl, asks_reccobeats: None
    ) -> None:
        tracks = take_in(all_known, albums=8)
        before = LibraryVersion.stamp()
        assert fetch().state == Run.State.DONE
        requests = asked(all_known)
        assert sum(requests) == len(tracks) > 40
        assert max(requests) == 40
        told = Track.objects.filter(features_source="reccobeats").count()
        missed = Track.objects.exclude(reccobeats_missed_at=None).count()
        assert told + missed == len(tracks)
        assert told > missed
        assert LibraryVersion.stamp() != before

    def test_asks_the_second_for_what_the_first_refuses(
        self, sandbox: SandboxControl, tracks: list[Track], asks_reccobeats: None
    ) -> None:
        connect_account(sandbox, "Extended")
        sandbox.fault("GET", "^/v1/audio-features", status=403, count=-1)
        run = fetch()
        assert run.result["missed"]["spotify"] == len(tracks)
        assert run.result["found"]["reccobeats"] == len(tracks)

    def test_asks_the_second_while_the_first_has_to_be_waited_for(
        self, sandbox: SandboxControl, tracks: list[Track], asks_reccobeats: None
    ) -> None:
        connect_account(sandbox, "Extended")
        sandbox.fault(
            "GET", "^/v1/audio-features", status=429, headers={"Retry-After": "3600"}
        )
        run = fetch()
        assert run.state == Run.State.PLANNED
        assert run.due_at > product_clock.now()
        assert not Track.objects.lacking_features().exists()

    def test_remembers_misses_and_asks_again_after_a_long_while(
        self, sandbox: SandboxControl, tracks: list[Track], asks_reccobeats: None
    ) -> None:
        sandbox.options(reccobeats_misses=1.0)
        fetch()
        assert not Track.objects.filter(reccobeats_missed_at=None).exists()
        assert sum(asked(sandbox)) == len(tracks)
        fetch()
        assert sum(asked(sandbox)) == len(tracks)
        long_ago = product_clock.now() - sources.MISSED_FOR - timedelta(days=1)
        Track.objects.filter(pk=tracks[0].pk).update(reccobeats_missed_at=long_ago)
        sandbox.options(reccobeats_misses=0.0)
        fetch()
        assert sum(asked(sandbox)) == len(tracks) + 1
        assert Track.objects.get(pk=tracks[0].pk).has_features

    def test_leaves_reccobeats_alone_for_as_long_as_it_says(
        self, sandbox: SandboxControl, tracks: list[Track], asks_reccobeats: None
    ) -> None:
        sandbox.fault("GET", RECCOBEATS, status=429, headers={"Retry-After": "7200"})
        run = fetch()
        assert run.state == Run.State.DONE
        assert "asks to send fewer requests" in run.result["notes"][0]
        left = SourcePause.objects.get().until - product_clock.now()
        assert timedelta(minutes=119) < left <= timedelta(hours=2)
        sandbox.mark()
        fetch()
        assert asked(sandbox) == []
        SourcePause.objects.update(until=product_clock.now())
        fetch()
        assert not Track.objects.lacking_features().exists()

    @pytest.mark.parametrize(
        "fault",
        [
            {"status": 503},
            {"kind": "drop_before"},
            {"kind": "malformed", "body": '{"content": "none"}'},
            {"kind": "malformed", "body": "[]"},
            {"status": 302, "headers": {"Location": "http://127.0.0.1:9/"}},
        ],
    )
    def test_does_not_fail_when_reccobeats_does(
        self,
        sandbox: SandboxControl,
        tracks: list[Track],
        asks_reccobeats: None,
        fault: dict[str, Any],
    ) -> None:
        sandbox.fault("GET", RECCOBEATS, **fault)
        run = fetch()
        assert run.state == Run.State.DONE, run.error
        assert "ReccoBeats" in run.result["notes"][0]
        assert SourcePause.objects.exists()
        assert not Track.objects.exclude(reccobeats_missed_at=None).exists()

    def test_leaves_what_a_person_imported(
        self, sandbox: SandboxControl, tracks: list[Track]
    ) -> None:
        connect_account(sandbox, "Extended")
        set_features(tempo=120.0, features_source="import")
        fetch()
        assert sandbox.calls() == []
        assert not Track.objects.exclude(tempo=120.0).exists()

    def test_asks_for_one_album_alone(
        self, sandbox: SandboxControl, tracks: list[Track]
    ) -> None:
        connect_account(sandbox, "Extended")
        other = make_track()
        fetch(album=tracks[0].album_id)
        other.refresh_from_db()
        assert other.features_at is None
        assert Track.objects.lacking_features().get() == other

    def test_keeps_half_of_the_budget_for_people(
        self, sandbox: SandboxControl, tracks: list[Track]
    ) -> None:
        developer = connect_account(sandbox, "Extended").app.developer
        developer.catalogue_calls_a_day = 96
        developer.save(update_fields=["catalogue_calls_a_day"])
        run = Run(priority=Run.Priority.SCHEDULED)
        (source,) = sources.available(settings=runtime.load(), now=product_clock.now())
        assert source.calls(run=run, now=product_clock.now()) == 2


class TestWanted:
    def test_only_while_somebody_can_be_asked_for_something(
        self, sandbox: SandboxControl, tracks: list[Track]
    ) -> None:
        wanted = registry.get(describing.KIND).wanted
        assert wanted is not None
        assert not wanted(product_clock.now())
        connect_account(sandbox, "Extended")
        assert wanted(product_clock.now())
        fetch()
        assert not wanted(product_clock.now())


class TestOpenFetch:
    def test_says_that_nobody_can_be_asked(self) -> None:
        make_track()
        with pytest.raises(InputError, match="Nobody can be asked"):
            services.open_fetch(settings=runtime.load(), now=product_clock.now())

    def test_says_that_nothing_is_to_be_asked_for(self, asks_reccobeats: None) -> None:
        make_track(energy=0.5)
        with pytest.raises(InputError, match="Nothing is to be asked for"):
            services.open_fetch(settings=runtime.load(), now=product_clock.now())


class TestPages:
    def test_say_what_is_lacking_and_start_it(
        self, operator: Client, asks_reccobeats: None
    ) -> None:
        album = make_album(tracks=3)
        page = operator.get(album.get_absolute_url()).content.decode()
        assert "3 tracks lack audio features" in page
        answer = operator.post("/library/features/fetch/", {"album": album.pk})
        run = Run.objects.get(kind=describing.KIND)
        assert answer["Location"] == run.get_absolute_url()
        assert run.arguments == {"album": album.pk}
        for address in ("/library/", "/library/features/"):
            assert "3 " in operator.get(address).content.decode()
        track = Album.objects.get().tracks.first()
        assert track is not None
        page = operator.get(track.get_absolute_url()).content.decode()
        assert "Its audio features were never asked for" in page

    def test_say_why_nothing_is_started(self, operator: Client) -> None:
        make_album(tracks=1)
        answer = operator.post("/library/features/fetch/", follow=True)
        assert "Nobody can be asked" in answer.content.decode()
        assert not Run.objects.exists()

    def test_know_no_album_of_that_key(self, operator: Client) -> None:
        answer = operator.post("/library/features/fetch/", {"album": "²"})
        assert answer.status_code == 404

    def test_are_for_operators_to_start(self, viewer: Client) -> None:
        assert viewer.get("/library/features/").status_code == 200
        assert viewer.post("/library/features/fetch/").status_code == 403
        assert viewer.post("/library/features/import/").status_code == 403

    def test_take_four_queries_beside_the_frame(
        self,
        operator: Client,
        asks_reccobeats: None,
        django_assert_max_num_queries: Any,
    ) -> None:
        make_album(tracks=2)
        now = product_clock.now()
        EngineLease.objects.create(
            holder="engine:1", lease_until=now, heartbeat_at=now, broker_ok=True
        )
        operator.get("/library/features/")
        with django_assert_max_num_queries(12):
            assert operator.get("/library/features/").status_code == 200
