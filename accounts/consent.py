"""What a consent is until it is given: its problems, and where it waits."""

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib.sessions.backends.base import SessionBase

from vibe_engine.errors import VibeError

LIFETIME = timedelta(minutes=10)
MOST_PENDING = 5
"""Consents under way in one session; more than a few open tabs are not one's own."""
SESSION_KEY = "spotify_consents"
STATE_BYTES = 32


@dataclass(frozen=True)
class Problem:
    """Why no account was connected; `steps` say what the person can do now."""

    status: int
    title: str
    text: str
    steps: tuple[str, ...]


class ConsentError(VibeError):
    """No account was connected and nothing was stored."""

    def __init__(self, problem: Problem, *, detail: str = "") -> None:
        super().__init__(f"{problem.title}. {problem.text}")
        self.problem = problem
        self.detail = detail


AGAIN = "Go back to the connect page and start again from there."
PRIVATE_WINDOW = (
    "Use a private window, or sign out at spotify.com first: otherwise Spotify "
    "takes the account that is signed in."
)

DENIED = Problem(
    403,
    "Consent was not given",
    "Somebody chose Cancel on Spotify's page, so Spotify gave no access.",
    (AGAIN, "The scopes asked for are all needed; Spotify offers no smaller choice."),
)
UNKNOWN_STATE = Problem(
    400,
    "This consent was not started here",
    "It does not belong to your present session: it was started by somebody else, in "
    "another browser, or before you signed in again.",
    (AGAIN, "Stay in the same browser from the first click to Spotify's answer."),
)
USED_STATE = Problem(
    400,
    "This consent has been used already",
    "Spotify's answer counts once. The page was probably reloaded.",
    ("See the accounts page: the account may be connected already.", AGAIN),
)
EXPIRED_STATE = Problem(
    400,
    "This consent took too long",
    "More than ten minutes passed between the start and Spotify's answer.",
    (AGAIN,),
)
EXPIRED_CODE = Problem(
    400,
    "Spotify's code has expired",
    "The code in Spotify's answer was used already, or came too late.",
    (AGAIN,),
)
SIGNED_OUT = Problem(
    400,
    "You are not signed in any more",
    "Spotify's answer belongs to the session that asked, and that session has ended.",
    ("Sign in, then connect the account again.",),
)
NOT_AS_EXPECTED = Problem(
    400,
    "Spotify's answer was incomplete",
    "There was neither a code nor a reason in it.",
    (AGAIN,),
)
OTHER_ACCOUNT = Problem(
    409,
    "Another account has consented",
    "The consent of one account was to be renewed, but another one was signed in at "
    "Spotify. Nothing was changed on either.",
    (PRIVATE_WINDOW, "To add the other account, use Connect an account instead."),
)
NO_SEAT = Problem(
    403,
    "This account holds no seat of the app",
    "An app in development mode works for the few people its owner has listed at "
    "Spotify, and this account is not among them.",
    (
        "The app's owner opens it in Spotify's developer dashboard, User Management.",
        "There, name and e-mail address of the account are added; five may be.",
        "Then connect the account again.",
    ),
)
SEATS_TAKEN = Problem(
    409,
    "Every seat of the app is taken",
    "Spotify lets an app in development mode work for a few accounts only, and that "
    "many are connected.",
    (
        "Disconnect an account of this app, or choose another app.",
        "If Spotify has granted this app more, staff raise its seats in the admin.",
    ),
)
MISSING_SCOPES = Problem(
    403,
    "The consent does not cover everything",
    "Spotify granted less than was asked for, so playlists could not be kept.",
    (AGAIN, "Leave the list of permissions on Spotify's page as it is."),
)
PREMIUM_LAPSED = Problem(
    503,
    "Spotify refuses the whole app",
    "The Premium subscription of the app's owner has lapsed. Until it runs again, "
    "Spotify answers none of this app's calls.",
    (
        "The app's owner renews Premium; Spotify may need some hours to notice.",
        AGAIN,
    ),
)
APP_REFUSED = Problem(
    502,
    "Spotify does not know the app",
    "Client id and secret of the app were refused, so the consent could not be used.",
    (
        "Compare client id and secret with Spotify's developer dashboard.",
        "Set them where this installation is configured, then start again.",
    ),
)
CLOSED_FOR_NOW = Problem(
    503,
    "Spotify asks for a pause",
    "Calls of this developer stand still at the moment, so the account could not be "
    "looked up.",
    ("Wait until the time named here, then start again.",),
)
SPOTIFY_AWAY = Problem(
    502,
    "Spotify did not answer properly",
    "The consent could not be completed because Spotify was away, too slow, or gave "
    "an answer that makes no sense.",
    ("Try again in some minutes.",),
)


@dataclass(frozen=True)
class PendingConsent:
    """A consent under way; kept in the session of the person who started it.

    `verifier` is the PKCE secret and never leaves the server. `account` is the
    primary key of the account to be renewed, None for whichever consents.
    """

    state: str = field(repr=False)
    verifier: str = field(repr=False)
    app: int
    user: int
    expires_at: str
    account: int | None = None
    used: bool = False


def keep(session: SessionBase, pending: PendingConsent) -> None:
    """Put a consent into the session, at the place of the oldest if need be."""
    session[SESSION_KEY] = [*_all(session), asdict(pending)][-MOST_PENDING:]


def take(
    session: SessionBase, state: str, *, user_id: int, now: datetime
) -> PendingConsent:
    """Return the consent of this state and mark it as used, at once.

    Every one is compared in constant time.

    :raises ConsentError: the state is unknown to this session and person, was used
        before, or is too old.
    """
    kept = _all(session)
    found = None
    for one in kept:
        if secrets.compare_digest(str(one["state"]).encode(), state.encode()):
            found = one
    if found is None or found["user"] != user_id:
        raise ConsentError(UNKNOWN_STATE)
    if found["used"]:
        raise ConsentError(USED_STATE)
    pending = PendingConsent(**found)
    found["used"] = True
    session[SESSION_KEY] = kept
    session.save()
    if datetime.fromisoformat(pending.expires_at) <= now:
        raise ConsentError(EXPIRED_STATE)
    return pending


def code_in(answer: Mapping[str, str]) -> str:
    """Return the code of Spotify's answer.

    :raises ConsentError: there is an error in its place, or nothing.
    """
    error = answer.get("error", "")
    if error == "access_denied":
        raise ConsentError(DENIED)
    if error:
        words = "".join(c for c in error[:80] if c.isprintable())
        raise ConsentError(SPOTIFY_AWAY, detail=f"Spotify says: {words}")
    code = answer.get("code", "")
    if not code:
        raise ConsentError(NOT_AS_EXPECTED)
    return code


def _all(session: SessionBase) -> list[dict[str, Any]]:
    kept: list[dict[str, Any]] = session.get(SESSION_KEY, [])
    return kept
