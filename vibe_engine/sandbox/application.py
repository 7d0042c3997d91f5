"""Every request's way: its fault, its part of the sandbox, the log."""

import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from werkzeug.exceptions import ClientDisconnected
from werkzeug.wrappers import Request, Response

from vibe_engine.sandbox import faultanswers, faults
from vibe_engine.sandbox.answers import error_body, json_answer
from vibe_engine.sandbox.api import Api
from vibe_engine.sandbox.consent import ConsentPages
from vibe_engine.sandbox.control import Control
from vibe_engine.sandbox.faultanswers import Delivery
from vibe_engine.sandbox.faults import Asked, Fault
from vibe_engine.sandbox.pages import ListenerPages
from vibe_engine.sandbox.reccobeats import ReccoBeats
from vibe_engine.sandbox.requestlog import Entry
from vibe_engine.sandbox.store import StoreClosedError
from vibe_engine.sandbox.tokenendpoint import TokenEndpoint
from vibe_engine.sandbox.world import World

WORKER_HEADER = "X-Worker"
_MAX_WORKER_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Part:
    """A part of Spotify: `identify` notes who asks, `answer` answers."""

    answer: Callable[[Request, Entry], Response]
    identify: Callable[[Request, Entry], object]


def _nobody(_request: Request, _entry: Entry) -> None:
    """Note nothing: who asks is not known beforehand, or at all."""


class Application:
    """Sends each request to the part of the sandbox that answers it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._control = Control(world)
        self._pages = ListenerPages(world)
        api, tokens = Api(world), TokenEndpoint(world)
        consent = ConsentPages(world)
        self._logged = {
            "v1": Part(api.answer, api.identify),
            "api": Part(tokens.answer, tokens.identify),
            "authorize": Part(consent.answer, _nobody),
            "reccobeats": Part(ReccoBeats(world).answer, _nobody),
        }

    def handle(self, request: Request) -> Delivery:
        """Answer a request; an error of ours becomes a 500 and a trace on stderr."""
        name = request.path.strip("/").partition("/")[0]
        try:
            request.get_data()
            if name in self._logged:
                return self._answer_logged(request, self._logged[name])
            if name == "_sandbox":
                return Delivery(self._control.answer(request))
            with self._world.store.transaction():
                return Delivery(self._pages.answer(request))
        except (ClientDisconnected, StoreClosedError):
            return Delivery(None)
        except Exception:
            traceback.print_exc(file=sys.stderr)
            return Delivery(json_answer(error_body(500, "The sandbox failed"), 500))

    def finish(self, delivery: Delivery) -> None:
        """Note when an answer that was held back or dripped had gone out."""
        if delivery.number is None:
            return
        now_s = self._world.clock.now_s()
        with suppress(StoreClosedError), self._world.store.transaction():
            self._world.log.finish(delivery.number, now_s=now_s)

    def _answer_logged(self, request: Request, part: Part) -> Delivery:
        entry = self._entry(request)
        fault = self._take_fault(request, entry, part)
        if fault is None:
            return self._apply(request, entry, part, None)
        with self._world.log.awaiting():
            return self._strike(request, entry, part, fault)

    def _strike(
        self, request: Request, entry: Entry, part: Part, fault: Fault
    ) -> Delivery:
        entry.fault = fault.kind
        if fault.kind in faults.BEFORE:
            return self._refuse(entry, fault)
        if fault.kind == "latency":
            time.sleep(fault.seconds)
        if fault.kind == "stale":
            entry.stale_s = fault.seconds
        return self._apply(request, entry, part, fault)

    def _entry(self, request: Request) -> Entry:
        worker = request.headers.get(WORKER_HEADER) or request.user_agent.string
        return Entry(
            at_s=self._world.clock.now_s(),
            method=request.method,
            path=request.path,
            query=request.query_string.decode(errors="replace"),
            worker=worker[:_MAX_WORKER_LENGTH] or None,
        )

    def _take_fault(self, request: Request, entry: Entry, part: Part) -> Fault | None:
        if not self._world.faults:
            return None
        with self._world.store.transaction():
            part.identify(request, entry)
        asked = Asked(
            method=entry.method,
            path=entry.path,
            now_s=entry.at_s,
            client_id=entry.client_id,
            user_id=entry.user_id,
        )
        return self._world.faults.take(asked)

    def _apply(
        self, request: Request, entry: Entry, part: Part, fault: Fault | None
    ) -> Delivery:
        """Carry the request out and log it, both or neither."""
        with self._world.store.transaction():
            delivery = Delivery(part.answer(request, entry))
            if fault is not None and delivery.response is not None:
                delivery = faultanswers.spoil(delivery.response, fault, entry.path)
            number = self._log(entry, delivery)
        if delivery.wait_s or delivery.drip_s:
            return replace(delivery, number=number)
        return delivery

    def _refuse(self, entry: Entry, fault: Fault) -> Delivery:
        """Answer without having done anything."""
        if fault.kind == "stall":
            time.sleep(fault.seconds)
        delivery = faultanswers.deliver_refusal(fault, entry.path)
        with self._world.store.transaction():
            self._log(entry, delivery)
        return delivery

    def _log(self, entry: Entry, delivery: Delivery) -> int:
        seen = delivery.response
        entry.status = 0 if seen is None else seen.status_code
        entry.applied_at_s = entry.finished_at_s = self._world.clock.now_s()
        return self._world.log.add(entry)
