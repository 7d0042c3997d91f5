"""Answers in Spotify's two error forms, and what a request carries."""

from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Response

from vibe_engine.sandbox.store import to_json

JSON_TYPE = "application/json; charset=utf-8"

_TOKEN_MESSAGE = "Missing/invalid/expired access token"  # noqa: S105 (a message)


class ApiError(Exception):
    """The Web API refuses the request.

    `body` None gives Spotify's usual JSON with the message; a text is sent as it
    is, as plain text.
    """

    def __init__(
        self,
        status: int,
        message: str = "",
        *,
        reason: str = "",
        headers: Mapping[str, str] | None = None,
        body: str | None = None,
    ) -> None:
        super().__init__(message or body)
        self.status = status
        self.message = message
        self.reason = reason
        self.headers = dict(headers or {})
        self.body = body

    def response(self) -> Response:
        """Return the answer that the app sees."""
        if self.body is not None:
            return Response(self.body, self.status, self.headers)
        return json_answer(
            error_body(self.status, self.message, self.reason),
            self.status,
            self.headers,
        )


def unauthorized(*, has_token: bool) -> ApiError:
    """Return the 401 for a token that is missing, or is not valid (any more)."""
    word = "invalid_token" if has_token else "missing_token"
    challenge = (
        f'Bearer realm="spotify", error="{word}", error_description="{_TOKEN_MESSAGE}"'
    )
    return ApiError(401, _TOKEN_MESSAGE, headers={"WWW-Authenticate": challenge})


def error_body(status: int, message: str, reason: str = "") -> dict[str, Any]:
    """Return the Web API's error object; parts without text are left out."""
    error: dict[str, Any] = {"status": status}
    if message:
        error["message"] = message
    if reason:
        error["reason"] = reason
    return {"error": error}


def json_answer(
    body: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a JSON response that nobody may cache."""
    response = Response(to_json(body), status, headers, content_type=JSON_TYPE)
    response.headers["Cache-Control"] = "private, max-age=0"
    return response


def empty_answer(status: int = 200) -> Response:
    """Return a response with an empty body, as several writes do."""
    return Response(b"", status)
