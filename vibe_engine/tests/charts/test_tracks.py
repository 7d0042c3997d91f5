"""Pictures of tracks: energy, keys, the print of a list."""

import pytest

from vibe_engine import charts
from vibe_engine.charts import keys, scales
from vibe_engine.tests.charts.things import parse, track


class TestMini:
    def test_needs_at_most_seven_paths_for_a_hundred_tracks(self) -> None:
        energies = [None, *(i / 99 for i in range(99))]
        assert charts.mini(energies, "x").count("<path") == 7

    def test_says_nothing_about_an_empty_list(self) -> None:
        assert charts.mini([], "x") == ""


class TestEnergyStep:
    @pytest.mark.parametrize(
        ("energy", "step"), [(0, 0), (0.44, 0), (0.46, 1), (0.76, 4), (0.86, 5), (1, 5)]
    )
    def test_runs_from_calm_to_driving(self, energy: float, step: int) -> None:
        assert scales.energy_step(energy) == step


class TestCamelot:
    def test_uses_each_place_of_the_wheel_once(self) -> None:
        for mode in (0, 1):
            places = {keys.camelot(key, mode) for key in range(12)}
            assert len(places) == 12

    def test_puts_relative_keys_on_the_same_number(self) -> None:
        for key in range(12):
            major, minor = keys.camelot(key, 1), keys.camelot((key + 9) % 12, 0)
            assert major is not None
            assert minor is not None
            assert major[0] == minor[0]

    @pytest.mark.parametrize(("key", "mode"), [(None, 1), (-1, 1), (12, 0), (3, None)])
    def test_knows_no_place_for_an_unknown_key(
        self, key: int | None, mode: int | None
    ) -> None:
        assert keys.camelot(key, mode) is None
        assert charts.musical_key(key, mode) == ""


class TestFeatureTicks:
    def test_reads_objects_as_well(self) -> None:
        class Track:
            danceability = 0.5
            liveness = None

        assert "<title>dance 0.50</title>" in charts.feature_ticks(Track())


class TestVibePrint:
    def test_shows_every_row(self) -> None:
        markup = charts.vibe_print([track(), track(year=2020)])
        for word in ("Artists", "Energy", "Valence", "Tempo", "Key", "Year"):
            assert f"<b>{word}</b>" in markup

    def test_names_the_rows_it_has_no_features_for(self) -> None:
        bare = charts.PrintTrack("Song", ("Queen",), year=1975)
        markup = charts.vibe_print([bare])
        assert "<b>Energy</b>" not in markup
        assert "Energy, valence, tempo and key are left out" in markup

    def test_leaves_out_only_what_is_missing(self) -> None:
        markup = charts.vibe_print([track(tempo=None)])
        assert "Tempo is left out" in markup
        assert "<b>Energy</b>" in markup

    def test_draws_an_arc_between_two_songs_of_one_artist(self) -> None:
        others = [track(artists=(str(i),)) for i in range(8)]
        markup = charts.vibe_print([track(), *others, track()])
        assert markup.count('class="arc"') == 1
        assert "closest pair 9 apart" in markup

    def test_counts_every_credited_artist(self) -> None:
        one, two = track(artists=("A", "B")), track(artists=("C", "B"))
        assert "B: 1 apart" in charts.vibe_print([one, two])

    def test_survives_one_track_without_anything(self) -> None:
        parse(charts.vibe_print([charts.PrintTrack("")]))

    def test_survives_a_hundred(self) -> None:
        parse(charts.vibe_print([track(str(i)) for i in range(100)]))
