"""Random libraries, rules and histories for the property tests."""

from typing import Any

from hypothesis import strategies as st

from playlists.sampler import Range, Resting, Rules
from playlists.tests.sampler.libraries import TODAY

RECORDINGS = st.integers(1, 40)


@st.composite
def library_columns(draw: st.DrawFn) -> dict[str, Any]:
    """Columns of a small library with clashes of every kind; see `make_library`."""
    count = draw(st.integers(0, 45))

    def column(values: st.SearchStrategy[Any]) -> list[Any]:
        return draw(st.lists(values, min_size=count, max_size=count))

    artists = st.integers(1, draw(st.sampled_from([1, 4, 12, 40])))
    return {
        "credits": column(st.lists(artists, max_size=4)),
        "recording_ids": column(RECORDINGS),
        "explicit": column(st.sampled_from([-1, 0, 1])),
        "year": column(st.sampled_from([0, 1980, 2000, 2020])),
        "use_count": column(st.integers(0, 30)),
        "last_used_day": column(st.one_of(st.just(-1), st.integers(TODAY - 20, TODAY))),
        "features": {"energy": column(st.sampled_from([float("nan"), 0.2, 0.5, 0.9]))},
        "total_tracks": count + draw(st.integers(0, 5)),
    }


def ranges() -> st.SearchStrategy[tuple[Range, ...]]:
    energy = st.builds(
        Range,
        st.just("energy"),
        minimum=st.sampled_from([0.3, 0.55]),
        soft=st.booleans(),
        missing_fails=st.booleans(),
    )
    year = st.builds(Range, st.just("year"), maximum=st.just(2000))
    return st.lists(st.one_of(energy, year), max_size=2).map(tuple)


def rules() -> st.SearchStrategy[Rules]:
    return st.builds(
        Rules,
        size=st.integers(1, 30),
        artist_cap=st.integers(1, 4),
        artist_separation=st.integers(0, 12),
        cooldown_days=st.sampled_from([0, 1, 3, 5, 14]),
        title_separation=st.booleans(),
        primary_only=st.booleans(),
        explicit=st.sampled_from(["allow", "allow", "only", "exclude"]),
        ranges=ranges(),
        arc=st.sampled_from(["flat", "rise", "fall", "wave"]),
        ladder=st.permutations(["cooldown", "primary_credits", "soft_ranges"]).flatmap(
            lambda names: st.integers(0, 3).map(lambda n: tuple(names[:n]))
        ),
        allow_cap_relaxation=st.booleans(),
    )


def histories() -> st.SearchStrategy[Resting]:
    return st.builds(
        Resting,
        today=st.just(TODAY),
        current=st.frozensets(RECORDINGS, max_size=12),
        left=st.dictionaries(RECORDINGS, st.integers(TODAY - 16, TODAY), max_size=30),
    )
