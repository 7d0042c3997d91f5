"""Every request's way: its fault, its part of the sandbox, the log."""

import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace

from werkzeug.exceptions import ClientDisconnected
from werkzeug.wrappers import Request, Response

from vibe_engine.sandbox import faults
from vibe_engine.sandbox.answers import error_body, json_answer
from vibe_engine.sandbox.api import Api, fault_answer
from vibe_engine.sandbox.consent import ConsentPages
from vibe_engine.sandbox.control import Control
from vibe_engine.sandbox.faults import Fault
from vibe_engine.sandbox.pages import ListenerPages
from vibe_engine.sandbox.requestlog import Entry
from vibe_engine.sandbox.store import StoreClosedError, to_json
from vibe_engine.sandbox.tokenendpoint import TokenEndpoint
from vibe_engine.sandbox.world import World

_DROPS = ("drop_before", "drop_after", "stall")
_RESETS = ("reset_before", "reset_after")
_MEGABYTE = 1_000_000

Answer = Callable[[Request, Entry], Response]


@dataclass(frozen=True, slots=True)
class Delivery:
    """How an answer goes out.

    `response` None: the connection ends without one, with a reset if `is_reset`.
    `drip_s`: the body takes that many seconds.
    """

    response: Response | None
    is_reset: bool = False
    drip_s: float = 0.0


class Application:
    """Sends each request to the part of the sandbox that answers it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._control = Control(world)
        self._pages = ListenerPages(world)
        self._api = Api(world)
        self._logged: dict[str, Answer] = {
            "v1": self._api.answer,
            "api": TokenEndpoint(world).answer,
            "authorize": ConsentPages(world).answer,
        }

    def handle(self, request: Request) -> Delivery:
        """Answer a request; an error of ours becomes a 500 and a trace on stderr."""
        part = request.path.strip("/").partition("/")[0]
        try:
            request.get_data()
            if part in self._logged:
                return self._answer_logged(request, self._logged[part])
            if part == "_sandbox":
                return Delivery(self._control.answer(request))
            with self._world.store.transaction():
                return Delivery(self._pages.answer(request))
        except (ClientDisconnected, StoreClosedError):
            return Delivery(None)
        except Exception:
            traceback.print_exc(file=sys.stderr)
            return Delivery(json_answer(error_body(500, "The sandbox failed"), 500))

    def _answer_logged(self, request: Request, answer: Answer) -> Delivery:
        entry = Entry(
            at_s=self._world.clock.now_s(),
            method=request.method,
            path=request.path,
            query=request.query_string.decode(errors="replace"),
        )
        fault = self._world.faults.take(request.method, request.path)
        if fault is None:
            return Delivery(self._apply(request, entry, answer))
        entry.fault = fault.kind
        if fault.kind in faults.BEFORE:
            return self._fail_before(request, entry, fault)
        if fault.kind == "latency":
            faults.wait(fault.seconds)
        response = self._apply(request, entry, answer, fault)
        return _spoil(response, fault)

    def _apply(
        self,
        request: Request,
        entry: Entry,
        answer: Answer,
        fault: Fault | None = None,
    ) -> Response:
        """Carry the request out and log it, both or neither."""
        with self._world.store.transaction():
            response = answer(request, entry)
            entry.status = _seen_status(response, fault)
            entry.finished_at_s = self._world.clock.now_s()
            self._world.log.add(entry)
        return response

    def _fail_before(self, request: Request, entry: Entry, fault: Fault) -> Delivery:
        """Answer without having done anything."""
        if fault.kind == "stall":
            faults.wait(fault.seconds)
        delivery = _delivery(_fault_response(fault), fault)
        entry.status = 0 if delivery.response is None else fault.status
        entry.finished_at_s = self._world.clock.now_s()
        with self._world.store.transaction():
            self._api.identify(request, entry)
            self._world.log.add(entry)
        return delivery


def _spoil(response: Response, fault: Fault) -> Delivery:
    """Turn the true answer into what the fault makes of it."""
    if fault.kind == "latency_after":
        faults.wait(fault.seconds)
    if fault.kind == "status_after":
        response = _fault_response(fault)
    if fault.kind == "malformed":
        response.set_data(_malformed(response, fault))
    if fault.kind == "huge":
        size = int(fault.megabytes * _MEGABYTE)
        response.set_data(response.get_data().rjust(size))
    if fault.headers:
        response.headers.update(fault.headers)
    return _delivery(response, fault)


def _delivery(response: Response, fault: Fault) -> Delivery:
    if fault.kind in _DROPS:
        return Delivery(None)
    if fault.kind in _RESETS:
        return Delivery(None, is_reset=True)
    delivery = Delivery(response)
    return replace(delivery, drip_s=fault.seconds) if fault.kind == "drip" else delivery


def _fault_response(fault: Fault) -> Response:
    response = fault_answer(fault.status)
    if isinstance(fault.body, str):
        response.set_data(fault.body)
        response.content_type = "text/plain; charset=utf-8"
    elif fault.body is not None:
        response.set_data(to_json(fault.body))
    if fault.headers is not None:
        response.headers.pop("Retry-After", None)
        response.headers.update(fault.headers)
    return response


def _malformed(response: Response, fault: Fault) -> bytes:
    if fault.body is not None:
        text = fault.body if isinstance(fault.body, str) else to_json(fault.body)
        return text.encode()
    body = response.get_data()
    return body[: len(body) // 2] or b"<html>"


def _seen_status(response: Response, fault: Fault | None) -> int:
    if fault is None:
        return response.status_code
    if fault.kind in _DROPS + _RESETS:
        return 0
    return fault.status if fault.kind == "status_after" else response.status_code
