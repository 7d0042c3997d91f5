from typing import Any

import pytest

from vibe_engine.sandbox.selection import select

VALUE = {
    "name": "Late Night",
    "owner": {"id": "harbour", "type": "user"},
    "items": {
        "total": 1,
        "items": [{"added_at": "now", "item": {"uri": "u", "id": 1}}],
    },
}


class TestSelect:
    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ("name", {"name": "Late Night"}),
            ("name,owner.id", {"name": "Late Night", "owner": {"id": "harbour"}}),
            ("owner(id)", {"owner": {"id": "harbour"}}),
            ("items(total)", {"items": {"total": 1}}),
            ("items.items(item(uri))", {"items": {"items": [{"item": {"uri": "u"}}]}}),
            ("items.items.item.uri", {"items": {"items": [{"item": {"uri": "u"}}]}}),
            ("missing", {}),
            ("!owner,!items", {"name": "Late Night"}),
        ],
    )
    def test_keeps_what_is_named(self, fields: str, expected: Any) -> None:
        assert select(VALUE, fields) == expected

    def test_keeps_everything_when_nothing_is_named(self) -> None:
        assert select(VALUE, "") == VALUE

    @pytest.mark.parametrize("fields", ["(((", ")))", "!", ".", "a..b", "a(b", ",,,"])
    def test_survives_nonsense(self, fields: str) -> None:
        select(VALUE, fields)
