"""From a call to its answer: the path, the permission, the thing, and what the method does with it."""

from __future__ import annotations

from dataclasses import replace

from emulator.faults import InvalidRequest, NotServed
from emulator.graph.engine import deltas, reading, writing
from emulator.graph.engine.arguments import check_arguments
from emulator.graph.engine.call import Call, Reply
from emulator.graph.engine.checks import check, pass_beyond
from emulator.graph.engine.costs import charged
from emulator.graph.engine.methods import check_method
from emulator.graph.engine.permits import permit
from emulator.graph.engine.plan import Plan, Planner, ToRoot
from emulator.graph.engine.resolving import Resolver
from emulator.graph.engine.target import Target
from emulator.graph.engine.workload import Service
from emulator.tenant import Tenant

_METHODS = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE"})


class Graph:
    """Graph's side of the tenant, for calls that are already signed in."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.planner = Planner(service)
        self.resolver = Resolver(service)
        self._tenants: dict[str, Tenant] = {}

    def is_open(self, path: str) -> bool:
        """Whether the address is pre-authenticated: an upload session, a download link, a monitor."""
        return path.partition("/")[0].lower() in self.service.open_paths

    def answer_open(self, call: Call) -> Reply:
        """The answer of a pre-authenticated address; what comes after its first segment is the workload's."""
        first, _, rest = call.path.partition("/")
        # Who opens it has no token that could say which directory; the address may begin with it.
        home = self._tenants.get(rest.partition("/")[0])
        call = replace(call, tenant=home) if home is not None else call
        return self.service.open_paths[first.lower()](call, rest)

    def answer(self, call: Call) -> Reply:
        """The answer, or the fault that refuses it."""
        self._tenants[call.tenant.id] = call.tenant
        plan = self.planner.plan(call.path)
        self._check_me(call, plan)
        check_method(call.method, plan)
        permit(call, plan, self.service.self_permitting)
        target = self.resolver.target(call, plan, pass_beyond)
        check(call, target)
        return charged(call, target, self._done(call, target))

    def _done(self, call: Call, target: Target) -> Reply:
        if target.plan.operation is not None:
            return self._operated(call, target)
        own = target.rules.hooks.get("answer")
        reply: Reply | None = own(call, target) if own is not None else None
        if reply is not None:
            return reply
        if call.method == "GET":
            return reading.read(self.service, call, target)
        if call.method == "POST":
            made = writing.link if target.plan.ending == "$ref" else writing.create
            return made(self.service, call, target)
        methods = {"PATCH": writing.update, "PUT": writing.put, "DELETE": writing.delete}
        return methods[call.method](self.service, call, target)

    def _operated(self, call: Call, target: Target) -> Reply:
        operation = target.plan.operation
        assert operation is not None  # noqa: S101 - asked by the caller
        check_arguments(call, target)
        on_many = target.plan.is_collection
        own = target.rules.collection_operations if on_many else target.rules.operations
        if operation.name in own:
            return own[operation.name](call, target)
        if operation.name == "delta":
            return deltas.delta(self.service, call, target)
        raise NotServed(operation.name)

    @staticmethod
    def _check_me(call: Call, plan: Plan) -> None:
        first = plan.steps[0]
        if isinstance(first, ToRoot) and first.root.name == "me" and call.caller.user_id is None:
            raise InvalidRequest("/me request is only valid with delegated authentication flow.")
