"""What a draw tells about itself."""

import json

from playlists.sampler import (
    FunnelStep,
    Range,
    Report,
    Resting,
    Rules,
    RungUse,
    draw,
    sequence,
)
from playlists.tests.sampler.libraries import TODAY, make_library

SEED = (4, 5, 6)


def full_report() -> Report:
    """Return a report in which every part says something."""
    library = make_library(
        [[1], [1], [1], [2], [3], [3], [4], [5], [6], [7]],
        recording_ids=[1, 2, 3, 4, 5, 6, 7, 7, 9, 10],
        explicit=[0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
        features={"energy": [0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.1, 0.9]},
        total_tracks=14,
        held_tracks=3,
    )
    resting = Resting(TODAY, current={4}, left={5: TODAY - 2, 6: TODAY})
    rules = Rules(size=8, explicit="exclude", ranges=(Range("energy", 0.5),))
    drawn = draw(library, rules, resting, SEED)
    order = sequence(library, drawn.rows, rules, SEED)[1]
    return drawn.report.with_order(order)


class TestReport:
    def test_shows_what_each_rule_took(self) -> None:
        assert full_report().funnel == (
            FunnelStep("library", "In the library", 0, 14),
            FunnelStep("held", "Held back", 3, 11),
            FunnelStep("elsewhere", "Not in the playlist's collections", 1, 10),
            FunnelStep("explicit", "Explicit or not", 1, 9),
            FunnelStep("range_energy", "Outside the energy range", 1, 8),
            FunnelStep("current", "In the list now", 1, 7),
            FunnelStep("cooldown", "Resting", 2, 5),
            FunnelStep("rung_cooldown", "Given back by a shorter rest", -1, 6),
            FunnelStep("artist_cap", "Artist at the cap", 1, 5),
            FunnelStep("title", "Same recording", 1, 4),
            FunnelStep("drawn", "Drawn", 0, 4),
        )

    def test_names_rungs_binding_rule_and_gains(self) -> None:
        report = full_report()
        assert report.rungs == (RungUse("cooldown", 5, 6, 1, {"from": 5, "to": 2}),)
        assert report.binding_rule is not None
        assert report.binding_rule.rule == "cooldown"
        assert report.binding_rule.artist_ids == (1,)
        assert report.binding_rule.gains == {
            "cooldown": 2,
            "artist_cap": 1,
            "ranges": 1,
            "explicit": 1,
        }

    def test_is_the_same_after_a_journey_through_json(self) -> None:
        report = full_report()
        data = json.loads(json.dumps(report.to_dict()))
        assert Report.from_dict(data) == report
        assert data == report.to_dict()

    def test_knows_how_it_can_be_drawn_again(self) -> None:
        report = full_report()
        assert report.rules_hash == report.rules.rules_hash()
        assert report.seed == SEED
        assert report.algorithm == 4
