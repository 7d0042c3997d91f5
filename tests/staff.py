"""Staff at the browser: schedules in the admin, their runs, and who is told."""

import hashlib
import hmac
import json
import re
import secrets
from typing import Any

from tests.operators import Operator
from vibe_engine.testing.live import wait_until
from vibe_engine.testing.receivers import Receiver

EVERY_MINUTE = "every 60 seconds"
A_MINUTE_S = 61
ENOUGH_S = 90


class Staff(Operator):
    """An operator who also edits schedules; the product's clock is in their hands."""

    def pass_a_minute(self) -> None:
        """Move the clock of all processes on, the sandbox's too."""
        file = self.product.var_dir / "clock"
        moved_s = float(file.read_text("ascii")) if file.exists() else 0.0
        draft = file.with_name("clock.new")
        draft.write_text(str(moved_s + A_MINUTE_S), "ascii")
        draft.replace(file)

    def add_webhook(self, receiver: Receiver) -> str:
        """Have a receiver told of everything; return the secret it shares."""
        secret = secrets.token_hex(16)
        self.open("/automation/notices/")
        self.page.get_by_role("link", name="Webhook").click()
        self.page.get_by_label("Name").fill(f"Night shift {receiver.port}")
        self.page.get_by_label("Address").fill(receiver.url)
        self.page.get_by_label("Signing secret").fill(secret)
        self.page.get_by_role("button", name="Save").click()
        self.page.get_by_text("is saved").wait_for()
        return secret

    def add_schedule(self, name: str, *, playlist: str) -> None:
        """Let one playlist be reshuffled every minute, by a form of the admin."""
        self.page.goto(f"{self.product.url}/admin/django_celery_beat/periodictask/add/")
        self.page.get_by_label("Name:").fill(name)
        interval = self.page.locator("select[name=interval]")
        interval.select_option(label=EVERY_MINUTE)
        work = self.page.locator("#meaning-0")
        work.get_by_label("Work:").select_option(value="playlists.reshuffle_some")
        work.get_by_label("A selection, due or not").check()
        work.get_by_label("Playlists:").fill(playlist)
        self.page.get_by_role("button", name="Save", exact=True).click()
        self.page.get_by_text("was added successfully").wait_for()

    def watch_slot(self, name: str, *, word: str, after: str = "") -> str:
        """Look at the Automation page until a further slot has gone so.

        `after` is the run of the slot before; returns the path of this one's.
        """
        found: dict[str, str] = {}

        def has_gone_so() -> bool:
            self.open("/automation/")
            row = self.schedule_row(name)
            link = row.locator("a.quiet")
            found["run"] = str(link.get_attribute("href")) if link.count() else after
            found["text"] = row.inner_text()
            return found["run"] != after and word in found["text"]

        try:
            wait_until(has_gone_so, timeout_s=ENOUGH_S, what=f"{word} for {name}")
        except AssertionError:
            raise AssertionError(found) from None
        return found["run"]

    def schedule_row(self, name: str) -> Any:
        """Return the schedule's row of the Automation page."""
        return self.page.locator("#schedules tbody tr", has_text=name)

    def stop_managing(self, path: str) -> None:
        """Take a playlist out of the product's care; what is about it only fails."""
        self.open(f"{path}stop/")
        self.page.locator("main button.danger").click()
        self.page.wait_for_url(f"{self.product.url}/playlists/")

    def switch_off(self, name: str) -> None:
        """Delete the schedule, with the question before."""
        self.open("/automation/")
        self.page.get_by_role("link", name=re.compile(f"Delete {name}")).click()
        self.page.locator("dialog[open] button.danger").click()
        self.schedule_row(name).wait_for(state="detached")


def read_message(receiver: Receiver, *, secret: str) -> dict[str, Any]:
    """Return the first message of a receiver, once it has come and is known as ours."""
    wait_until(lambda: bool(receiver.got), timeout_s=ENOUGH_S, what="a notification")
    _, headers, body = receiver.got[0]
    signed = f"{headers['Vibe-Timestamp']}.".encode() + body
    expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    assert headers["Vibe-Signature"] == f"v1={expected}"
    message: dict[str, Any] = json.loads(body)
    return message
