from hypothesis import given
from hypothesis import strategies as st

from vibe_engine.sandbox.ids import IdCodec, decode62, encode62, is_well_formed

INDEXES = st.integers(0, 2**32 - 1)
KINDS = st.sampled_from(["album", "track", "artist"])


class TestBase62:
    @given(st.integers(0, 2**128 - 1))
    def test_comes_back_as_the_same_number(self, value: int) -> None:
        assert decode62(encode62(value)) == value

    @given(st.integers(0, 2**128 - 1))
    def test_makes_well_formed_ids(self, value: int) -> None:
        assert is_well_formed(encode62(value))


class TestIdCodec:
    @given(KINDS, INDEXES)
    def test_finds_the_index_again(self, kind: str, index: int) -> None:
        codec = IdCodec(7)
        assert codec.decode(kind, codec.encode(kind, index)) == index

    @given(KINDS, INDEXES)
    def test_does_not_know_ids_of_another_kind(self, kind: str, index: int) -> None:
        codec = IdCodec(7)
        assert codec.decode("playlist", codec.encode(kind, index)) is None

    @given(KINDS, INDEXES)
    def test_does_not_know_ids_of_another_seed(self, kind: str, index: int) -> None:
        assert IdCodec(7).decode(kind, IdCodec(8).encode(kind, index)) is None

    @given(st.text(max_size=30))
    def test_survives_any_text(self, text: str) -> None:
        assert IdCodec(7).decode("album", text) is None
