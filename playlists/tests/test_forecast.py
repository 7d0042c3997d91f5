"""The forecast before playlists are created, and what calls cost."""

import itertools

import pytest

from accounts.tests.factories import make_account, make_app, make_developer
from automation.runtime import RuntimeSettings
from library.tests.factories import (
    make_artist,
    make_collection,
    make_track,
    make_tracks,
)
from playlists.services import planning
from playlists.services.forecast import (
    Forecast,
    forecast_calls,
    forecast_creation,
    in_words,
)
from playlists.tests.factories import make_playlist
from vibe_engine import clock
from vibe_engine.errors import InputError

pytestmark = [pytest.mark.django_db, pytest.mark.portable]


def forecast(count: int = 5, **order: object) -> Forecast:
    settings = RuntimeSettings(cooldown_days=5, reshuffle_interval_days=5)
    return forecast_creation(
        **({"account": make_account(), "count": count, "settings": settings} | order)  # type: ignore[arg-type]
    )


class TestForecastCreation:
    def test_counts_what_can_be_drawn(self) -> None:
        make_tracks(400, artists=100)
        found = forecast()
        assert (found.tracks, found.artists, found.reachable_size) == (400, 100, 50)
        assert found.expected_share == pytest.approx(50 / 400)
        assert found.expected_shared == pytest.approx(6.25)

    def test_agrees_with_real_draws(self) -> None:
        make_tracks(300, artists=100)
        found = forecast(count=4, size=30)
        account = make_account()
        lists = [
            set(
                planning.draw_list(
                    playlist=make_playlist(account=account, size=30),
                    settings=RuntimeSettings(),
                    now=clock.now(),
                    seed=seed,
                ).track_ids
            )
            for seed in range(30)
        ]
        pairs = list(itertools.combinations(lists, 2))
        shared = sum(len(one & other) for one, other in pairs) / len(pairs)
        assert shared == pytest.approx(found.expected_shared, rel=0.25)

    def test_asks_for_a_further_list_per_interval_of_rest(self) -> None:
        make_tracks(120, artists=100)
        found = forecast(settings=RuntimeSettings(cooldown_days=11))
        assert found.needed_per_list == 200
        assert not found.carries
        assert "the rest will be shortened" in " ".join(found.sentences)

    def test_says_that_the_library_carries_the_rest(self) -> None:
        make_tracks(120, artists=100)
        found = forecast()
        assert found.needed_per_list == 100
        assert found.carries

    def test_counts_the_lists_that_share_their_rest(self) -> None:
        make_tracks(600, artists=200)
        settings = RuntimeSettings(cooldown_days=5, rest_scope="fleet")
        assert forecast(count=5, settings=settings).carries
        for _ in range(2):
            make_playlist()
        found = forecast(count=5, settings=settings)
        assert (found.carries, found.binds) == (False, "library")
        assert "carries about 5 such playlists, and there would be 7" in " ".join(
            found.sentences
        )

    def test_sees_that_the_cap_keeps_lists_short(self) -> None:
        for _ in range(10):
            artist = make_artist()
            for _ in range(10):
                make_track(artist=artist)
        found = forecast()
        assert found.reachable_size == 20
        assert not found.carries
        assert "20 of 50" in " ".join(found.sentences)

    def test_looks_at_the_chosen_collections_alone(self) -> None:
        collection = make_collection()
        make_tracks(60, collection=collection)
        make_tracks(60)
        assert forecast(collection_ids=[collection.pk]).tracks == 60

    def test_tells_the_cost(self) -> None:
        developer = make_developer(requests_per_s=1.0, playlist_writes_a_day=300)
        account = make_account(app=make_app(developer=developer))
        found = forecast(count=200, account=account)
        assert (found.calls, found.seconds) == (600, 600.0)
        assert found.sentences[-1] == (
            "600 calls to Spotify, about 10 minutes; the daily budget spreads them "
            "over 2 days."
        )

    def test_tells_the_room_that_is_left(self) -> None:
        account = make_account()
        make_playlist(account=account)
        settings = RuntimeSettings(max_playlists_per_account=3)
        assert forecast(account=account, settings=settings).free_places == 2

    def test_speaks_even_of_an_empty_library(self) -> None:
        found = forecast()
        assert (found.tracks, found.distinct_tracks) == (0, 0)
        assert found.sentences[0] == "There is no track to draw yet."

    @pytest.mark.parametrize("order", [{"count": 0}, {"size": 0}, {"interval_days": 0}])
    def test_refuses_what_is_out_of_range(self, order: dict[str, object]) -> None:
        with pytest.raises(InputError):
            forecast(**order)  # type: ignore[arg-type]


class TestForecastCalls:
    def test_stays_short_within_a_day(self) -> None:
        cost = forecast_calls(developer=make_developer(requests_per_s=2.0), calls=1)
        assert cost.sentence == "1 call to Spotify, about 1 second."


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 second"), (8, "8 seconds"), (180, "3 minutes"), (7300, "2 hours")],
)
def test_durations_are_rough(seconds: float, words: str) -> None:
    assert in_words(seconds) == words
