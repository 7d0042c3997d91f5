"""Picking playlists for a schedule: chips, the search beside them, typed lines."""

from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from accounts.tests.factories import make_account
from automation.models import Schedule
from automation.tests.test_planning import ADD, edit, form
from playlists import picking
from playlists.models import Playlist
from playlists.picking import Chip, PlaylistPicker
from playlists.tests.factories import make_playlist, make_playlists

PICK = reverse("playlists:pick")
GONE = 10**30
"""No playlist's number."""
HOSTILE = "</li><script>alert(1)</script>"


class TestSplit:
    def test_parts_chips_from_what_is_typed(self) -> None:
        typed = "12 · Late Night\nEarly\n\n  7\n12 · Late Night\nx · y\n3 · a · b"
        chips, lines = picking.split(typed)
        assert chips == [Chip(12, "Late Night"), Chip(3, "a · b")]
        assert lines == ["Early", "  7", "x · y"]

    def test_makes_chips_of_the_lines_that_chips_send(self) -> None:
        chip = Chip(5, "A · B", "Mira")
        assert Chip.of(chip.line) == Chip(5, "A · B")


@pytest.mark.django_db
class TestWidget:
    def test_reads_chips_and_typed_lines_as_one_text(self) -> None:
        data = QueryDict(mutable=True)
        data.setlist("playlists", ["1 · One", "2 · Two", "Three\nFour"])
        read = PlaylistPicker().value_from_datadict(data, {}, "playlists")
        assert read == "1 · One\n2 · Two\nThree\nFour"

    def test_reads_nothing_where_nothing_was_sent(self) -> None:
        assert PlaylistPicker().value_from_datadict(QueryDict(), {}, "x") is None

    def test_opens_the_lines_where_something_stands_in_them(self) -> None:
        shown = PlaylistPicker().render("playlists", f"{GONE} · One", {"id": "id_x"})
        assert "<details>" in shown
        assert f'value="{GONE} · One" checked' in shown
        shown = PlaylistPicker().render(
            "playlists", f"{GONE} · One\nTwo", {"id": "id_x"}
        )
        assert "<details open>" in shown
        assert "\nTwo</textarea>" in shown


@pytest.mark.django_db
@pytest.mark.portable
class TestSearch:
    def test_finds_by_part_of_a_name_an_account_or_a_number(self) -> None:
        mira = make_account(display_name="Mira Hartwell")
        late = make_playlist(account=mira, name="Late Night • 001")
        somebody = make_account(display_name="Somebody")
        other = make_playlist(account=somebody, name="Mornings")
        for query in ("night", "hartw", f" {late.pk} "):
            found = picking.find(query, but=[])
            assert Chip(late.pk, late.name, "Mira Hartwell") in found
            assert other.pk not in {chip.pk for chip in found}

    def test_leaves_out_what_is_ticked_or_removed(self) -> None:
        ticked, gone, left = (make_playlist(name=f"Late {n}") for n in range(3))
        Playlist.objects.filter(pk=gone.pk).update(status=Playlist.Status.REMOVED)
        found = picking.find("late", but=[Chip(ticked.pk, "")])
        assert [chip.pk for chip in found] == [left.pk]

    @pytest.mark.parametrize("query", ["", "  ", "\x00", "9" * 40, "%", "nobody"])
    def test_finds_nothing_without_harm(self, query: str) -> None:
        make_playlist(name="Late")
        assert picking.find(query, but=[]) == []


@pytest.mark.django_db
@pytest.mark.portable
class TestPick:
    def ask(self, client: Client, **typed: Any) -> str:
        answer = client.post(PICK, typed)
        assert answer.status_code == 200
        return answer.content.decode()

    def test_keeps_what_is_ticked_and_offers_what_is_found(self, staff: Client) -> None:
        make_playlist(name="Late Night")
        chips = [f"{GONE} · Seven", "typed\nlines"]
        page = self.ask(staff, pick="late", playlists=chips)
        assert 'id="id_playlists-picked"' in page
        assert f'value="{GONE} · Seven" checked' in page
        assert page.count("checked") == 1
        assert "Late Night" in page
        assert "typed" not in page

    def test_says_that_nothing_or_more_is_found(self, staff: Client) -> None:
        assert "No other playlist is named so." in self.ask(staff, pick="late")
        make_playlists(picking.MOST_FOUND + 1, account=make_account())
        page = self.ask(staff, pick="vibe")
        assert "There are more" in page
        assert page.count('type="checkbox"') == picking.MOST_FOUND

    def test_escapes_names(self, staff: Client) -> None:
        make_playlist(name=HOSTILE)
        page = self.ask(staff, pick="script", playlists=[f"{GONE} · {HOSTILE}"])
        assert "<script" not in page
        assert page.count("&lt;script&gt;") == 4

    def test_is_for_staff(self, operator: Client) -> None:
        assert operator.post(PICK, {"pick": "x"}).status_code == 403

    def test_costs_no_more_for_more_playlists(
        self, staff: Client, django_assert_max_num_queries: Any
    ) -> None:
        make_playlists(12, account=make_account())
        with django_assert_max_num_queries(5):
            self.ask(staff, pick="vibe", playlists=["1 · One", "2 · Two"])

    def test_calls_what_is_ticked_as_it_is_called_now(self, staff: Client) -> None:
        playlist = make_playlist(name="New", account=make_account(display_name="Mira"))
        page = self.ask(staff, playlists=[f"{playlist.pk} · Old"])
        assert f'value="{playlist.pk} · New" checked' in page
        assert "Mira" in page


@pytest.mark.django_db
@pytest.mark.portable
class TestSchedulePage:
    def test_stores_chips_and_typed_lines_and_shows_them_as_chips(
        self, staff: Client
    ) -> None:
        one, two, three = make_playlists(3, account=make_account())
        lines = [Chip(one.pk, one.name).line, Chip(two.pk, two.name).line, three.name]
        answer = staff.post(ADD, form(scope="playlists", playlists=lines))
        assert answer.status_code == 302
        schedule = Schedule.objects.get()
        keys = [one.pk, two.pk, three.pk]
        assert schedule.arguments == {"playlists": keys}
        page = staff.get(edit(schedule)).content.decode()
        for playlist in (one, two, three):
            assert f'value="{playlist.pk} · {playlist.name}" checked' in page

    def test_keeps_both_when_something_is_wrong(self, staff: Client) -> None:
        one = make_playlist()
        lines = [Chip(one.pk, one.name).line, "Nowhere"]
        answer = staff.post(ADD, form(scope="playlists", playlists=lines))
        page = answer.content.decode()
        assert answer.status_code == 422
        assert "There is no playlist “Nowhere”" in page
        assert f'value="{one.pk} · {one.name}" checked' in page
        assert "\nNowhere</textarea>" in page

    def test_wants_one_at_least(self, staff: Client) -> None:
        answer = staff.post(ADD, form(scope="playlists", playlists=[""]))
        assert "Choose playlists." in answer.content.decode()
