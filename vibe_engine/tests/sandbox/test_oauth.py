import base64
import hashlib
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from vibe_engine.sandbox.people import App
from vibe_engine.tests.sandbox.running import (
    NEWCOMER,
    REDIRECT_URI,
    SCOPE,
    VETERAN,
    Account,
    RunningSandbox,
)

VERIFIER = "v" * 64
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest())
    .rstrip(b"=")
    .decode()
)
DAY_S = 86_400


def move_to(clock_file: Path, moment: datetime) -> None:
    offset_s = (moment - datetime.now(UTC)).total_seconds()
    clock_file.write_text(str(offset_s), encoding="ascii")


def redeem(
    local: RunningSandbox, code: str, app: App | None = NEWCOMER, **form: str
) -> requests.Response:
    return local.token(
        app,
        **{
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT_URI,
            **form,
        },
    )


def refusal(answer: requests.Response) -> tuple[str, str]:
    assert answer.status_code == 400
    body = answer.json()
    return body["error"], body["error_description"]


class TestRedeemingACode:
    def test_hands_out_both_tokens(self, local: RunningSandbox) -> None:
        granted = redeem(local, local.code("harbour-radio"))
        assert granted.status_code == 200
        body = granted.json()
        assert (body["token_type"], body["expires_in"]) == ("Bearer", 3600)
        assert body["scope"] == SCOPE
        assert body["refresh_token"]
        assert Account(local.url, local.session, body["access_token"]).get("me")

    def test_works_once(self, local: RunningSandbox) -> None:
        code = local.code("harbour-radio")
        redeem(local, code)
        assert refusal(redeem(local, code)) == (
            "invalid_grant",
            "Invalid authorization code",
        )

    def test_works_for_ten_minutes(
        self, local: RunningSandbox, clock_file: Path
    ) -> None:
        code = local.code("harbour-radio")
        clock_file.write_text("601")
        assert refusal(redeem(local, code)) == (
            "invalid_grant",
            "Authorization code expired",
        )

    def test_wants_the_same_redirect_uri(self, local: RunningSandbox) -> None:
        answer = redeem(
            local, local.code("harbour-radio"), redirect_uri=REDIRECT_URI + "/"
        )
        assert refusal(answer) == ("invalid_grant", "Invalid redirect URI")

    def test_wants_the_same_app(self, local: RunningSandbox) -> None:
        answer = redeem(local, local.code("harbour-radio"), VETERAN)
        assert refusal(answer)[0] == "invalid_grant"

    @pytest.mark.parametrize("missing", ["code", "redirect_uri"])
    def test_wants_every_field(self, local: RunningSandbox, missing: str) -> None:
        form = {"code": local.code("harbour-radio"), "redirect_uri": REDIRECT_URI}
        form[missing] = ""
        answer = local.token(NEWCOMER, grant_type="authorization_code", **form)
        assert refusal(answer)[0] == "invalid_request"

    @pytest.mark.parametrize(
        "app",
        [
            App("newcomer", "wrong", "development", ""),
            App("nobody", "newcomer-secret", "development", ""),
        ],
    )
    def test_wants_the_apps_secret(self, local: RunningSandbox, app: App) -> None:
        answer = redeem(local, local.code("harbour-radio"), app)
        assert refusal(answer) == ("invalid_client", "Invalid client")

    def test_wants_a_secret_where_there_is_no_challenge(
        self, local: RunningSandbox
    ) -> None:
        answer = redeem(local, local.code("harbour-radio"), None, client_id="newcomer")
        assert refusal(answer)[0] == "invalid_client"


class TestProofKey:
    def test_opens_with_its_verifier(self, local: RunningSandbox) -> None:
        code = local.code("harbour-radio", code_challenge=CHALLENGE)
        assert redeem(local, code, code_verifier=VERIFIER).status_code == 200

    @pytest.mark.parametrize("verifier", ["", "w" * 64])
    def test_stays_closed_without_it(
        self, local: RunningSandbox, verifier: str
    ) -> None:
        code = local.code("harbour-radio", code_challenge=CHALLENGE)
        answer = redeem(local, code, code_verifier=verifier)
        assert refusal(answer)[0] == "invalid_grant"

    def test_stands_in_for_the_secret(self, local: RunningSandbox) -> None:
        code = local.code("harbour-radio", code_challenge=CHALLENGE)
        granted = redeem(
            local, code, None, client_id="newcomer", code_verifier=VERIFIER
        ).json()
        renewed = local.token(
            None,
            grant_type="refresh_token",
            refresh_token=granted["refresh_token"],
            client_id="newcomer",
        )
        assert renewed.status_code == 200


class TestRefreshing:
    def refresh(
        self, local: RunningSandbox, token: str, app: App | None = NEWCOMER, **form: str
    ) -> requests.Response:
        return local.token(app, grant_type="refresh_token", refresh_token=token, **form)

    def test_gives_no_new_refresh_token(self, local: RunningSandbox) -> None:
        granted = local.grant()
        renewed = self.refresh(local, granted["refresh_token"]).json()
        assert "refresh_token" not in renewed
        assert renewed["scope"] == SCOPE
        assert renewed["access_token"] != granted["access_token"]

    def test_leaves_the_old_access_token_valid(self, local: RunningSandbox) -> None:
        granted = local.grant()
        self.refresh(local, granted["refresh_token"])
        assert Account(local.url, local.session, granted["access_token"]).get("me")

    def test_replaces_the_token_where_rotation_is_on(
        self, local: RunningSandbox
    ) -> None:
        local.control("POST", "options", rotate_refresh_tokens=True)
        old = local.grant()["refresh_token"]
        new = self.refresh(local, old).json()["refresh_token"]
        assert refusal(self.refresh(local, old))[0] == "invalid_grant"
        assert self.refresh(local, new).status_code == 200

    @pytest.mark.parametrize(("of_app", "of_all"), [(True, False), (False, True)])
    def test_follows_the_app_where_it_has_a_habit_of_its_own(
        self, local: RunningSandbox, *, of_app: bool, of_all: bool
    ) -> None:
        local.control("POST", "options", rotate_refresh_tokens=of_all)
        local.control(
            "POST",
            "apps",
            client_id=NEWCOMER.client_id,
            client_secret=NEWCOMER.client_secret,
            rotates_refresh_tokens=of_app,
        )
        answer = self.refresh(local, local.grant()["refresh_token"])
        assert ("refresh_token" in answer.json()) is of_app

    def test_ends_six_calendar_months_after_consent(
        self, local: RunningSandbox, clock_file: Path
    ) -> None:
        move_to(clock_file, datetime(2030, 8, 31, 12, tzinfo=UTC))
        token = local.grant()["refresh_token"]
        move_to(clock_file, datetime(2031, 2, 28, 11, 59, tzinfo=UTC))
        assert self.refresh(local, token).status_code == 200
        move_to(clock_file, datetime(2031, 2, 28, 12, 1, tzinfo=UTC))
        assert refusal(self.refresh(local, token)) == (
            "invalid_grant",
            "Refresh token expired",
        )

    def test_does_not_prolong_consent_by_rotation(
        self, local: RunningSandbox, clock_file: Path
    ) -> None:
        local.control("POST", "options", rotate_refresh_tokens=True)
        token = local.grant()["refresh_token"]
        clock_file.write_text(str(100 * DAY_S))
        token = self.refresh(local, token).json()["refresh_token"]
        clock_file.write_text(str(185 * DAY_S))
        assert refusal(self.refresh(local, token))[1] == "Refresh token expired"

    def test_ends_when_consent_is_taken_back(self, local: RunningSandbox) -> None:
        granted = local.grant()
        local.control("POST", "revoke", user_id="harbour-radio", client_id="newcomer")
        assert refusal(self.refresh(local, granted["refresh_token"])) == (
            "invalid_grant",
            "Refresh token revoked",
        )
        account = Account(local.url, local.session, granted["access_token"])
        assert account.ask("GET", "me").status_code == 401

    def test_refuses_a_token_of_another_app(self, local: RunningSandbox) -> None:
        token = local.grant(app=VETERAN)["refresh_token"]
        assert refusal(self.refresh(local, token))[0] == "invalid_grant"

    def test_wants_the_secret_again(self, local: RunningSandbox) -> None:
        token = local.grant()["refresh_token"]
        answer = self.refresh(local, token, None, client_id="newcomer")
        assert refusal(answer)[0] == "invalid_client"


class TestTokenEndpoint:
    def test_gives_an_app_a_token_of_its_own(self, local: RunningSandbox) -> None:
        granted = local.token(grant_type="client_credentials").json()
        assert "refresh_token" not in granted
        account = Account(local.url, local.session, granted["access_token"])
        album_id = local.albums(1)[0]["id"]
        assert account.get(f"albums/{album_id}")["id"] == album_id
        assert account.ask("GET", "me").status_code == 401

    def test_refuses_other_grants(self, local: RunningSandbox) -> None:
        answer = local.token(grant_type="password")
        assert refusal(answer)[0] == "unsupported_grant_type"

    def test_answers_an_incident_with_any_error(self, local: RunningSandbox) -> None:
        local.fault(
            "status", path="/api/token", status=400, body={"error": "invalid_grant"}
        )
        answer = local.token(grant_type="client_credentials")
        assert (answer.status_code, answer.json()) == (400, {"error": "invalid_grant"})


class TestAccessToken:
    def test_lives_an_hour_on_the_sandboxs_clock(
        self, account: Account, clock_file: Path
    ) -> None:
        clock_file.write_text("3590")
        assert account.ask("GET", "me").status_code == 200
        clock_file.write_text("3610")
        assert account.ask("GET", "me").status_code == 401

    def test_can_be_ended_before_its_time(
        self, local: RunningSandbox, account: Account
    ) -> None:
        other = local.connect("late-shift")
        local.control("POST", "expire_access", user_id="harbour-radio")
        assert account.ask("GET", "me").status_code == 401
        assert other.ask("GET", "me").status_code == 200
        local.control("POST", "expire_access")
        assert other.ask("GET", "me").status_code == 401


class TestConsentPage:
    def url(self, local: RunningSandbox, **changes: str) -> tuple[str, dict[str, str]]:
        query = {
            "client_id": "newcomer",
            "response_type": "code",
            "redirect_uri": REDIRECT_URI,
            "scope": SCOPE,
            "state": "s t&te",
            "show_dialog": "true",
            **changes,
        }
        return f"{local.url}/authorize", query

    def look(self, local: RunningSandbox, **changes: str) -> requests.Response:
        url, query = self.url(local, **changes)
        return local.session.get(url, params=query, allow_redirects=False, timeout=9)

    def decide(
        self, local: RunningSandbox, decision: str = "agree", **form: str
    ) -> requests.Response:
        url, query = self.url(local)
        return local.session.post(
            url,
            data={**query, "decision": decision, **form},
            allow_redirects=False,
            timeout=9,
        )

    def sent_back(self, answer: requests.Response) -> dict[str, str]:
        assert answer.status_code == 303
        target = urlsplit(answer.headers["Location"])
        assert answer.headers["Location"].startswith(REDIRECT_URI + "?")
        return {name: values[0] for name, values in parse_qs(target.query).items()}

    def test_offers_every_account(self, local: RunningSandbox) -> None:
        page = self.look(local)
        assert page.status_code == 200
        for name in ("Harbour Radio", "Late Shift", "Sunday Kitchen"):
            assert name in page.text
        assert "Sandbox" in page.text

    def test_lets_its_form_redirect_to_the_app(self, local: RunningSandbox) -> None:
        policy = self.look(local).headers["Content-Security-Policy"]
        assert "form-action 'self' http://127.0.0.1:8000" in policy
        assert "default-src 'none'" in policy

    def test_sends_a_code_back(self, local: RunningSandbox) -> None:
        back = self.sent_back(self.decide(local, user_id="late-shift"))
        assert back["state"] == "s t&te"
        granted = redeem(local, back["code"]).json()
        account = Account(local.url, local.session, granted["access_token"])
        assert account.get("me")["id"] == "late-shift"

    def test_creates_an_account(self, local: RunningSandbox) -> None:
        back = self.sent_back(self.decide(local, new_account="<b>Radio</b> 夜"))
        granted = redeem(local, back["code"]).json()
        account = Account(local.url, local.session, granted["access_token"])
        assert account.get("me")["display_name"] == "<b>Radio</b> 夜"
        assert "&lt;b&gt;Radio&lt;/b&gt; 夜" in self.look(local).text

    def test_sends_a_refusal_back(self, local: RunningSandbox) -> None:
        answer = self.decide(local, "cancel", user_id="late-shift")
        assert self.sent_back(answer) == {"error": "access_denied", "state": "s t&te"}

    def test_asks_again_when_nobody_was_chosen(self, local: RunningSandbox) -> None:
        answer = self.decide(local)
        assert answer.status_code == 422
        assert "Choose an account" in answer.text

    def test_escapes_what_the_app_sent(self, local: RunningSandbox) -> None:
        page = self.look(local, state='"><script>alert(1)</script>')
        assert "<script" not in page.text

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"client_id": "nobody"}, "INVALID_CLIENT: Invalid client"),
            (
                {"redirect_uri": "http://localhost:8000/callback"},
                "INVALID_CLIENT: Insecure redirect URI",
            ),
            ({"redirect_uri": ""}, "INVALID_CLIENT: Invalid redirect URI"),
        ],
    )
    def test_does_not_send_strangers_back(
        self, local: RunningSandbox, changes: dict[str, str], words: str
    ) -> None:
        answer = self.look(local, **changes)
        assert answer.status_code == 400
        assert "Location" not in answer.headers
        assert words in answer.text

    def test_knows_registered_redirect_uris_only(self, local: RunningSandbox) -> None:
        local.control(
            "POST",
            "apps",
            client_id="strict",
            client_secret="s",
            redirect_uris=["https://vibe.example.com/callback"],
        )
        assert self.look(local, client_id="strict").status_code == 400

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"response_type": "token"}, "unsupported_response_type"),
            ({"code_challenge": CHALLENGE}, "invalid_request"),
            (
                {"code_challenge": CHALLENGE, "code_challenge_method": "plain"},
                "invalid_request",
            ),
            ({"scope": "everything"}, "invalid_scope"),
        ],
    )
    def test_tells_the_app_about_its_own_mistakes(
        self, local: RunningSandbox, changes: dict[str, str], error: str
    ) -> None:
        assert self.sent_back(self.look(local, **changes))["error"] == error

    def test_asks_every_time_with_show_dialog(self, local: RunningSandbox) -> None:
        redeem(local, self.sent_back(self.decide(local, user_id="late-shift"))["code"])
        assert self.look(local).status_code == 200

    def test_reuses_the_signed_in_account_without_show_dialog(
        self, local: RunningSandbox
    ) -> None:
        redeem(local, self.sent_back(self.decide(local, user_id="late-shift"))["code"])
        assert "code" in self.sent_back(self.look(local, show_dialog="false"))

    def test_asks_for_more_scopes_without_show_dialog(
        self, local: RunningSandbox
    ) -> None:
        redeem(local, self.sent_back(self.decide(local, user_id="late-shift"))["code"])
        wider = f"{SCOPE} ugc-image-upload"
        assert self.look(local, show_dialog="false", scope=wider).status_code == 200

    def test_carries_the_challenge_through(self, local: RunningSandbox) -> None:
        answer = self.decide(
            local,
            user_id="late-shift",
            code_challenge=CHALLENGE,
            code_challenge_method="S256",
        )
        code = self.sent_back(answer)["code"]
        assert refusal(redeem(local, code))[0] == "invalid_grant"
