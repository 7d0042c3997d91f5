"""The checker finds what it is there to find: histories that are wrong on purpose."""

from dataclasses import replace

import pytest

from tests.storm.checker import (
    Call,
    Ended,
    History,
    List,
    Local,
    Opening,
    Remote,
    Rules,
    Verdict,
    judge,
)

RULES = Rules(deadline_s=2.0, flight_s=1.0)
PUT = "PUT /items"
GOOD = History(
    accepted=frozenset({1, 2}),
    runs=(Ended(1, "Create", "done"), Ended(2, "Reshuffle", "done")),
    calls=(
        Call(1, 10.0, 10.2, "POST /me/playlists", "dev"),
        Call(2, 10.3, 10.4, PUT, "dev", "p", digest="aa", version="v1"),
        Call(3, 10.5, 10.6, "PUT /p", "dev", "p"),
        Call(4, 20.0, 20.1, PUT, "dev", "p", digest="bb", version="v2"),
        Call(5, 23.0, 23.1, PUT, "dev", "p", digest="bb", version="v3"),
    ),
    remote=(Remote("p", "Refreshed often.", "bb"),),
    local=(Local(7, "p", "ve2x", "Refreshed often.", is_settled=True),),
    lists=(
        List(1, 7, 1, "confirmed", "aa"),
        List(2, 7, 2, "confirmed", "bb"),
    ),
    openings=(Opening("dev", 12.0, 16.0), Opening("other", 0.0, 99.0)),
)


def counts(verdict: Verdict) -> dict[str, int]:
    """Return how much was found of each kind, leaving out what was not."""
    found = {
        "lost": verdict.lost,
        "duplicates": verdict.duplicates,
        "wrong": verdict.wrong,
        "markers": verdict.markers,
    }
    return {name: len(texts) for name, texts in found.items() if texts}


def judged(**changes: object) -> dict[str, int]:
    """Judge the good history with some of its parts replaced."""
    return counts(judge(replace(GOOD, **changes), RULES))  # type: ignore[arg-type]


class TestAGoodHistory:
    def test_passes(self) -> None:
        assert judge(GOOD, RULES) == Verdict()

    def test_passes_although_one_list_was_written_twice_in_a_row(self) -> None:
        twice = [call for call in GOOD.calls if call.digest == "bb"]
        assert len(twice) == 2

    def test_passes_when_a_plan_was_given_up_before_it_was_written(self) -> None:
        lists = (*GOOD.lists, List(3, 7, 2, "abandoned", "cc"))
        assert judged(lists=lists) == {}


class TestLost:
    def test_is_an_accepted_run_that_is_not_in_the_ledger(self) -> None:
        assert judged(accepted=frozenset({1, 2, 3})) == {"lost": 1}

    @pytest.mark.parametrize(
        "state", ["planned", "working", "blocked", "failed", "cancelled"]
    )
    def test_is_a_run_that_did_not_end_well(self, state: str) -> None:
        assert judged(runs=(GOOD.runs[0], Ended(2, "Reshuffle", state))) == {"lost": 1}

    def test_is_a_playlist_that_spotify_does_not_hold(self) -> None:
        assert judged(remote=(), calls=GOOD.calls)["lost"] == 1

    def test_is_a_playlist_without_an_id(self) -> None:
        local = (*GOOD.local, Local(8, "", "ve3y", "", is_settled=True))
        assert judged(local=local) == {"lost": 1}


class TestDuplicate:
    def test_is_a_playlist_that_no_row_stands_for(self) -> None:
        remote = (*GOOD.remote, Remote("q", "Refreshed often.", "aa"))
        assert judged(remote=remote) == {"duplicates": 1}

    def test_is_a_playlist_that_two_rows_stand_for(self) -> None:
        twin = replace(GOOD.local[0], pk=8)
        lists = (*GOOD.lists, List(3, 8, 3, "confirmed", "aa"))
        lists = (*lists, List(4, 8, 4, "confirmed", "bb"))
        assert judged(local=(*GOOD.local, twin), lists=lists) == {"duplicates": 1}

    def test_is_a_run_that_brought_two_lists(self) -> None:
        calls = (*GOOD.calls, Call(6, 30.0, 30.1, PUT, "dev", "p", digest="cc"))
        lists = (*GOOD.lists, List(3, 7, 2, "confirmed", "cc"))
        remote = (replace(GOOD.remote[0], digest="cc"),)
        assert judged(calls=calls, lists=lists, remote=remote) == {"duplicates": 1}


class TestWrong:
    def test_is_an_older_list_on_spotify(self) -> None:
        assert judged(remote=(replace(GOOD.remote[0], digest="aa"),)) == {"wrong": 1}

    def test_is_an_empty_playlist(self) -> None:
        assert judged(remote=(replace(GOOD.remote[0], digest="00"),)) == {"wrong": 1}

    def test_is_a_description_that_the_row_does_not_know(self) -> None:
        assert judged(remote=(replace(GOOD.remote[0], description=""),)) == {"wrong": 1}

    def test_is_a_list_that_was_written_and_never_confirmed(self) -> None:
        stray = Call(6, 15.9, 15.95, PUT, "", "p", digest="cc")
        calls = (*GOOD.calls[:3], replace(stray, number=3), *GOOD.calls[3:])
        assert judged(calls=calls) == {"wrong": 1}

    def test_is_a_list_that_was_confirmed_and_never_written(self) -> None:
        calls = tuple(call for call in GOOD.calls if call.digest != "aa")
        assert judged(calls=calls) == {"wrong": 1}

    def test_is_an_old_list_written_again_in_between(self) -> None:
        late = Call(6, 22.0, 22.1, PUT, "dev", "p", digest="aa")
        calls = (*GOOD.calls[:4], replace(late, number=4), GOOD.calls[4])
        assert judged(calls=calls) == {"wrong": 1}

    def test_is_two_calls_on_one_playlist_at_once(self) -> None:
        calls = (*GOOD.calls, Call(6, 23.05, 23.2, "GET /p", "dev", "p"))
        assert judged(calls=calls) == {"wrong": 1}

    def test_is_no_call_whose_asker_had_given_up(self) -> None:
        calls = (
            *GOOD.calls[:4],
            replace(GOOD.calls[4], ended_s=40.0),
            Call(6, 25.5, 25.6, "GET /p", "dev", "p"),
        )
        assert judged(calls=calls) == {}

    def test_is_a_call_while_the_circuit_was_open(self) -> None:
        calls = (*GOOD.calls, Call(6, 13.5, 13.6, "GET /me", "dev"))
        assert judged(calls=calls) == {"wrong": 1}

    @pytest.mark.parametrize("started_s", [12.9, 16.1])
    def test_is_no_call_on_its_way_or_after_the_circuit(self, started_s: float) -> None:
        calls = (*GOOD.calls, Call(6, started_s, started_s, "GET /me", "dev"))
        assert judged(calls=calls) == {}


class TestMarkers:
    def test_are_left_in_a_description(self) -> None:
        text = "Being filled. ve2x"
        remote = (replace(GOOD.remote[0], description=text),)
        local = (replace(GOOD.local[0], description=text),)
        assert judged(remote=remote, local=local) == {"markers": 1}

    def test_are_left_where_a_row_has_something_to_tell(self) -> None:
        assert judged(local=(replace(GOOD.local[0], is_settled=False),)) == {
            "markers": 1
        }


class TestLateWrites:
    RULES = replace(RULES, late_writes=True)

    def test_may_overlap_and_be_repaired(self) -> None:
        late = Call(6, 23.05, 23.06, PUT, "", "p", digest="aa")
        repair = Call(7, 24.0, 24.1, PUT, "", "p", digest="bb")
        history = replace(GOOD, calls=(*GOOD.calls, late, repair))
        assert judge(history, self.RULES) == Verdict()
        assert counts(judge(history, RULES)) == {"wrong": 2}

    def test_may_not_remain(self) -> None:
        history = replace(GOOD, remote=(replace(GOOD.remote[0], digest="aa"),))
        assert counts(judge(history, self.RULES)) == {"wrong": 1}
