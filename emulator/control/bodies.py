"""What the control routes take, checked: a name that is misspelt is told, not ignored."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from emulator.throttling import Kind
from emulator.throttling.faults import Link
from emulator.throttling.weighing import Service

Times = Annotated[int, Field(ge=1)] | None
Factor = Annotated[float, Field(gt=0, le=1_000_000)]
M = TypeVar("M", bound=BaseModel)


class BadRequest(Exception):
    """A request that cannot be carried out; the text says why."""


def _several(found: Any) -> Any:  # noqa: ANN401 - JSON values
    return [found] if isinstance(found, str) else found


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=True, frozen=True)


class Seed(_Body):
    """One thing to make: see `Control.seed`; `type` is its type where a place takes several."""

    path: Annotated[str, Field(min_length=1)]
    values: dict[str, Any] = {}
    type: str | None = None
    fill: bool = False


class Seeds(_Body):
    """Several, in this order."""

    items: Annotated[list[Seed], Field(min_length=1, max_length=10_000)]


class Mail(_Body):
    """Mail from outside: see `Control.receive`."""

    sender: Annotated[str, Field(alias="from")]
    to: Annotated[list[str], Field(min_length=1, max_length=500), BeforeValidator(_several)]
    subject: str = ""
    body: str = ""
    html: bool = False


class Time(_Body):
    """A change of the clock: set it, move it by seconds, let it run or stand."""

    now: AwareDatetime | None = None
    advance: Annotated[float, Field(ge=-4e9, le=4e9)] | None = None
    running: bool | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if (self.now is None) == (self.advance is None) and (self.now is not None or self.running is None):
            raise ValueError("give one of now, advance and running; now or advance may come with running")
        return self


class Throttling(_Body):
    """The limits: see `Throttle`."""

    on: bool = True
    factor: Factor = 1
    factors: dict[str, Factor] = {}
    latency: Annotated[float, Field(ge=0, le=600)] = 0
    round_trip: Annotated[float, Field(ge=0, le=600)] = 0


class GraphTrouble(_Body):
    """Trouble at Graph: see `Fault`; `user` is an id or user principal name."""

    kind: Kind = "error"
    times: Times = 1
    spares: Annotated[int, Field(ge=0)] = 0
    method: str = ""
    path: str = ""
    service: Service | None = None
    status: Annotated[int, Field(ge=300, le=599)] | None = None
    body: Literal["json", "html", "none"] = "json"
    retry_after: Annotated[int, Field(ge=0)] | AwareDatetime | None = None
    code: str = ""
    message: str = ""
    target: str | None = None
    link: Link = ""
    size: Annotated[int, Field(ge=0, le=2**40)] | None = None
    user: str = ""
    claims: str = ""
    polls: Annotated[int, Field(ge=0, le=1000)] | None = None


class EntraTrouble(_Body):
    """Trouble at the sign-in half: see `Weather`; `user` is an id or user principal name."""

    kind: Literal["throttle", "outage", "tear"]
    times: Times = 1
    endpoint: Literal["", "token", "devicecode", "authorize", "discovery", "keys"] = "token"
    user: str = ""
    client_id: str = ""
    status: Literal[500, 502, 503, 504] = 503
    body: Literal["json", "html"] = "html"
    retry_after: Annotated[int, Field(ge=0)] | AwareDatetime | None = None


class Faults(_Body):
    """Trouble to add, and the limits as they are to be from now on."""

    throttling: Throttling | None = None
    graph: list[GraphTrouble] = []
    entra: list[EntraTrouble] = []


def checked(model: type[M], found: Any) -> M:  # noqa: ANN401 - JSON values
    """A body as what the route takes; everything that is wrong with it is named."""
    try:
        return model.model_validate(found)
    except ValidationError as error:
        raise BadRequest("; ".join(_told(problem) for problem in error.errors())) from error


def _told(problem: Any) -> str:  # noqa: ANN401 - pydantic's own
    place = ".".join(str(part) for part in problem["loc"])
    return f"{place}: {problem['msg']}" if place else str(problem["msg"])
