"""Tags and filters of every page."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django import forms
from django.contrib.auth.models import User
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone

from vibe_engine.testing.clock import MovableClock

HOSTILE = "<script>alert('x')</script>"
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def render(source: str, **context: Any) -> str:
    """Render a piece of template with the tags loaded."""
    return Template("{% load ui %}" + source).render(Context(context))


def asked(query: str = "", theme: str = "") -> Any:
    """Return a request with this query and this theme cookie."""
    request = RequestFactory().get(f"/playlists/{query}")
    request.COOKIES["theme"] = theme
    return request


@pytest.fixture
def noon(clock: MovableClock) -> datetime:
    """The product's clock, moved to a known noon."""
    clock.set(NOON)
    return NOON


class TestIcon:
    def test_refers_to_the_sprite(self) -> None:
        markup = render('{% icon "shuffle" "small" %}')
        assert 'class="icon small"' in markup
        assert 'href="#i-shuffle"' in markup
        assert 'aria-hidden="true"' in markup


class TestState:
    def test_says_a_state_with_icon_and_word(self) -> None:
        markup = render('{% state "bad" "Failed" %}')
        assert "#i-cross" in markup
        assert 'class="state bad"' in markup
        assert "Failed" in markup

    def test_escapes_the_word(self) -> None:
        assert "<script" not in render('{% state "ok" word %}', word=HOSTILE)

    def test_draws_an_unknown_kind_as_waiting(self) -> None:
        assert "#i-waiting" in render('{% state "novel" "Word" %}')


class TestAvatar:
    def test_is_an_empty_ring_for_nobody(self) -> None:
        assert "vacant" in render("{% avatar account %}", account=None)

    def test_shows_the_picture(self) -> None:
        account = SimpleNamespace(image_url='/a.svg" onload="x', display_name="A")
        markup = render("{% avatar account %}", account=account)
        assert "&quot; onload" in markup

    def test_shows_letters_without_a_picture(self) -> None:
        account = SimpleNamespace(image_url="", display_name="Late Shift")
        assert ">LS<" in render("{% avatar account %}", account=account)


class TestCover:
    def test_shows_a_sleeve_without_a_cover(self) -> None:
        assert "<svg" in render('{% cover "" 40 %}')

    def test_keeps_its_place_while_it_loads(self) -> None:
        markup = render('{% cover "/c.svg" 40 "Malibu" %}')
        assert 'width="40" height="40" alt="Malibu" loading="lazy"' in markup


class TestCovers:
    def test_shows_four_at_most(self) -> None:
        assert render("{% covers urls %}", urls=list("abcdef")).count("<img") == 4


class TestAgo:
    def test_is_relative_with_the_exact_moment_on_hover(self, noon: datetime) -> None:
        with timezone.override("Europe/Berlin"):
            markup = render("{{ when|ago }}", when=noon - timedelta(hours=3))
        assert ">3 hours ago</time>" in markup
        assert 'title="Sunday 22 November 2026, 10:00:00 (Europe/Berlin)"' in markup
        assert 'datetime="2026-11-22T10:00:00+01:00"' in markup

    def test_is_short_in_tables(self, noon: datetime) -> None:
        markup = render('{{ when|ago:"short" }}', when=noon + timedelta(minutes=4))
        assert ">in 4 min</time>" in markup

    def test_says_never_for_no_time(self) -> None:
        assert render("{{ when|ago }}", when=None) == "never"


class TestExact:
    def test_counts_days_in_the_zone_of_the_person(self, noon: datetime) -> None:
        late = noon + timedelta(hours=11)
        with timezone.override("Asia/Tokyo"):
            assert ">tomorrow 08:00<" in render("{{ when|exact }}", when=late)
        with timezone.override("UTC"):
            assert ">today 23:00<" in render("{{ when|exact }}", when=late)

    def test_shows_the_hour_alone(self, noon: datetime) -> None:
        assert ">12:00<" in render('{{ when|exact:"time" }}', when=noon)


class TestNumbers:
    @pytest.mark.parametrize(
        ("source", "text"),
        [
            ("{{ value|grouped }}", "10,600"),
            ("{{ value|duration_words }}", "2 h 56 min"),
            ("{{ value|mmss }}", "0:11"),
            ("{{ missing|grouped }}", ""),
            ("{{ missing|duration_words }}", ""),
            ("{{ missing|mmss }}", ""),
            ("{{ nothing|grouped }}", ""),
            ("{{ nothing|duration_words }}", ""),
            ("{{ nothing|mmss }}", ""),
        ],
    )
    def test_read_as_people_write_them(self, source: str, text: str) -> None:
        assert render(source, value=10600, nothing=None) == text

    def test_takes_a_span_as_well(self) -> None:
        assert render("{{ span|duration_words }}", span=timedelta(days=2)) == "2 days"


class TestInitials:
    def test_prefers_the_full_name(self) -> None:
        person = User(username="mira", first_name="Mira", last_name="Okafor")
        assert render("{{ person|initials }}", person=person) == "MO"

    def test_falls_back_to_the_user_name(self) -> None:
        assert render("{{ person|initials }}", person=User(username="mira")) == "M"


class TestTheme:
    @pytest.mark.parametrize(
        ("cookie", "theme", "switch"),
        [
            ("", "dark", "light"),
            ("light", "light", "dark"),
            ("auto", "auto", "light"),
            ('"><script>', "dark", "light"),
        ],
    )
    def test_comes_from_the_cookie(self, cookie: str, theme: str, switch: str) -> None:
        request = asked(theme=cookie)
        assert render("{% theme %}", request=request) == theme
        assert render("{% next_theme %}", request=request) == switch

    def test_is_dark_without_a_request(self) -> None:
        assert render("{% theme %}") == "dark"


class TestSortLink:
    def test_keeps_the_filters_and_leaves_the_page(self) -> None:
        request = asked("?q=a%26b&page=4")
        markup = render('{% sort_link "name" "Name" %}', request=request)
        assert 'href="?q=a%26b&amp;sort=name"' in markup

    def test_turns_round_when_followed_again(self) -> None:
        markup = render('{% sort_link "name" "Name" %}', request=asked("?sort=name"))
        assert "sort=-name" in markup
        assert "↑" in markup

    def test_knows_the_order_of_the_view(self) -> None:
        source = '<th {% aria_sort "next" %}>'
        assert 'aria-sort="ascending"' in render(source, request=asked(), sort="next")
        assert "aria-sort" not in render(source, request=asked(), sort="name")


class Choices(forms.Form):
    count = forms.IntegerField(label="How many", help_text="At <b>most</b> 50.")
    note = forms.CharField(required=False)
    sure = forms.BooleanField(label="I am sure", help_text="Really.")
    kind = forms.ChoiceField(
        widget=forms.RadioSelect, choices=[("a", "First"), ("b", "Second")]
    )


class TestField:
    def test_ties_label_hint_and_error_to_the_control(self) -> None:
        form = Choices({"count": HOSTILE})
        markup = render("{% field form.count unit='playlists' %}", form=form)
        assert '<label class="label" for="id_count">How many</label>' in markup
        assert 'aria-describedby="id_count_helptext id_count_error"' in markup
        assert 'aria-invalid="true"' in markup
        assert 'id="id_count_helptext"' in markup
        assert 'id="id_count_error"' in markup
        assert 'class="field"' in markup
        assert "playlists</span>" in markup
        assert "<script" not in markup

    def test_says_what_may_stay_empty(self) -> None:
        assert "(optional)" in render("{% field form.note %}", form=Choices())

    def test_draws_a_tick_before_its_words(self) -> None:
        markup = render("{% field form.sure %}", form=Choices())
        assert markup.index("<input") < markup.index("I am sure")
        assert 'class="field"' not in markup

    def test_draws_choices_as_a_group(self) -> None:
        markup = render("{% field form.kind %}", form=Choices())
        assert "<fieldset" in markup
        assert markup.count('type="radio"') == 2
        assert '<label for="id_kind_1">Second</label>' in markup


class TestRailItem:
    def test_lights_the_section_of_the_page(self) -> None:
        source = '{% rail_item "library" "Library" "library:list" key="l" count=7 %}'
        here = render(source, frame=SimpleNamespace(section="library"))
        elsewhere = render(source, frame=SimpleNamespace(section="accounts"))
        assert 'aria-current="page"' in here
        assert 'aria-current="page"' not in elsewhere
        assert '<span class="rail-count">7</span>' in here

    def test_leaves_out_a_count_nobody_knows(self) -> None:
        source = '{% rail_item "library" "Library" "library:list" key="l" count=none %}'
        assert "rail-count" not in render(source)
