"""The page on which an account lets an app in."""

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from vibe_engine.sandbox import markup
from vibe_engine.sandbox.people import MAX_NAME_LENGTH, App, User
from vibe_engine.sandbox.redirects import origin_of, redirect_problem, with_query
from vibe_engine.sandbox.requestlog import Entry
from vibe_engine.sandbox.tokens import Consent
from vibe_engine.sandbox.world import World

SIGNED_IN_COOKIE = "sandbox_account"

_SCOPES = {
    "playlist-read-private": "See your playlists, the private ones too",
    "playlist-read-collaborative": "See the playlists you share with others",
    "playlist-modify-private": "Create and change your private playlists",
    "playlist-modify-public": "Create and change your public playlists",
    "user-library-read": "See what is in your library",
    "user-library-modify": "Add to your library and remove from it",
    "user-follow-read": "See whom you follow",
    "user-follow-modify": "Follow and unfollow for you",
    "user-read-private": "See your subscription and country",
    "user-read-email": "See your e-mail address",
    "ugc-image-upload": "Set the covers of your playlists",
}
_CARRIED = (
    "client_id",
    "response_type",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "show_dialog",
)


class _RefusedError(Exception):
    """The request cannot even be sent back: a page says so."""


class _SentBackError(Exception):
    """The app gets an error at its redirect URI."""


@dataclass(frozen=True, slots=True)
class _Wish:
    """What the app asks for."""

    app: App
    redirect_uri: str
    scope: str
    state: str
    challenge: str
    shows_dialog: bool
    carried: Mapping[str, str]


class ConsentPages:
    """Shows the page and takes the decision; works without JavaScript."""

    def __init__(self, world: World) -> None:
        self._world = world

    def answer(self, request: Request, entry: Entry) -> Response:
        """Return the page, a refusal, or the way back to the app."""
        values = request.form if request.method == "POST" else request.args
        entry.client_id = values.get("client_id")
        try:
            wish = self._read(values)
        except _RefusedError as refusal:
            return _refusal(str(refusal))
        try:
            _check(wish, values)
        except _SentBackError as error:
            return _send_back(wish, error=str(error))
        if request.method == "POST":
            return self._decide(wish, request, entry)
        user = self._silent_user(wish, request)
        return self._ask(wish, request) if user is None else self._agree(wish, user)

    def _read(self, values: Mapping[str, str]) -> _Wish:
        """Return what is asked for.

        :raises _RefusedError: the app or its redirect URI is not known. Spotify says
            so on a page of its own and does not redirect.
        """
        app = self._world.people.find_app(values.get("client_id", ""))
        if app is None:
            raise _RefusedError("INVALID_CLIENT: Invalid client")
        redirect_uri = values.get("redirect_uri", "")
        problem = redirect_problem(redirect_uri, app.redirect_uris)
        if problem:
            raise _RefusedError(f"INVALID_CLIENT: {problem}")
        return _Wish(
            app=app,
            redirect_uri=redirect_uri,
            scope=values.get("scope", ""),
            state=values.get("state", ""),
            challenge=values.get("code_challenge", ""),
            shows_dialog=values.get("show_dialog", "").lower() == "true",
            carried={name: values[name] for name in _CARRIED if name in values},
        )

    def _silent_user(self, wish: _Wish, request: Request) -> User | None:
        """Return the account that need not be asked again, as at Spotify."""
        user_id = request.cookies.get(SIGNED_IN_COOKIE, "")
        if wish.shows_dialog or self._world.people.find_user(user_id) is None:
            return None
        granted = self._world.tokens.consented_scope(
            wish.app.client_id, user_id, now_s=self._world.clock.now_s()
        )
        if not granted or not set(wish.scope.split()) <= set(granted.split()):
            return None
        return self._world.people.find_user(user_id)

    def _ask(self, wish: _Wish, request: Request, problem: str = "") -> Response:
        signed_in = request.cookies.get(SIGNED_IN_COOKIE, "")
        carried = wish.carried.items()
        body = markup.fill(
            "consent",
            app=wish.app.client_id,
            developer=wish.app.developer,
            profile="extended access" if wish.app.is_extended else "development mode",
            problem=markup.fill("problem", text=problem) if problem else "",
            scopes=markup.fill_each("scope", _described(wish.scope)),
            people=markup.fill_each("choice", self._choices(signed_in)),
            longest=MAX_NAME_LENGTH,
            hidden=markup.fill_each(
                "hidden", ({"name": name, "value": text} for name, text in carried)
            ),
        )
        return markup.page(
            "Permission",
            body,
            kind="narrow",
            status=422 if problem else 200,
            product_url=self._world.config.product_url,
            form_targets=[_form_target(wish.redirect_uri)],
        )

    def _choices(self, signed_in: str) -> list[dict[str, object]]:
        return [
            {
                "id": user.user_id,
                "name": user.label,
                "checked": Markup(" checked") if user.user_id == signed_in else "",
            }
            for user in self._world.people.users()
        ]

    def _decide(self, wish: _Wish, request: Request, entry: Entry) -> Response:
        if request.form.get("decision") != "agree":
            return _send_back(wish, error="access_denied")
        new_account = request.form.get("new_account", "").strip()[:MAX_NAME_LENGTH]
        if new_account:
            user: User | None = self._world.people.add_user(new_account)
        else:
            user = self._world.people.find_user(request.form.get("user_id", ""))
        if user is None:
            return self._ask(wish, request, "Choose an account, or create one.")
        entry.user_id, entry.applied = user.user_id, True
        response = self._agree(wish, user)
        response.set_cookie(
            SIGNED_IN_COOKIE, user.user_id, httponly=True, samesite="Lax"
        )
        return response

    def _agree(self, wish: _Wish, user: User) -> Response:
        consent = Consent(
            client_id=wish.app.client_id,
            user_id=user.user_id,
            redirect_uri=wish.redirect_uri,
            scope=wish.scope,
            challenge=wish.challenge,
        )
        now_s = self._world.clock.now_s()
        return _send_back(
            wish, code=self._world.tokens.issue_code(consent, now_s=now_s)
        )


def _check(wish: _Wish, values: Mapping[str, str]) -> None:
    """Refuse what the app itself may hear about.

    :raises _SentBackError: its text is the OAuth word.
    """
    if values.get("response_type") != "code":
        raise _SentBackError("unsupported_response_type")
    if wish.challenge and values.get("code_challenge_method") != "S256":
        raise _SentBackError("invalid_request")
    if not set(wish.scope.split()) <= set(_SCOPES):
        raise _SentBackError("invalid_scope")


def _send_back(wish: _Wish, **values: str) -> Response:
    target = with_query(wish.redirect_uri, **values, state=wish.state)
    return redirect(target, 303)


def _refusal(text: str) -> Response:
    body = markup.fill("message", title="This app cannot be let in", text=text)
    return markup.page("Refused", body, kind="narrow", status=400)


def _described(scope: str) -> list[dict[str, object]]:
    texts = [_SCOPES[each] for each in scope.split()] or ["See your public profile"]
    return [{"text": text} for text in texts]


def _form_target(uri: str) -> str:
    """Return what the policy allows; it has no way to name an IPv6 address."""
    origin = origin_of(uri)
    return "http:" if "[" in origin else origin
