"""Pictures of playlists and runs: squares, lanes, the shelf, the lists of a playlist."""

from datetime import timedelta

from vibe_engine import charts
from vibe_engine.tests.charts.things import NOW, TODAY, board, lane, mark


class TestSquares:
    def test_draws_one_for_each(self) -> None:
        items = [charts.Square(f"No {i}", "done", 0.5) for i in range(57)]
        assert charts.squares(items, "x").count("<title>No") == 57

    def test_merges_thousands_by_colour(self) -> None:
        items = [charts.Square(str(i), "done", 0.5) for i in range(5000)]
        markup = charts.squares(items, "x")
        assert markup.count("<path") == 1
        assert markup.count("M") == 5000


class TestLanes:
    def test_leaves_out_what_lies_outside_the_window(self) -> None:
        early = charts.Mark(NOW - timedelta(days=3), "done", "Early")
        late = charts.Mark(NOW + timedelta(days=3), "planned", "Late")
        markup = charts.lanes([lane(early, late, mark())], NOW)
        assert "Early" not in markup
        assert "Late," not in markup
        assert "One, 10:18: done" in markup

    def test_stacks_what_happened_together(self) -> None:
        markup = charts.lanes([lane(mark(label="A"), mark(label="B"))], NOW)
        assert "A, 10:18" in markup
        assert "B, 10:18" in markup

    def test_counts_a_crowd_in_shares(self) -> None:
        crowd = [*(mark() for _ in range(30)), *(mark("failed") for _ in range(3))]
        assert "<title>30 done, 3 failed</title>" in charts.lanes([lane(*crowd)], NOW)

    def test_crosses_out_a_failure(self) -> None:
        markup = charts.lanes([lane(mark("failed"))], NOW)
        assert "outline-bad" in markup
        assert "×" in markup


class TestDayStrip:
    def test_tells_past_from_future_within_today(self) -> None:
        moments = [NOW + timedelta(hours=hours) for hours in (-30, -1, 1, 30)]
        markup = charts.day_strip(moments, NOW, "x")
        assert markup.count("fill-ink-2") == 1
        assert markup.count("fill-mute") == 1


class TestShelf:
    def test_gives_every_playlist_a_spine(self) -> None:
        spines = [charts.Spine(f"No {i}", "/p/", 0.5) for i in range(62)]
        assert charts.shelf([board(*spines)]).count("<title>No") == 62

    def test_draws_what_stands_still_hollow(self) -> None:
        markup = charts.shelf([board(charts.Spine("One", "/p/", 0.5, "off"))])
        assert 'class="outline"' in markup

    def test_keeps_spines_out_of_the_way_of_the_keyboard(self) -> None:
        markup = charts.shelf([board(charts.Spine("One", "/p/", 0.5))])
        assert 'aria-hidden="true"' in markup
        assert 'href="/p/" tabindex="-1"' in markup
        assert "1 fresh" in markup


class TestTimeline:
    def test_says_what_came_and_went(self) -> None:
        markup = charts.timeline([charts.SnapshotMark(TODAY, 47, 45)], "x")
        assert "22 Nov: 47 in, 45 out" in markup

    def test_lets_every_second_day_give_way_where_there_are_many(self) -> None:
        few = charts.timeline([charts.SnapshotMark(TODAY, 9, 0)] * 5, "x")
        many = charts.timeline([charts.SnapshotMark(TODAY, 9, 0)] * 12, "x")
        assert (few.count(" spare"), many.count(" spare")) == (0, 6)

    def test_is_silent_about_nothing_gone(self) -> None:
        assert "−" not in charts.timeline([charts.SnapshotMark(TODAY, 50, 0)], "x")
