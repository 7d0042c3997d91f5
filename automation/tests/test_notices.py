"""What is told, to whom, and how often."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from automation import holds, registry, runtime
from automation.engine import Engine
from automation.models import Channel, Delivery, Notice, Run, Schedule, Telling, Topic
from automation.notices import keeping, watch
from automation.notices.concerns import COLLECT, Concern
from automation.retention import apply_retention
from automation.runtime import RuntimeSettings
from automation.schedules import ensure_defaults
from automation.tests.factories import make_channel, make_notice, make_working_run
from vibe_engine import clock

pytestmark = [pytest.mark.django_db, pytest.mark.portable]

MINUTE = timedelta(minutes=1)


@pytest.fixture
def matter() -> Iterator[dict[str, Concern]]:
    """What is the matter now, by key; no app says anything else."""
    standing: dict[str, Concern] = {}

    def collect(*, note: Callable[[Concern], None], **details: object) -> None:
        for concern in standing.values():
            note(concern)

    before = registry._listeners[COLLECT]
    registry._listeners[COLLECT] = [collect]
    yield standing
    registry._listeners[COLLECT] = before


def concern(key: str = "a", **fields: Any) -> Concern:
    values: dict[str, Any] = {
        "topic": Topic.SCHEDULE,
        "key": key,
        "title": f"Trouble {key}",
        "text": "It is bad.",
        "todo": "Mend it.",
        "path": "/automation/",
        "since": clock.now(),
    }
    return Concern(**(values | fields))


def look(now: datetime) -> list[str]:
    """Look once; return what each new message is and tells of."""
    opened = watch.watch(settings=RuntimeSettings(), now=now)
    return [
        f"{one.what}: {', '.join(n.key for n in one.notices.order_by('pk'))}"
        for one in opened
    ]


class TestWatch:
    def test_tells_each_channel_once_while_a_cause_lasts(
        self, matter: dict[str, Concern]
    ) -> None:
        now = clock.now()
        make_channel()
        make_channel()
        matter["a"] = concern()
        assert look(now) == ["opened: a", "opened: a"]
        assert look(now + MINUTE) == []
        assert look(now + timedelta(days=30)) == []
        assert Run.objects.filter(kind=watch.KIND).count() == 2

    def test_tells_that_it_is_over_and_that_it_came_back(
        self, matter: dict[str, Concern]
    ) -> None:
        now = clock.now()
        make_channel()
        matter["a"] = concern()
        look(now)
        matter.clear()
        assert look(now + MINUTE) == ["over: a"]
        assert look(now + 2 * MINUTE) == []
        matter["a"] = concern()
        assert look(now + 3 * MINUTE) == ["opened: a"]
        first, second = Notice.objects.order_by("pk")
        assert (first.ended_at, second.ended_at) == (now + MINUTE, None)

    def test_tells_in_one_message_what_is_found_at_one_look(
        self, matter: dict[str, Concern]
    ) -> None:
        make_channel()
        matter |= {key: concern(key) for key in "abc"}
        assert look(clock.now()) == ["opened: a, b, c"]

    def test_tells_a_channel_only_what_it_follows(
        self, matter: dict[str, Concern]
    ) -> None:
        make_channel(topics=[Topic.CIRCUIT])
        matter["a"] = concern()
        assert look(clock.now()) == []
        matter["b"] = concern("b", topic=Topic.CIRCUIT)
        assert look(clock.now()) == ["opened: b"]

    def test_tells_nothing_through_a_channel_that_is_off(
        self, matter: dict[str, Concern]
    ) -> None:
        now = clock.now()
        channel = make_channel(is_on=False)
        matter["a"] = concern()
        assert look(now) == []
        Channel.objects.filter(pk=channel.pk).update(is_on=True)
        assert look(now + MINUTE) == ["opened: a"], "what still stands is news to it"

    def test_keeps_an_end_to_itself_where_nobody_knew_or_wants_to(
        self, matter: dict[str, Concern]
    ) -> None:
        now = clock.now()
        make_channel(tells_end=False)
        matter["a"] = concern()
        look(now)
        make_channel(is_on=False)
        matter.clear()
        Channel.objects.update(is_on=True)
        assert look(now + MINUTE) == []

    def test_waits_with_what_mostly_passes_by_itself(
        self, matter: dict[str, Concern]
    ) -> None:
        now = clock.now()
        make_channel()
        matter["a"] = concern(patience=timedelta(hours=3))
        assert look(now) == []
        assert look(now + timedelta(hours=2, minutes=59)) == []
        assert look(now + timedelta(hours=3)) == ["opened: a"]

    def test_waits_no_longer_once_it_is_known_to_be_urgent(
        self, matter: dict[str, Concern]
    ) -> None:
        now = clock.now()
        make_channel()
        matter["a"] = concern(patience=timedelta(hours=3))
        look(now)
        matter["a"] = concern(title="Worse", text="For a day.")
        assert look(now + MINUTE) == ["opened: a"]
        assert Notice.objects.get().title == "Worse"

    def test_leaves_no_half_when_two_engines_tell_at_once(
        self, matter: dict[str, Concern]
    ) -> None:
        now = clock.now()
        channel = make_channel()
        matter["a"] = concern()
        look(now)
        again = watch._open(channel, "opened", list(Notice.objects.all()), now=now)
        assert again is None
        assert Delivery.objects.count() == Run.objects.count() == 1

    def test_names_nobody_in_the_title_of_a_run(
        self, matter: dict[str, Concern]
    ) -> None:
        make_channel(name="Night shift")
        matter["a"] = concern(title="Mira's account needs a new consent")
        look(clock.now())
        assert Run.objects.get().title == "Notify Night shift: Needs a person"


class TestConstraints:
    def test_keep_a_cause_from_standing_twice(self) -> None:
        now = clock.now()
        first = make_notice(now=now, key="a")
        with pytest.raises(IntegrityError), transaction.atomic():
            make_notice(now=now, key="a")
        Notice.objects.filter(pk=first.pk).update(ended_at=now)
        make_notice(now=now, key="a")

    def test_keep_a_cause_from_being_told_twice(self) -> None:
        now = clock.now()
        channel, notice = make_channel(), make_notice(now=clock.now())
        told = [
            Telling(
                delivery=Delivery.objects.create(
                    channel=channel, what="opened", created_at=now
                ),
                notice=notice,
                channel=channel,
                what="opened",
            )
            for _ in range(2)
        ]
        with pytest.raises(IntegrityError), transaction.atomic():
            Telling.objects.bulk_create(told)


class TestEngine:
    """What the engine room itself sees, told by a round of the engine."""

    def test_tells_of_a_schedule_that_paused_itself(self) -> None:
        now = clock.now()
        make_channel()
        ensure_defaults(now=now)
        Schedule.objects.filter(kind="accounts.watch_consents").update(
            paused_reason="It failed three times running."
        )
        Engine().round(now=now)
        notice = Notice.objects.get()
        assert notice.title == "The schedule “Consent watch” has paused itself"
        assert notice.text == "It failed three times running."
        assert Delivery.objects.get().run is not None

    def test_tells_of_a_stop_that_no_person_began(self, operator_user: User) -> None:
        now = clock.now()
        engine = Engine()
        make_channel()
        holds.stop_writing(now=now, by=operator_user)
        engine.round(now=now)
        assert not Notice.objects.exists()
        holds.resume_writing(now=now)
        holds.stop_writing(now=now, reason="31 of 40 pushes failed within 1 h.")
        engine.round(now=now + MINUTE)
        assert Notice.objects.get().text.startswith("31 of 40 pushes failed")
        holds.resume_writing(now=now)
        engine.round(now=now + 2 * MINUTE)
        assert list(Delivery.objects.order_by("pk").values_list("what", flat=True)) == [
            "opened",
            "over",
        ]

    def test_looks_once_a_minute(self) -> None:
        now = clock.now()
        engine = Engine()
        engine.round(now=now)
        holds.stop_writing(now=now, reason="Something.")
        engine.round(now=now + timedelta(seconds=59))
        assert not Notice.objects.exists()
        engine.round(now=now + MINUTE)
        assert Notice.objects.exists()


class TestKeeping:
    def test_deletes_what_ended_long_ago_and_nothing_that_stands(self) -> None:
        now = clock.now()
        long_ago = now - timedelta(days=500)
        channel = make_channel()
        for ended_at in (long_ago, None):
            notice = make_notice(now=long_ago, ended_at=ended_at)
            delivery = Delivery.objects.create(
                channel=channel, what="opened", created_at=long_ago
            )
            Telling.objects.create(
                delivery=delivery, notice=notice, channel=channel, what="opened"
            )
        Delivery.objects.create(channel=channel, what="test", created_at=long_ago)
        run = make_working_run(kind="automation.apply_retention")
        apply_retention(run=run, settings=runtime.load(), now=now)
        assert Notice.objects.get().ended_at is None
        assert Delivery.objects.get().notices.get() == Notice.objects.get()

    def test_forgets_what_was_told_of_an_account_that_is_gone(self) -> None:
        now = clock.now()

        class Gone:
            lane = "account:7"

        make_notice(now=now, lane="account:7", ended_at=now)
        make_notice(now=now, lane="account:8")
        keeping.forget_account(account=Gone())
        assert Notice.objects.get().lane == "account:8"
