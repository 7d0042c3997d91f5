"""Runtime settings: sources, validation, saving and taking back."""

from typing import Any

import pytest

from automation import runtime
from automation.models import Setting
from vibe_engine import clock
from vibe_engine.errors import InputError

pytestmark = [pytest.mark.django_db, pytest.mark.portable]


def save(**changes: Any) -> set[str]:
    return runtime.save_settings(changes=changes, by=None, now=clock.now())


class TestLoad:
    def test_gives_the_defaults_with_one_query(
        self, django_assert_num_queries: Any
    ) -> None:
        with django_assert_num_queries(1):
            assert runtime.load() == runtime.RuntimeSettings()

    def test_the_environment_wins_over_the_default(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("MIN_REPEAT_GAP_DAYS", "9")
        assert runtime.load().cooldown_days == 9

    def test_the_table_wins_over_the_environment(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("MIN_REPEAT_GAP_DAYS", "9")
        save(cooldown_days="12")
        assert runtime.load().cooldown_days == 12

    def test_a_value_that_is_not_possible_counts_as_not_given_and_says_so(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("MIN_REPEAT_GAP_DAYS", "many")
        assert runtime.load().cooldown_days == 5
        row = next(o for o in runtime.describe() if o.spec.key == "cooldown_days")
        assert "whole number" in row.problem


class TestSave:
    @pytest.mark.parametrize(
        ("key", "raw"),
        [
            ("playlist_size", "0"),
            ("playlist_size", "101"),
            ("playlist_size", "5.5"),
            ("playlist_size", ""),
            ("playlist_size", "½"),
            ("reshuffle_interval_days", "91"),
            ("cooldown_days", "-1"),
            ("default_prefix", ""),
            ("default_prefix", "x" * 65),
            ("refresh_description", "perhaps"),
            ("description_templates", ""),
            ("description_templates", "From {nowhere}."),
            ("description_templates", "From {collection"),
            ("description_templates", "<b>bold</b>"),
            ("no_such_setting", "1"),
        ],
    )
    def test_refuses_what_is_not_possible_and_names_the_setting(
        self, key: str, raw: str
    ) -> None:
        with pytest.raises(InputError) as caught:
            save(**{key: raw})
        assert caught.value.field == key
        assert not Setting.objects.exists()

    def test_saves_all_or_none(self) -> None:
        with pytest.raises(InputError):
            save(cooldown_days="7", playlist_size="1000")
        assert not Setting.objects.exists()

    def test_returns_only_what_really_changed(self) -> None:
        assert save(cooldown_days="7", artist_cap="2") == {"cooldown_days"}
        assert list(Setting.objects.values_list("key", flat=True)) == ["cooldown_days"]

    def test_keeps_sentences_in_order(self) -> None:
        save(description_templates="One {size}.\n\n  Two   {collection}. \n")
        assert runtime.load().description_templates == (
            "One {size}.",
            "Two {collection}.",
        )


class TestRestore:
    def test_lets_the_default_count_again(self) -> None:
        save(cooldown_days="7")
        runtime.restore_default(key="cooldown_days", now=clock.now())
        assert runtime.load().cooldown_days == 5
