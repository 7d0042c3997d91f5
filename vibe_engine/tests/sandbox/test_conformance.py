"""Every route and every kind of answer, held against Spotify's OpenAPI document."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from vibe_engine import sandbox
from vibe_engine.sandbox.answers import ApiError
from vibe_engine.sandbox.api import ROUTES, Endpoint
from vibe_engine.tests.sandbox.cases import CASES
from vibe_engine.tests.sandbox.contract import Contract
from vibe_engine.tests.sandbox.running import RunningSandbox, running_sandbox
from vibe_engine.tests.sandbox.scene import Case, Scene

JSON = "application/json; charset=utf-8"
CONTRACTS = {
    "veteran": Contract(is_extended=True),
    "newcomer": Contract(is_extended=False),
}
RUNS = [(case, by) for case in CASES for by in case.by]
HANDLED = [route for route in ROUTES if route[2].handler is not None]
ABSENT = [route for route in ROUTES if route[2].handler is None]
OPEN = [route for route in HANDLED if route[2].closed_message is None]
# Raised where no request can lead: an app that vanished after it had handed out
# tokens, and the answers of faults, which have tests of their own.
UNREACHED = {("api.py", "_app"), ("faultanswers.py", "_usual_refusal")}


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    with running_sandbox() as local:
        yield Scene(local)


def contract_of(by: str) -> Contract:
    return CONTRACTS["veteran" if by == "veteran" else "newcomer"]


def published(rule: str) -> str:
    """Return the rule as the document writes it: parameters by place, not name."""
    bare, paths = re.sub(r"<[^>]+>", "{}", rule), CONTRACTS["veteran"].paths
    return next((path for path in paths if re.sub(r"{\w+}", "{}", path) == bare), "")


def check_headers(answer: requests.Response) -> None:
    names = {name.lower() for name in answer.headers}
    assert not any(name.startswith("x-ratelimit") for name in names)
    if answer.status_code == 429:
        assert int(answer.headers["Retry-After"]) >= 1
    if answer.status_code == 401 and "Missing/invalid" in answer.text:
        assert re.fullmatch(
            r'Bearer realm="spotify", error="(missing|invalid)_token",'
            r' error_description="Missing/invalid/expired access token"',
            answer.headers["WWW-Authenticate"],
        )


def check_error(
    answer: requests.Response, message: str | None, *, reason: str | None = None
) -> None:
    """Check an error of the Web API; a message of None: it has none."""
    check_headers(answer)
    assert answer.headers["Content-Type"] == JSON
    body = answer.json()
    if message is None:
        assert body == {"error": {"status": answer.status_code}}
        return
    assert CONTRACTS["veteran"].error_problems(body) == [], answer.text
    assert body["error"]["status"] == answer.status_code
    assert body["error"]["message"].startswith(message)
    assert body["error"].get("reason") == reason


def check_success(answer: requests.Response, case: Case, by: str) -> None:
    check_headers(answer)
    contract, path = contract_of(by), published(case.rule)
    assert case.status in contract.statuses(case.method, path)
    if not contract.has_body(case.method, path, case.status):
        assert answer.content == b""
        return
    assert answer.headers["Content-Type"] == JSON
    if not case.is_partial:
        problems = contract.problems(case.method, path, case.status, answer.json())
        assert problems == []


def run(scene: Scene, case: Case, by: str) -> requests.Response:
    with scene.set_for(case, by) as names:
        return scene.send(case, by, names)


class TestEveryAnswer:
    @pytest.mark.parametrize(("case", "by"), RUNS, ids=str)
    def test_is_what_the_document_says(self, scene: Scene, case: Case, by: str) -> None:
        answer = run(scene, case, by)
        assert answer.status_code == case.status, answer.text
        if case.status < 400:
            check_success(answer, case, by)
        else:
            check_error(answer, case.message)


class TestEveryRoute:
    @pytest.mark.parametrize(("method", "rule", "_endpoint"), HANDLED)
    def test_has_a_case_that_succeeds(
        self, method: str, rule: str, _endpoint: Endpoint
    ) -> None:
        covered = {(case.method, case.rule) for case in CASES if case.status < 400}
        assert (method, rule) in covered

    @pytest.mark.parametrize(("method", "rule", "endpoint"), HANDLED)
    def test_has_a_case_for_each_profile(
        self, method: str, rule: str, endpoint: Endpoint
    ) -> None:
        good = {200, 201, 202} if endpoint.closed_message is None else {403}
        answers = {
            case.status
            for case in CASES
            if (case.method, case.rule) == (method, rule) and "newcomer" in case.by
        }
        assert answers & good

    @pytest.mark.parametrize(("method", "rule", "_endpoint"), HANDLED)
    def test_stands_in_the_document(
        self, method: str, rule: str, _endpoint: Endpoint
    ) -> None:
        if (method, rule) not in {("PUT", "/me/library")}:
            assert CONTRACTS["veteran"].statuses(method, published(rule))

    @pytest.mark.parametrize(("method", "rule", "_endpoint"), ROUTES)
    def test_wants_a_token(
        self, scene: Scene, method: str, rule: str, _endpoint: Endpoint
    ) -> None:
        address = f"{scene.local.url}/v1{re.sub('<[^>]+>', 'x', rule)}"
        for headers, word in (
            ({}, "missing"),
            ({"Authorization": "Bearer nonsense"}, "invalid"),
            ({"Authorization": "Basic nonsense"}, "missing"),
        ):
            answer = scene.local.session.request(
                method or "GET", address, headers=headers, timeout=9
            )
            assert answer.status_code == 401
            check_error(answer, "Missing/invalid/expired access token")
            assert f'error="{word}_token"' in answer.headers["WWW-Authenticate"]

    @pytest.mark.parametrize(("_method", "rule", "endpoint"), ABSENT)
    def test_is_closed_or_left_out_where_it_is_of_no_use(
        self, scene: Scene, _method: str, rule: str, endpoint: Endpoint
    ) -> None:
        path = re.sub("<[^>]+>", "x", rule).lstrip("/")
        closed = scene.asker("newcomer").ask("GET", path)
        assert closed.status_code == 403
        check_error(closed, endpoint.closed_message or None)
        absent = scene.asker("veteran").ask("GET", path)
        assert absent.status_code == 501
        check_error(absent, "The sandbox does not have this route")

    @pytest.mark.parametrize(("method", "rule", "_endpoint"), OPEN)
    def test_says_wait_in_both_ways(
        self, scene: Scene, method: str, rule: str, _endpoint: Endpoint
    ) -> None:
        path = re.sub("<[^>]+>", "x", rule).lstrip("/")
        scene.asker("newcomer").ask("GET", "me")
        for option, message, reason in (
            ("rate", "API rate limit exceeded", None),
            ("quota", "Too many requests", "QUOTA_EXCEEDED"),
        ):
            scene.local.control("POST", "options", **{option: 1})
            scene.asker("newcomer").ask(method, path)
            answer = scene.asker("newcomer").ask(method, path)
            scene.local.control("POST", "options", **{option: 0})
            assert answer.status_code == 429
            check_error(answer, message, reason=reason)

    @pytest.mark.parametrize(("method", "rule", "_endpoint"), OPEN)
    def test_is_refused_without_premium_or_a_seat(
        self, scene: Scene, method: str, rule: str, _endpoint: Endpoint
    ) -> None:
        path = re.sub("<[^>]+>", "x", rule).lstrip("/")
        lapse = {"developer": "northpier"}
        scene.local.control("POST", "premium", lapsed=True, **lapse)
        answer = scene.asker("newcomer").ask(method, path)
        scene.local.control("POST", "premium", lapsed=False, **lapse)
        assert answer.status_code == 403
        check_error(
            answer, "Active premium subscription required for the owner of the app"
        )
        seatless = take_seat(scene.local)
        answer = scene.asker("newcomer").ask(method, path)
        scene.local.control("POST", "apps", **seatless, seats=None)
        assert answer.status_code == 403
        assert answer.headers["Content-Type"].startswith("text/plain")
        assert answer.text.startswith("User not registered in the Developer Dashboard")


def take_seat(local: RunningSandbox) -> dict[str, Any]:
    """Take the newcomer's seats away; return what registers the app anew."""
    app: dict[str, Any] = {
        "client_id": "newcomer",
        "client_secret": "newcomer-secret",
        "profile": "development",
        "developer": "northpier",
    }
    local.control("POST", "apps", **app, seats=["late-shift"])
    return app


class TestEveryRefusal:
    def test_has_a_case(self, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
        """Every place in the source that refuses is reached by some case."""
        reached: set[tuple[str, str, str]] = set()
        init = ApiError.__init__

        def record(self: ApiError, *args: Any, **kwargs: Any) -> None:
            init(self, *args, **kwargs)
            frame = sys._getframe(1)
            name = Path(frame.f_code.co_filename).name
            reached.add((name, frame.f_code.co_name, str(frame.f_lineno)))

        monkeypatch.setattr(ApiError, "__init__", record)
        for case, by in RUNS:
            run(scene, case, by)
        TestEveryRoute().test_wants_a_token(scene, *HANDLED[0])
        TestEveryRoute().test_is_closed_or_left_out_where_it_is_of_no_use(
            scene, *ABSENT[0]
        )
        TestEveryRoute().test_says_wait_in_both_ways(scene, *OPEN[0])
        TestEveryRoute().test_is_refused_without_premium_or_a_seat(scene, *OPEN[0])
        assert set(refusals()) - reached == set()


def refusals() -> Iterator[tuple[str, str, str]]:
    """Yield file, function and line of every refusal in the sandbox's source."""
    for path in Path(sandbox.__path__[0]).glob("*.py"):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(function, ast.FunctionDef):
                continue
            if (path.name, function.name) not in UNREACHED:
                for line in _lines_that_refuse(function):
                    yield path.name, function.name, str(line)


def _lines_that_refuse(function: ast.FunctionDef) -> Iterator[int]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "ApiError":
            yield node.lineno
