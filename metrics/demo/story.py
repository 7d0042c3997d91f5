"""The demo's past, told day by day through the services that people use."""

import heapq
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from django.contrib.auth.models import User
from django.db.models import Count, Min, Q
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from accounts import services as account_services
from accounts.consent import PendingConsent
from accounts.models import Account, App
from automation import runtime, schedules, worker
from automation.models import Run, Schedule, Setting
from library import services as library_services
from library.models import Album, Collection, Track
from metrics.demo import plan
from metrics.demo.control import Control
from metrics.demo.past import Past
from metrics.demo.plan import DAY, HOUR, PlaylistPlan, Scale
from metrics.services import snapshots
from playlists.models import Playlist, PlaylistSnapshot
from playlists.services import creation, editing, reshuffling, restoring
from playlists.services.editing import Changes
from playlists.services.opening import TRY_AGAIN
from vibe_engine import clock
from vibe_engine.errors import VibeError
from vibe_engine.spotify import oauth

STOPS_BEFORE = timedelta(minutes=30)
"""What falls due later than this before the present is left for the first round."""
TWO_MINUTES_S = 120
RESTORED, STUMBLES, PAUSED = 1, 3, 4
"""Playlists, counted from 0, that something happens to."""

Tell = Callable[[str, float], None]


@contextmanager
def _nothing_spread() -> Iterator[None]:
    """Let lists be due to the minute, so that the present finds the ones it needs."""
    key = "reshuffle_hours"
    Setting.objects.create(key=key, value=0, updated_at=clock.now())
    try:
        yield
    finally:
        Setting.objects.filter(key=key).delete()


def is_told() -> bool:
    """Whether there is a fleet already, of whatever origin."""
    return (
        Account.objects.exists() or Album.objects.exists() or Playlist.objects.exists()
    )


@dataclass
class Story:
    """One telling; `tell` hears what happens and how far it is (0 to 1)."""

    scale: Scale
    control: Control
    past: Past
    person: User
    redirect_uri: str
    tell: Tell
    present: datetime = field(default_factory=clock.now)

    def __post_init__(self) -> None:
        self._accounts: dict[int, Account] = {}
        self._playlists: dict[int, Playlist] = {}
        self._steps: list[tuple[datetime, int, Callable[[], None]]] = []
        self._numbers = count()
        self._stock = plan.choose_albums(self.control.albums(), self.scale.albums)

    def run(self) -> None:
        """Tell all of it; the clock stands shortly before the present afterwards.

        :raises VibeError: a part of the product refused.
        """
        self._plan_steps()
        with _nothing_spread():
            while self._steps:
                moment, _, step = heapq.heappop(self._steps)
                self._live_until(moment)
                self.past.move_to(moment)
                step()
            self._live_until(self.present - STOPS_BEFORE)

    # What is going to happen

    def _plan_steps(self) -> None:
        began, present = self.present - self.scale.days * DAY, self.present
        for number in range(self.scale.accounts):
            joins_at = plan.joined_at(number, self.scale, present=present)
            self._at(joins_at, self._connect, number)
        alone = self.scale.accounts == 1
        first_at = began + (1.5 if alone else 0.5) * HOUR
        self._at(first_at, self._read, plan.EARLY, self._stock.early)
        for name, ids in self._stock.main.items():
            self._at(began + 2 * HOUR, self._read, name, ids)
        for name, ids in self._stock.late.items():
            self._at(present - 5 * HOUR, self._read, name, ids)
        for number, one in enumerate(plan.plan_playlists(self.scale, present=present)):
            self._at(one.created_at, self._create, number, one)
        lived = present - began
        self._at(present - lived / 2, self._hold_tracks)
        self._at(present - lived / 4, self._stumble)
        self._at(present - lived / 12, self._pause)
        self._at(present - 26 * HOUR, self._restore)
        self._at(present - 2 * HOUR, self._miss_an_album)
        self._at(present - HOUR, self._hurry)
        self._write_figures()

    def _write_figures(self) -> None:
        """Look once a day, and in the last week every hour."""
        for grain, step, times in (
            ("daily", DAY, self.scale.days),
            ("hourly", HOUR, min(7, self.scale.days) * 24 + 1),
        ):
            newest = snapshots.slot_of(grain, self.present - STOPS_BEFORE)
            for back in range(times):
                slot = newest - back * step
                self._at(slot, self._look, grain, slot)

    @staticmethod
    def _look(grain: str, slot: datetime) -> None:
        snapshots.take(grain=grain, slot=slot, now=clock.now())

    def _at(
        self, moment: datetime, step: Callable[..., None], *arguments: object
    ) -> None:
        entry = (moment, next(self._numbers), lambda: step(*arguments))
        heapq.heappush(self._steps, entry)

    # What happens

    def _connect(self, number: int) -> None:
        name = plan.account_name(number)
        self._say(f"{name} joins")
        app, now = self._app_for(number), clock.now()
        verifier = oauth.new_verifier()
        pending = PendingConsent(
            state="",
            verifier=verifier,
            app=app.pk,
            user=self.person.pk,
            expires_at="",
        )
        code = self.control.grant(
            client_id=app.client_id,
            user_id=self.control.ensure_user(name),
            redirect_uri=self.redirect_uri,
            scope=" ".join(oauth.SCOPES),
            code_challenge=oauth.challenge(verifier),
        )
        connected = account_services.finish_consent(
            pending=pending,
            code=code,
            user=self.person,
            default_prefix=runtime.load().default_prefix,
            now=now,
        )
        self._accounts[number] = connected.account

    def _app_for(self, number: int) -> App:
        """Return the app with features, for the last of several the one without."""
        apps = App.objects.order_by("pk")
        mode = App.Mode.EXTENDED
        if number == self.scale.accounts - 1 and self.scale.accounts > 1:
            mode = App.Mode.DEVELOPMENT
        app = apps.filter(mode=mode).first() or apps.first()
        if app is None:
            raise VibeError("No Spotify app is set up; `manage.py bootstrap` does it.")
        return app

    def _read(self, collection: str, album_ids: list[str]) -> None:
        self._say(f"Albums for {collection}")
        preview = library_services.preview_ingest(
            text="\n".join(album_ids), refresh=False
        )
        library_services.open_ingest(
            preview=preview,
            account=None,
            now=clock.now(),
            collection_name=collection,
            requested_by=self.person,
        )
        self._work()

    def _create(self, number: int, wanted: PlaylistPlan) -> None:
        now, name = clock.now(), wanted.collection
        collections = Collection.objects.filter(name=name)
        bulk = creation.create_playlists(
            account=self._accounts[wanted.account],
            count=1,
            settings=runtime.load(),
            now=now,
            prefix=wanted.prefix,
            size=wanted.size,
            interval_days=wanted.interval_days,
            collection_ids=list(collections.values_list("pk", flat=True)),
            requested_by=self.person,
        )
        self._work()
        (run,) = bulk.children.all()
        key = int(run.subject.removeprefix("playlist:"))
        self._playlists[number] = self._fresh(key)

    def _hold_tracks(self) -> None:
        tracks = Track.objects.order_by("pk")[:3].values("pk")
        library_services.hold_tracks(
            tracks=Track.objects.filter(
                pk__in=list(tracks.values_list("pk", flat=True))
            ),
            reason="Only the radio edits, please",
        )

    def _stumble(self) -> None:
        """Let Spotify refuse one list; six hours later the schedule tries again."""
        playlist = self._spare(STUMBLES)
        if playlist is not None:
            self.control.refuse_once(
                "PUT",
                f"^/v1/playlists/{playlist.spotify_id}/items",
                status=400,
                reason="Payload contains a non-existing ID",
            )

    def _pause(self) -> None:
        playlist = self._spare(PAUSED)
        if playlist is not None:
            editing.pause_playlists(playlists=Playlist.objects.filter(pk=playlist.pk))

    def _restore(self) -> None:
        playlist = self._spare(RESTORED)
        lists = PlaylistSnapshot.objects.confirmed().filter(playlist=playlist)
        earlier = lists.exclude(replaced_at=None).order_by("-confirmed_at").first()
        if earlier is not None:
            restoring.open_restore(
                snapshot=earlier, now=clock.now(), requested_by=self.person
            )
            self._work()

    def _spare(self, number: int) -> Playlist | None:
        """Return a playlist; None if it is not there, or is the hurried one."""
        is_last = number == self.scale.playlists - 1
        return None if is_last else self._playlists.get(number)

    def _miss_an_album(self) -> None:
        """Ask for an album that Spotify hides this once; a second try finds it."""
        known = self._stock.every_id
        others = [one.id for one in self.control.albums() if one.id not in known]
        if not others:
            return
        missing = others[0]
        self.control.refuse_once(
            "GET", f"^/v1/albums/{missing}", status=404, reason="Resource not found"
        )
        self._read(plan.CHARACTERS[0].name, [missing])

    def _hurry(self) -> None:
        """Free the last playlist of its rest and let a schedule of its own hurry it."""
        playlist = self._fresh(self._playlists[self.scale.playlists - 1].pk)
        changes: Changes = {
            "name": f"{playlist.prefix} in a Hurry",
            "description": "A new list every two minutes while this demo runs.",
            "cooldown_days": 0,
            "interval_days": 90,
        }
        editing.edit_playlist(
            playlist=playlist,
            version=playlist.version,
            changes=changes,
            settings=runtime.load(),
            now=clock.now(),
            requested_by=self.person,
        )
        self._work()
        add_schedule(playlist, every_s=TWO_MINUTES_S, now=self.present)

    # The days between

    def _live_until(self, moment: datetime) -> None:
        """Reshuffle what falls due until then, each at its time."""
        while (due_at := self._next_due()) is not None and due_at <= moment:
            self.past.move_to(due_at)
            reshuffling.open_due(settings=runtime.load(), now=clock.now())
            self._work()
            self._say("Day by day, what is due is reshuffled")

    def _next_due(self) -> datetime | None:
        """Return when the next playlist falls due; failed ones are due later again."""
        now = clock.now()
        working = Playlist.objects.filter(
            status=Playlist.Status.ACTIVE, account__status=Account.Status.ACTIVE
        )
        found = working.aggregate(
            coming=Min("next_reshuffle_at", filter=Q(next_reshuffle_at__gt=now)),
            overdue=Count("pk", filter=Q(next_reshuffle_at__lte=now)),
        )
        again = [now + TRY_AGAIN] if found["overdue"] else []
        coming = [found["coming"]] if found["coming"] else []
        return min(again + coming, default=None)

    def _work(self) -> None:
        due = Run.objects.due(now=clock.now())
        worker.work_all(list(due.values_list("pk", flat=True)))

    def _say(self, what: str) -> None:
        began = self.present - self.scale.days * DAY
        share = (clock.now() - began) / (self.present - began)
        self.tell(what, min(max(share, 0.0), 1.0))

    @staticmethod
    def _fresh(key: int) -> Playlist:
        return Playlist.objects.select_related("account__app__developer").get(pk=key)


def add_schedule(playlist: Playlist, *, every_s: int, now: datetime) -> Schedule:
    """Give a playlist a schedule of its own, as staff do in the admin."""
    interval, _ = IntervalSchedule.objects.get_or_create(
        every=every_s, period=IntervalSchedule.SECONDS
    )
    task = PeriodicTask.objects.create(
        name=playlist.name, task=schedules.FIRE, interval=interval
    )
    return Schedule.objects.create(
        task=task,
        kind="playlists.reshuffle_some",
        arguments={"playlists": [playlist.pk]},
        owner=Schedule.Owner.STAFF,
        policy=Schedule.Policy.SKIP,
        effective_from=now,
    )
