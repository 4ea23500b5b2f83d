"""Where every signed-in call passes on its way to Graph, alone or as part of a batch."""

from __future__ import annotations

from dataclasses import replace

from emulator.call_log import CallLog, LoggedCall
from emulator.faults import GraphFault, NotSignedIn
from emulator.graph.engine.call import Answer, Call, answered
from emulator.graph.engine.mishaps import befall
from emulator.graph.engine.plan import Plan
from emulator.graph.engine.serving import Graph
from emulator.throttling.chaos import Chaos
from emulator.throttling.faults import Visit
from emulator.throttling.throttle import Throttle
from emulator.throttling.weighing import OPEN_PLACES, Service, service_of, weigh


class Gate:
    """Lets calls through to Graph, refuses those that are too many, and lets trouble strike the parts of a batch."""

    def __init__(self, graph: Graph, throttle: Throttle, chaos: Chaos, log: CallLog) -> None:
        self._graph = graph
        self._throttle = throttle
        self._chaos = chaos
        self._log = log

    async def answer(self, call: Call) -> Answer:
        """Graph's answer, or the fault that refuses the call."""
        if call.caller.barred:
            _check_barred(call)
        try:
            if self._throttle.is_idle:
                return await answered(self._graph.answer(call))
            return await self._throttled(call)
        except GraphFault as fault:
            self._charge(call, fault)
            raise

    async def part(self, call: Call) -> Answer:
        """The same for a part of a batch, which trouble may strike on its own."""
        try:
            answer = await (self.answer(call) if self._chaos.is_fine else self._troubled(call))
        except GraphFault as refused:
            self._note(call, refused.status)
            raise
        self._note(call, answer.status)
        return answer

    def is_outlook(self, call: Call) -> bool:
        """Whether a call is Outlook's, of which a batch has only so many under way at once."""
        plan = self._plan(call.path)
        return plan is not None and service_of(plan) == "outlook"

    def service_at(self, path: str) -> Service | None:
        """Which service answers at a path; a batch is nobody's."""
        first = path.strip("/").partition("/")[0].lower()
        if first == "$batch":
            return None
        plan = None if first in OPEN_PLACES else self._plan(path)
        return OPEN_PLACES.get(first, "other") if plan is None else service_of(plan)

    async def _troubled(self, call: Call) -> Answer:
        visit = Visit(call.method, call.path, call.link().rstrip("?"), self.service_at, in_batch=True)
        self._chaos.check_challenged(visit, call)
        fault = self._chaos.meets(visit)
        if fault is not None and fault.is_instead:
            return fault.answer(visit)
        if fault is not None:
            befall(call, fault.mishap)
        answer = await self.answer(call)
        spoiling = self._chaos.spoils(visit, answer) if fault is None else None
        return answer if spoiling is None else spoiling.spoil(answer, visit)

    async def _throttled(self, call: Call) -> Answer:
        async with self._throttle.admitted(call, weigh(call, self._plan(call.path))) as headers:
            answer = await answered(self._graph.answer(call))
        return replace(answer, headers={**answer.headers, **headers})

    def _charge(self, call: Call, fault: GraphFault) -> None:
        """The directory says of a refusal, too, what it cost."""
        weight = weigh(call, self._plan(call.path))
        if weight.service == "directory":
            fault.headers.setdefault("x-ms-resource-unit", str(weight.units))

    def _plan(self, path: str) -> Plan | None:
        try:
            return self._graph.planner.plan(path)
        except GraphFault:
            return None

    def _note(self, call: Call, status: int) -> None:
        path, query = f"/{call.version}/{call.path}", "&".join(f"{name}={value}" for name, value in call.query)
        caller, at = call.caller, call.now.timestamp()
        logged = LoggedCall(at, call.method, path, query, status, caller.app_id, caller.user_id, is_part=True)
        self._log.add(logged)


def _check_barred(call: Call) -> None:
    """Refuse a token that lacks the authentication context which the path demands."""
    for guarded, claims in call.caller.barred:
        if f"{call.path.strip('/')}/".lower().startswith(f"{guarded.strip('/')}/".lower()):
            raise NotSignedIn("The token lacks the authentication context that this request demands.", claims)
