"""A person at the pages, without a browser: reads forms and sends them, and is timed."""

import re
import time
from dataclasses import dataclass, field
from html import unescape

import requests
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
PATIENCE_S = 30.0


@dataclass
class Visitor:
    """One signed-in session; `waits_s` holds how long each answer took.

    Each request has a connection of its own: one kept open may be closed by the
    server at the very moment at which it is used again.
    """

    url: str
    waits_s: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    _session: requests.Session = field(default_factory=requests.Session)

    def sign_in(self) -> "Visitor":
        """Take over a session made for the operator; return itself."""
        client = Client()
        client.force_login(
            User.objects.get(username=settings.DASHBOARD_USERNAME),
            backend="django.contrib.auth.backends.ModelBackend",
        )
        name = settings.SESSION_COOKIE_NAME
        self._session.trust_env = False
        self._session.headers["Connection"] = "close"
        self._session.cookies.set(name, client.cookies[name].value)
        return self

    def look(self, path: str) -> str:
        """Open a page; return its text, "" where none came."""
        answer = self._ask("GET", path)
        return answer.text if answer is not None else ""

    def read_form(self, path: str) -> dict[str, str]:
        """Open a page that asks; return what its form would send."""
        page = self.look(path)
        form = page.partition("<main")[2]
        return {name: unescape(value) for name, value in HIDDEN.findall(form)}

    def send(self, path: str, form: dict[str, str]) -> str:
        """Send a form; return where the answer leads, "" where it leads nowhere."""
        answer = self._ask("POST", path, data=form, headers={"Referer": self.url})
        return answer.headers.get("Location", "") if answer is not None else ""

    def do(self, path: str) -> str:
        """Open a question and say yes; return where the answer leads."""
        form = self.read_form(path)
        return self.send(path.partition("?")[0], form)

    def _ask(
        self, method: str, path: str, **options: object
    ) -> requests.Response | None:
        began_s = time.monotonic()
        try:
            answer = self._session.request(
                method,
                f"{self.url}{path}",
                timeout=PATIENCE_S,
                allow_redirects=False,
                **options,  # type: ignore[arg-type]
            )
        except requests.RequestException as error:
            self.failures.append(f"{method} {path}: {type(error).__name__}")
            return None
        finally:
            self.waits_s.append(time.monotonic() - began_s)
        if answer.status_code >= 400:
            self.failures.append(f"{method} {path}: {answer.status_code}")
        return answer
