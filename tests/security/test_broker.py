"""What goes through the broker: numbers of runs, as JSON, and nothing else."""

import base64
import json
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.test import Client

from automation.models import Run
from library.tests.factories import spotify_id
from tests.security.fleet import make_fleet
from vibe_engine.celery import app
from vibe_engine.testing.live import LiveProcesses, wait_until

QUEUE = "celery"


@pytest.fixture
def broker() -> Iterator[redis.Redis]:
    """The tests' own broker, emptied before and after."""
    with redis.Redis.from_url(settings.REDIS_URL) as server:
        server.flushdb()
        yield server
        server.flushdb()


def messages(broker: redis.Redis) -> list[dict[str, Any]]:
    waiting: Any = broker.lrange(QUEUE, 0, -1)
    return [json.loads(text) for text in waiting]


class TestMessages:
    @pytest.mark.django_db
    def test_carry_the_number_of_a_run_alone(
        self,
        broker: redis.Redis,
        operator: Client,
        django_capture_on_commit_callbacks: Any,
    ) -> None:
        fleet = make_fleet()
        links = f"https://open.spotify.com/album/{spotify_id('al')}"
        with django_capture_on_commit_callbacks(execute=True):
            form = {"text": links, "action": "send", "key": "a" * 32}
            operator.post("/library/add/", form)
            operator.post(f"/playlists/{fleet.playlist.pk}/push/")
            operator.post(f"/accounts/{fleet.account.pk}/refresh/")
        sent = messages(broker)
        runs = set(Run.objects.filter(is_bulk=False).values_list("pk", flat=True))
        assert len(sent) == 3
        for message in sent:
            arguments, options, _ = json.loads(base64.b64decode(message["body"]))
            assert message["content-type"] == "application/json"
            assert message["headers"]["task"] == "automation.tasks.work"
            assert options == {}
            assert len(arguments) == 1
            assert arguments[0] in runs

    def test_are_taken_as_json_alone(self) -> None:
        assert app.conf.accept_content == ["json"]
        assert app.conf.task_serializer == "json"
        assert app.conf.result_serializer == "json"

    def test_run_no_task_but_the_houses_own(self) -> None:
        app.loader.import_default_modules()
        own = {name for name in app.tasks if not name.startswith("celery.")}
        assert own == {"automation.tasks.work", "automation.tasks.fire"}


class Bomb:
    """Touches a file where somebody unpickles it."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.marker,))


def send_pickle(content: object) -> None:
    """Send what a hostile neighbour on the broker could."""
    with app.connection_for_write() as connection:
        connection.Producer().publish(
            ([content], {}, {}),
            routing_key=QUEUE,
            declare=[app.amqp.queues[QUEUE]],
            headers={"task": "automation.tasks.work", "id": "hostile", "lang": "py"},
            serializer="pickle",
        )


class TestPickle:
    def test_would_go_off(self, tmp_path: Path) -> None:
        pickle.loads(pickle.dumps(Bomb(tmp_path / "marker")))  # noqa: S301
        assert (tmp_path / "marker").exists()

    def test_is_refused_by_a_running_worker_that_goes_on(
        self, broker: redis.Redis, live: LiveProcesses, tmp_path: Path
    ) -> None:
        worker = live.celery_worker()
        send_pickle(Bomb(tmp_path / "marker"))
        wait_until(
            lambda: "Refusing to deserialize" in live.output(worker),
            what="the refusal",
        )
        app.send_task("automation.tasks.work", args=[0])
        wait_until(lambda: not broker.llen(QUEUE), what="the next message")
        assert worker.poll() is None
        assert not (tmp_path / "marker").exists()
