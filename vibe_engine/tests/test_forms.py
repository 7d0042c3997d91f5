"""A choice among hundreds, drawn without a template for each option."""

import pytest
from django import forms
from django.test.html import parse_html

from vibe_engine.forms import LongSelect

CHOICES = [("", "None"), ("a", "<b>A & B</b>"), (2, "Two"), ('"c', "“C”")]


class TestLongSelect:
    @pytest.mark.parametrize("value", ["", "a", 2, "2", '"c', "another", None])
    def test_draws_what_django_would(self, value: object) -> None:
        attrs = {"id": "id_zone", "required": True, "disabled": False}
        ours = LongSelect(choices=CHOICES).render("zone", value, attrs)
        theirs = forms.Select(choices=CHOICES).render("zone", value, attrs)
        assert parse_html(ours) == parse_html(theirs)
