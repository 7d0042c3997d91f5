"""What a request gets to see when a fault has met it."""

from dataclasses import dataclass

from werkzeug.wrappers import Response

from vibe_engine.sandbox.answers import ApiError, json_answer, unauthorized
from vibe_engine.sandbox.faults import DROPS, RESETS, Fault
from vibe_engine.sandbox.store import to_json

TOKEN_PATH = "/api/token"  # noqa: S105 (a path)
DAY_OF_WAITING_S = 86_207  # as reported from an exhausted quota in 2026

_MEGABYTE = 1_000_000
_MESSAGES = {
    403: "Forbidden",
    404: "Resource not found",
    500: "Internal server error",
    502: "Bad gateway",
    503: "Service unavailable",
    504: "Gateway timeout",
}


@dataclass(frozen=True, slots=True)
class Delivery:
    """How an answer goes out.

    `response` None: the connection ends without one, with a reset if `is_reset`.
    `wait_s`: how long it is held back. `drip_s`: how long its body takes.
    `number`: the log's, for an answer whose end is still to be noted there.
    """

    response: Response | None
    is_reset: bool = False
    wait_s: float = 0.0
    drip_s: float = 0.0
    number: int | None = None


def refusal(fault: Fault, path: str) -> Response:
    """Return the answer of a fault instead of the true one."""
    response = _usual_refusal(fault, path)
    if isinstance(fault.body, str):
        response.set_data(fault.body)
        response.content_type = "text/plain; charset=utf-8"
    elif fault.body is not None:
        response.set_data(to_json(fault.body))
    if fault.headers is not None:
        response.headers.pop("Retry-After", None)
        response.headers.update(fault.headers)
    return response


def deliver_refusal(fault: Fault, path: str) -> Delivery:
    """Return what comes back of a request that was not carried out."""
    if fault.kind in (*DROPS, *RESETS):
        return Delivery(None, is_reset=fault.kind in RESETS)
    return Delivery(refusal(fault, path))


def spoil(response: Response, fault: Fault, path: str) -> Delivery:
    """Turn the true answer into what the fault makes of it."""
    if fault.kind in (*DROPS, *RESETS):
        return Delivery(None, is_reset=fault.kind in RESETS)
    if fault.kind == "status_after":
        return Delivery(refusal(fault, path))
    if fault.kind == "malformed":
        response.set_data(_malformed(response, fault))
    if fault.kind == "huge":
        size = int(fault.megabytes * _MEGABYTE)
        response.set_data(response.get_data().rjust(size))
    if fault.headers:
        response.headers.update(fault.headers)
    wait_s = fault.seconds if fault.kind == "latency_after" else 0.0
    return Delivery(
        response, wait_s=wait_s, drip_s=fault.seconds if fault.kind == "drip" else 0.0
    )


def _usual_refusal(fault: Fault, path: str) -> Response:
    """Return what Spotify typically says on such an occasion."""
    if fault.kind == "invalid_grant":
        said = {"error": "invalid_grant", "error_description": "Refresh token revoked"}
        return json_answer(said, 400)
    if fault.kind == "quota_exceeded":
        return too_many(DAY_OF_WAITING_S, is_quota=True).response()
    if fault.kind == "rate_limited" or fault.status == 429:
        return too_many(1, is_quota=False).response()
    if path.startswith(TOKEN_PATH):
        return _oauth_refusal(fault.status)
    if fault.status == 401:
        return unauthorized(has_token=True).response()
    return ApiError(fault.status, _MESSAGES.get(fault.status, "Error")).response()


def too_many(wait_s: int, *, is_quota: bool) -> ApiError:
    """Return the 429 of the rolling window, or that of an exhausted quota."""
    headers = {"Retry-After": str(wait_s)}
    if is_quota:
        message, reason = "Too many requests", "QUOTA_EXCEEDED"
    else:
        message, reason = "API rate limit exceeded", ""
    return ApiError(429, message, reason=reason, headers=headers)


def _oauth_refusal(status: int) -> Response:
    """Return a flat OAuth error (RFC 6749, sections 4.1.2.1 and 5.2)."""
    words = {400: "invalid_request", 401: "invalid_client", 403: "unauthorized_client"}
    words[503] = "temporarily_unavailable"
    return json_answer({"error": words.get(status, "server_error")}, status)


def _malformed(response: Response, fault: Fault) -> bytes:
    if fault.body is not None:
        text = fault.body if isinstance(fault.body, str) else to_json(fault.body)
        return text.encode()
    body = response.get_data()
    return body[: len(body) // 2] or b"<html>"
