"""Secrets at rest: bound to their row, readable over a rotation of keys."""

import base64
from collections.abc import Iterator

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from vibe_engine import crypto
from vibe_engine.crypto import DecryptError, EnvironmentKeys
from vibe_engine.secrets_env import new_token_key

OLD, NEW = new_token_key("old"), new_token_key("new")
ROW = "token:7:access"


@pytest.fixture(autouse=True)
def _fresh_provider() -> Iterator[None]:
    crypto.keys.cache_clear()
    yield
    crypto.keys.cache_clear()


def use_keys(settings: object, *entries: str) -> None:
    """Put other keys into force."""
    settings.TOKEN_KEYS = list(entries)  # type: ignore[attr-defined]
    crypto.keys.cache_clear()


class TestEncrypt:
    @given(st.text(st.characters(exclude_categories=["Cs"])))
    def test_gives_back_what_it_took(self, text: str) -> None:
        assert crypto.decrypt(crypto.encrypt(text, identity=ROW), identity=ROW) == text

    def test_hides_the_text(self) -> None:
        stored = crypto.encrypt("BQC-a-token", identity=ROW)
        sealed = base64.urlsafe_b64decode(stored.split(".")[2])
        assert "BQC-a-token" not in stored
        assert b"BQC-a-token" not in sealed

    def test_never_gives_the_same_twice(self) -> None:
        sealed = {crypto.encrypt("same", identity=ROW) for _ in range(100)}
        assert len(sealed) == 100


class TestDecrypt:
    @pytest.mark.parametrize("row", ["token:8:access", "token:7:refresh", "app:7", ""])
    def test_refuses_what_belongs_to_another_row(self, row: str) -> None:
        stored = crypto.encrypt("a secret", identity=ROW)
        with pytest.raises(DecryptError):
            crypto.decrypt(stored, identity=row)

    def test_refuses_every_text_with_one_letter_changed(self) -> None:
        stored = crypto.encrypt("a secret", identity=ROW)
        for place, letter in enumerate(stored.rstrip("=")):
            changed = stored[:place] + chr(ord(letter) ^ 16) + stored[place + 1 :]
            with pytest.raises(DecryptError):
                crypto.decrypt(changed, identity=ROW)

    @given(st.text())
    def test_refuses_whatever_it_did_not_make(self, text: str) -> None:
        with pytest.raises(DecryptError):
            crypto.decrypt(text, identity=ROW)

    @pytest.mark.parametrize(
        "text",
        ["v1.{key}.", "v1.{key}.AAAA", "v2.{key}.AAAA", "v1..AAAA", "v1.nobody.AA"],
    )
    def test_refuses_what_only_looks_like_it(self, text: str) -> None:
        key_id, _ = crypto.keys().current()
        with pytest.raises(DecryptError):
            crypto.decrypt(text.format(key=key_id), identity=ROW)

    def test_tells_nothing_of_the_secret_in_its_error(self) -> None:
        stored = crypto.encrypt("a secret", identity=ROW)
        with pytest.raises(DecryptError) as caught:
            crypto.decrypt(stored, identity="app:7")
        told = f"{caught.value} {caught.value!r} {caught.value.__cause__!r}"
        assert "a secret" not in told
        assert stored not in told


class TestRotation:
    def test_seals_with_the_first_key_and_reads_with_the_others(
        self, settings: object
    ) -> None:
        use_keys(settings, OLD)
        before = crypto.encrypt("from before", identity=ROW)
        use_keys(settings, NEW, OLD)
        after = crypto.encrypt("from after", identity=ROW)
        assert crypto.key_id_of(before) == "old"
        assert crypto.key_id_of(after) == "new"
        assert crypto.decrypt(before, identity=ROW) == "from before"
        assert crypto.decrypt(after, identity=ROW) == "from after"

    def test_cannot_read_with_a_key_that_was_taken_away(self, settings: object) -> None:
        use_keys(settings, OLD)
        stored = crypto.encrypt("from before", identity=ROW)
        use_keys(settings, NEW)
        with pytest.raises(DecryptError):
            crypto.decrypt(stored, identity=ROW)

    def test_cannot_read_with_another_key_of_the_same_id(
        self, settings: object
    ) -> None:
        use_keys(settings, OLD)
        stored = crypto.encrypt("from before", identity=ROW)
        use_keys(settings, new_token_key("old"))
        with pytest.raises(DecryptError):
            crypto.decrypt(stored, identity=ROW)


class TestEnvironmentKeys:
    def test_take_the_first_as_current(self) -> None:
        assert EnvironmentKeys([NEW, OLD]).current()[0] == "new"

    def test_may_stand_with_blanks_around_them(self) -> None:
        assert len(EnvironmentKeys([f" {NEW}", f" {OLD} "]).by_id("old")) == 32

    @pytest.mark.parametrize(
        "entries",
        [
            [],
            [""],
            ["k1"],
            ["k1:"],
            ["k1:c2hvcnQ="],
            ["k1:ünreadable"],
            [f":{NEW.partition(':')[2]}"],
            [f"k.1:{NEW.partition(':')[2]}"],
            [NEW, new_token_key("new")],
        ],
    )
    def test_refuse_what_is_no_list_of_keys(self, entries: list[str]) -> None:
        with pytest.raises(ImproperlyConfigured, match="TOKEN_KEYS") as caught:
            EnvironmentKeys(entries)
        assert NEW.partition(":")[2] not in str(caught.value)

    def test_never_show_a_key(self) -> None:
        assert repr(EnvironmentKeys([NEW, OLD])) == "EnvironmentKeys(new, old)"
