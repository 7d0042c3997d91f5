"""The page of the notifications: channels, what stands, how messages went."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from automation import worker
from automation.models import Channel, Delivery, EngineLease, Run, Topic
from automation.tests.factories import WEBHOOK_SECRET, make_channel, make_notice
from vibe_engine import clock
from vibe_engine.testing.receivers import web_receiver

pytestmark = pytest.mark.django_db

PAGE = "/automation/notices/"
MARKUP = "<img src=x onerror=alert(1)>"


def webhook(**fields: Any) -> dict[str, Any]:
    values = {
        "name": "Chat",
        "url": "http://127.0.0.1:9/hook/way-canary",
        "secret": WEBHOOK_SECRET,
        "topics": [Topic.PUSHES, Topic.ACCOUNT],
        "tells_end": "on",
    }
    return values | fields


class TestOverview:
    def test_shows_channels_causes_and_messages_in_few_queries(
        self, staff: Client, django_assert_max_num_queries: Any
    ) -> None:
        now = clock.now()
        EngineLease.objects.create(lease_until=now, heartbeat_at=now)
        for number in range(5):
            channel = make_channel(name=f"Channel {number} {MARKUP}")
            Delivery.objects.create(channel=channel, what="test", created_at=now)
            make_notice(now=now, title=f"Trouble {number} {MARKUP}")
        with django_assert_max_num_queries(10):
            page = staff.get(PAGE).content.decode()
        assert MARKUP not in page
        assert "Channel 4 &lt;img" in page
        assert "Trouble 4 &lt;img" in page
        assert "5 things need a person now." in page

    def test_says_what_to_set(self, staff: Client, settings: Any) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
        settings.NOTIFY_ALLOWED_HOSTS = []
        page = staff.get(PAGE).content.decode()
        assert "EMAIL_URL" in page
        assert "NOTIFY_ALLOWED_HOSTS" in page

    def test_is_for_staff(self, operator: Client) -> None:
        assert operator.get(PAGE).status_code == 403


class TestCreate:
    def test_adds_a_webhook_and_never_shows_its_secrets(self, staff: Client) -> None:
        answer = staff.post(f"{PAGE}new/webhook/", webhook())
        assert answer.status_code == 302
        channel = Channel.objects.get()
        assert channel.topics == ["account", "pushes"]
        for address in (PAGE, channel.get_absolute_url()):
            page = staff.get(address).content.decode()
            assert "way-canary" not in page
            assert WEBHOOK_SECRET not in page

    def test_adds_an_e_mail_channel(self, staff: Client) -> None:
        form = webhook(addresses="a@example.org\nb@example.org, a@example.org")
        assert staff.post(f"{PAGE}new/email/", form).status_code == 302
        assert Channel.objects.get().address == "a@example.org, b@example.org"

    @pytest.mark.parametrize(
        ("kind", "fields", "says"),
        [
            ("webhook", {"url": "https://evil.example/"}, "not among those allowed"),
            ("webhook", {"url": "http://evil.example/"}, "must begin with https"),
            ("webhook", {"secret": "short"}, "at least 16 characters"),
            ("webhook", {"topics": []}, "one thing at least"),
            ("webhook", {"topics": ["nonsense"]}, "not one of the available"),
            ("email", {"addresses": "a@example.org b"}, "no e-mail address"),
            ("email", {"addresses": "a@example.org\nBcc: b"}, "no e-mail address"),
            ("email", {"addresses": " ,; "}, "1 to 10 addresses"),
            ("email", {"addresses": "x" * 1_001}, "at most 1000"),
        ],
    )
    def test_says_what_is_wrong_and_adds_nothing(
        self, staff: Client, kind: str, fields: dict[str, Any], says: str
    ) -> None:
        answer = staff.post(f"{PAGE}new/{kind}/", webhook(**fields))
        assert answer.status_code == 422
        assert says in answer.content.decode()
        assert not Channel.objects.exists()

    def test_knows_two_kinds(self, staff: Client) -> None:
        assert staff.get(f"{PAGE}new/pigeon/").status_code == 404


class TestEdit:
    def test_keeps_address_and_secret_that_are_left_empty(self, staff: Client) -> None:
        channel = make_channel(url="http://127.0.0.1:9/a")
        form = webhook(url="", secret="", name="Other")
        assert staff.post(channel.get_absolute_url(), form).status_code == 302
        channel.refresh_from_db()
        assert (channel.name, channel.url) == ("Other", "http://127.0.0.1:9/a")

    def test_switches_off_and_deletes(self, staff: Client) -> None:
        channel = make_channel()
        staff.post(reverse("automation:toggle_channel", args=[channel.pk]))
        assert not Channel.objects.get().is_on
        address = reverse("automation:delete_channel", args=[channel.pk])
        assert "Delete" in staff.get(address).content.decode()
        assert Channel.objects.exists()
        staff.post(address)
        assert not Channel.objects.exists()


class TestTest:
    def test_opens_a_run_whose_page_tells_how_it_went(self, staff: Client) -> None:
        with web_receiver() as receiver:
            channel = make_channel(url=receiver.url, is_on=False)
            address = reverse("automation:test_channel", args=[channel.pk])
            answer = staff.post(address)
            run = Run.objects.get()
            assert answer.headers["Location"] == run.get_absolute_url()
            worker.work(run.pk)
            assert len(receiver.got) == 1
        run.refresh_from_db()
        assert run.state == Run.State.DONE
        assert "HTTP 204" in staff.get(PAGE).content.decode()

    def test_says_on_the_run_why_it_failed(self, staff: Client) -> None:
        with web_receiver() as receiver:
            receiver.status = 404
            channel = make_channel(url=receiver.url)
            staff.post(reverse("automation:test_channel", args=[channel.pk]))
            run = Run.objects.get()
            worker.work(run.pk)
        page = staff.get(run.get_absolute_url()).content.decode()
        assert "The receiver answered HTTP 404." in page
