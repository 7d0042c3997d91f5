"""Messages as they arrive at real receivers on this machine."""

import hashlib
import hmac
import json
import logging
from collections.abc import Iterator
from email import message_from_string
from email.header import decode_header, make_header
from email.message import Message
from typing import Any

import pytest

from automation import worker
from automation.models import Channel, Delivery, Notice, Run, Telling, Topic
from automation.notices import channels, watch
from automation.notices.channels import Wish
from automation.tests.factories import WEBHOOK_SECRET, make_channel, make_notice
from vibe_engine import clock
from vibe_engine.errors import InputError
from vibe_engine.testing.receivers import (
    MailReceiver,
    Receiver,
    mail_receiver,
    web_receiver,
)

pytestmark = [pytest.mark.django_db, pytest.mark.portable]

HOSTILE = "Mira\r\nBcc: all@evil.example\r\n\r\n<b>\u202etxet\u2066</b> \x00\x1b[31m"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with web_receiver() as found:
        yield found


@pytest.fixture
def mail(settings: Any) -> Iterator[MailReceiver]:
    """A mail server, and settings that name it."""
    with mail_receiver() as found:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", found.port
        yield found


def tell(channel: Channel, *notices: Notice, what: str = "opened") -> Run:
    """Open a message about these causes, send it, and return its run."""
    now = clock.now()
    delivery = Delivery.objects.create(channel=channel, what=what, created_at=now)
    for notice in notices:
        Telling.objects.create(
            delivery=delivery, notice=notice, channel=channel, what=what
        )
    run = watch.open_delivery(delivery, now=now, priority=Run.Priority.SCHEDULED)
    worker.work(run.pk)
    run.refresh_from_db()
    return run


def notice(**fields: Any) -> Notice:
    values = {
        "title": "Calls for Main rest",
        "text": "The quota is used up.",
        "todo": "Wait.",
        "path": "/accounts/",
        "key": "circuit:1",
        "topic": Topic.CIRCUIT,
    }
    return make_notice(now=clock.now(), **(values | fields))


class TestWebhook:
    def test_arrives_signed_with_all_that_a_person_needs(
        self, receiver: Receiver, settings: Any
    ) -> None:
        run = tell(make_channel(url=receiver.url), notice())
        assert (run.state, run.result) == (Run.State.DONE, {"answer": "HTTP 204"})
        ((path, headers, body),) = receiver.got
        assert path == "/hook/way-canary"
        signed = f"{headers['Vibe-Timestamp']}.".encode() + body
        digest = hmac.new(WEBHOOK_SECRET.encode(), signed, hashlib.sha256).hexdigest()
        assert headers["Vibe-Signature"] == f"v1={digest}"
        said = json.loads(body)
        delivery = Delivery.objects.get()
        assert said["id"] == headers["Idempotency-Key"] == str(delivery.key)
        assert (said["event"], headers["Vibe-Event"]) == ("opened", "opened")
        (told,) = said["notices"]
        assert told["url"] == f"{settings.PUBLIC_BASE_URL}/accounts/"
        assert (told["cause"], told["todo"]) == ("circuit:1", "Wait.")
        assert "Calls for Main rest" in said["text"]
        assert delivery.delivered_at is not None

    def test_is_sent_again_under_the_same_id_until_it_is_taken(
        self, receiver: Receiver
    ) -> None:
        receiver.status = 503
        run = tell(make_channel(url=receiver.url), notice())
        assert (run.state, run.reason) == (Run.State.PLANNED, "transient")
        assert run.error == "The receiver answered HTTP 503."
        receiver.status = 200
        Run.objects.update(due_at=clock.now())
        worker.work(run.pk)
        ids = [headers["Idempotency-Key"] for _, headers, _ in receiver.got]
        bodies = [body for _, _, body in receiver.got]
        assert len(ids) == 2
        assert len(set(ids)) == len(set(bodies)) == 1
        assert Delivery.objects.get().answer == "HTTP 200"

    @pytest.mark.parametrize("status", [400, 401, 404, 410])
    def test_is_given_up_when_it_is_refused(
        self, receiver: Receiver, status: int
    ) -> None:
        receiver.status = status
        run = tell(make_channel(url=receiver.url), notice())
        assert (run.state, run.error) == (
            Run.State.FAILED,
            f"The receiver answered HTTP {status}.",
        )
        assert Delivery.objects.get().delivered_at is None

    def test_follows_nobody_elsewhere(self, receiver: Receiver) -> None:
        with web_receiver() as elsewhere:
            receiver.status, receiver.headers = 302, {"Location": elsewhere.url}
            run = tell(make_channel(url=receiver.url), notice())
            assert elsewhere.got == []
        assert run.state == Run.State.FAILED
        assert "redirects" in run.error

    def test_goes_nowhere_once_its_host_is_not_allowed_any_more(
        self, receiver: Receiver, settings: Any
    ) -> None:
        channel = make_channel(url=receiver.url)
        settings.NOTIFY_ALLOWED_HOSTS = ["hooks.example.org"]
        run = tell(channel, notice())
        assert (run.state, receiver.got) == (Run.State.FAILED, [])
        assert "NOTIFY_ALLOWED_HOSTS" in run.error

    def test_is_not_sent_through_a_channel_that_was_switched_off(
        self, receiver: Receiver
    ) -> None:
        run = tell(make_channel(url=receiver.url, is_on=False), notice())
        assert (run.state, receiver.got) == (Run.State.DONE, [])

    @pytest.mark.parametrize("status", [204, 302, 404, 503])
    def test_tells_its_secrets_to_nobody(
        self, receiver: Receiver, status: int, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG, "automation")
        receiver.status = status
        run = tell(make_channel(url=receiver.url), notice())
        run_row = str(Run.objects.filter(pk=run.pk).values())
        rows = f"{run_row} {Delivery.objects.values()} {Channel.objects.values()}"
        kept = [
            one.getMessage()
            for one in caplog.records
            if logging.getLogger(one.name).getEffectiveLevel() <= one.levelno
        ]
        logged = " ".join(kept)
        for secret in (WEBHOOK_SECRET, "way-canary"):
            assert secret not in rows
            assert secret not in logged

    def test_cannot_be_read_with_the_secret_of_another_channel(
        self, receiver: Receiver
    ) -> None:
        first, second = (make_channel(url=receiver.url) for _ in range(2))
        first.url_encrypted = second.url_encrypted
        first.save()
        run = tell(first, notice())
        assert run.state == Run.State.FAILED
        assert "decrypted" in run.error


class TestMail:
    def letter(self, mail: MailReceiver) -> Message:
        (found,) = mail.letters
        return message_from_string(found)

    def test_arrives_as_plain_text_with_a_link(
        self, mail: MailReceiver, settings: Any
    ) -> None:
        channel = make_channel(address="a@example.org, b@example.org")
        run = tell(channel, notice())
        assert run.state == Run.State.DONE, run.error
        letter = self.letter(mail)
        assert letter["Subject"] == "Vibe Engine: Calls for Main rest"
        assert letter["To"] == "a@example.org, b@example.org"
        assert str(Delivery.objects.get().key) in letter["Message-ID"]
        assert letter.get_content_type() == "text/plain"
        text = str(letter.get_payload())
        assert "What to do: Wait." in text
        assert f"{settings.PUBLIC_BASE_URL}/accounts/" in text

    def test_says_what_is_over(self, mail: MailReceiver) -> None:
        tell(make_channel(), notice(ended_at=clock.now()), what="over")
        letter = self.letter(mail)
        assert letter["Subject"] == "Vibe Engine: over: Calls for Main rest"
        assert "It is over: Calls for Main rest" in str(letter.get_payload())

    def test_counts_many_causes_in_its_subject(self, mail: MailReceiver) -> None:
        tell(make_channel(), notice(), notice(key="circuit:2", title="Other"))
        assert self.letter(mail)["Subject"] == "Vibe Engine: 2 things need a person"

    def test_lets_no_name_write_headers_or_turn_the_text_around(
        self, mail: MailReceiver
    ) -> None:
        run = tell(make_channel(), notice(title=HOSTILE.replace("\x00", "")))
        assert run.state == Run.State.DONE, run.error
        letter = self.letter(mail)
        subject = str(make_header(decode_header(letter["Subject"])))
        assert subject == ("Vibe Engine: Mira Bcc: all@evil.example <b> txet </b> [31m")
        assert letter["Bcc"] is None
        payload = letter.get_payload(decode=True)
        assert isinstance(payload, bytes)
        assert "\u202e" not in payload.decode()

    def test_is_tried_again_when_the_server_is_away(
        self, mail: MailReceiver, settings: Any
    ) -> None:
        settings.EMAIL_PORT = 9
        run = tell(make_channel(), notice())
        assert (run.state, run.reason) == (Run.State.PLANNED, "transient")
        assert "mail server does not answer" in run.error

    def test_is_given_up_when_everybody_is_refused(self, mail: MailReceiver) -> None:
        mail.refuses = 550
        run = tell(make_channel(), notice())
        assert run.state == Run.State.FAILED
        assert run.error == "The mail server refuses these addresses."

    def test_says_what_to_set_where_there_is_no_server(self, settings: Any) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
        run = tell(make_channel(), notice())
        assert run.state == Run.State.FAILED
        assert "EMAIL_URL" in run.error


class TestSaveChannel:
    def save(self, channel: Channel | None = None, **fields: Any) -> Channel:
        values: dict[str, Any] = {
            "name": "Chat",
            "topics": [Topic.PUSHES],
            "tells_end": True,
        }
        return channels.save_channel(
            channel=channel,
            kind="webhook",
            wish=Wish(**(values | fields)),
            now=clock.now(),
            by=None,
        )

    def test_seals_address_and_secret(self) -> None:
        url = "http://127.0.0.1:9/hook/way-canary"
        saved = Channel.objects.get(pk=self.save(url=url, secret=WEBHOOK_SECRET).pk)
        assert (saved.url, saved.secret) == (url, WEBHOOK_SECRET)
        assert saved.address == "127.0.0.1:9"
        stored = f"{saved.url_encrypted} {saved.secret_encrypted}"
        assert "way-canary" not in stored
        assert WEBHOOK_SECRET not in stored

    def test_keeps_the_secrets_that_are_not_typed_again(self) -> None:
        saved = self.save(url="http://127.0.0.1:9/a", secret=WEBHOOK_SECRET)
        changed = self.save(Channel.objects.get(pk=saved.pk), name="Other")
        assert (changed.name, changed.url) == ("Other", "http://127.0.0.1:9/a")
        assert changed.secret == WEBHOOK_SECRET

    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({"url": "https://evil.example/", "secret": WEBHOOK_SECRET}, "url"),
            ({"secret": WEBHOOK_SECRET}, "url"),
            ({"url": "http://127.0.0.1:9/"}, "secret"),
        ],
        ids=["elsewhere", "no address", "no secret"],
    )
    def test_refuses(self, fields: dict[str, Any], field: str) -> None:
        with pytest.raises(InputError) as caught:
            self.save(**fields)
        assert caught.value.field == field
        assert not Channel.objects.exists()

    def test_refuses_a_name_that_is_taken(self) -> None:
        make_channel(name="Chat")
        with pytest.raises(InputError, match="another channel"):
            self.save(url="http://127.0.0.1:9/a", secret=WEBHOOK_SECRET)
