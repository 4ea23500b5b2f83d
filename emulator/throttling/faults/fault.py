"""One kind of trouble: what it does, which calls it strikes, and how many still."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import cached_property
from typing import Literal, TypeAlias, get_args

from starlette.responses import Response
from starlette.types import Scope

from emulator.graph.engine.call import Answer
from emulator.graph.engine.mishaps import Mishap
from emulator.throttling.faults.bodies import can_spoil, spoilt
from emulator.throttling.faults.instead import Body, error_answer, error_fault
from emulator.throttling.faults.links import Link, has_link, led_astray, with_links
from emulator.throttling.faults.replies import can_disarrange, disarranged
from emulator.throttling.weighing import Service

Instead: TypeAlias = Literal["error", "redirect", "reset"]
Inside: TypeAlias = Literal["expired", "rewound", "slow", "failed"]
After: TypeAlias = Literal["torn", "lost"]
OfBody: TypeAlias = Literal["gzip", "gzip-bomb", "type", "not-json", "truncated", "endless"]
OfBatch: TypeAlias = Literal["duplicated", "shuffled", "missing", "foreign-id", "torn-part"]
Kind: TypeAlias = Instead | Inside | After | OfBody | OfBatch | Literal["link", "challenge"]

INSTEAD, INSIDE, OF_BODY, OF_BATCH = (frozenset(get_args(each)) for each in (Instead, Inside, OfBody, OfBatch))
# These need an answer that they can do something to, and wait for one.
SPOILING = OF_BODY | OF_BATCH | {"link"}
KINDS = INSTEAD | INSIDE | SPOILING | {*get_args(After), "challenge"}

_SESSIONS = frozenset({"driveuploads", "attachmentsessions"})
_ALWAYS = frozenset({"kind", "method", "path", "service", "left", "spares"})
_MORE: Mapping[str, frozenset[str]] = {
    "error": frozenset({"status", "body", "retry_after", "code", "message"}),
    "redirect": frozenset({"status", "target"}),
    "challenge": frozenset({"user", "claims"}),
    "link": frozenset({"target", "link"}),
    "rewound": frozenset({"size"}),
    "slow": frozenset({"polls"}),
    "failed": frozenset({"code", "message"}),
    **dict.fromkeys(("gzip", "gzip-bomb", "truncated", "endless"), frozenset({"size"})),
}
_STATUSES = {"error": (503, range(400, 600)), "redirect": (302, range(300, 400))}
_POLLS = 5


@dataclass
class Visit:
    """A call as trouble sees it: `url` is its whole address, `path` what is below the version, still encoded."""

    method: str
    path: str
    url: str
    find_service: Callable[[str], Service | None]
    in_batch: bool = False

    @cached_property
    def service(self) -> Service | None:
        """Whose call it is; a batch is nobody's, its parts are."""
        return self.find_service(self.path)

    @property
    def is_to_session(self) -> bool:
        """Whether it goes to the address of an upload session."""
        return self.path.strip("/").partition("/")[0].lower() in _SESSIONS

    @property
    def is_copy(self) -> bool:
        """Whether it begins to copy a file or a folder in the background."""
        last = self.path.rstrip("/").rpartition("/")[2].lower().removeprefix("microsoft.graph.")
        return self.method == "POST" and last == "copy" and self.service == "sharepoint"


@dataclass
class Fault:
    """One kind of trouble for the calls of a `method`, below a `path`, of a `service`; `docs/emulator.md` has them all.

    It lets `spares` calls through and strikes the next `left`; None means until cleared. Of the rest each kind takes
    what it has a use for: `size` are bytes, `target` an address or the name of one in `EVIL_LINKS`, `user` an id.
    """

    kind: Kind = "error"
    method: str = ""
    path: str = ""
    service: Service | None = None
    left: int | None = 1
    spares: int = 0
    status: int = 0
    body: Body = "json"
    retry_after: int | datetime | None = None
    code: str = ""
    message: str = ""
    target: str | None = None
    link: Link = ""
    size: int | None = None
    user: str = ""
    claims: str = ""
    polls: int = _POLLS
    # When it was asked for, and who was refused since with which tokens.
    since: float = field(default=0.0, init=False)
    refused: dict[tuple[str, str | None], set[str]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._check()
        if self.kind in _STATUSES:
            self.status = self.status or _STATUSES[self.kind][0]

    @property
    def facts(self) -> tuple[str, ...]:
        """The names of what this kind can be told, beside whom it strikes."""
        return tuple(sorted(_MORE.get(self.kind, ())))

    @property
    def is_instead(self) -> bool:
        """Whether it comes before Graph has done anything."""
        return self.kind in INSTEAD

    def covers(self, visit: Visit) -> bool:
        """Whether a call meets this trouble, as far as can be said before it is answered."""
        below = f"{self.path.strip('/')}/".lower()
        return (
            self.left != 0
            and self.method.upper() in ("", visit.method.upper())
            and (below == "/" or f"{visit.path.strip('/')}/".lower().startswith(below))
            and (self.service is None or self.service == visit.service)
            and self._is_possible(visit)
        )

    def can_spoil(self, answer: Answer) -> bool:
        """Whether there is anything in an answer for this trouble."""
        if self.kind == "link":
            return has_link(answer, self.link)
        check = can_disarrange if self.kind in OF_BATCH else can_spoil
        return check(self.kind, answer)

    def counted(self) -> bool:
        """Count a call that it covers, and say whether it is struck."""
        if self.spares:
            self.spares -= 1
            return False
        if self.left is not None:
            self.left -= 1
        return True

    def answer(self, visit: Visit) -> Answer:
        """What comes instead of the answer, or the fault that does."""
        if self.kind == "redirect":
            return Answer(None, self.status, {"Location": led_astray(self.target or "", visit.url, visit.url)})
        # Only one status is worded by the service, and to find the service takes time.
        service = visit.service if self.status == 429 else None
        fault = error_fault(self.status, self.code, self.message, service or "")
        return error_answer(self.status, self.body, self.retry_after, fault)

    @property
    def mishap(self) -> Mishap:
        """What a workload has to do about it."""
        if self.kind == "rewound":
            return Mishap(loses=True, lost_bytes=self.size)
        if self.kind == "slow":
            return Mishap(polls=self.polls)
        code, message = self.code or "generalException", self.message or "The copy could not be completed."
        return Mishap(fails=error_fault(500, code, message, "")) if self.kind == "failed" else Mishap()

    def spoil(self, answer: Answer, visit: Visit) -> Answer:
        """The answer with other links, or a batch's with other replies; as it is, where its bytes are to be spoilt."""
        if self.kind == "link":
            return with_links(answer, self.link, self.target or "", visit.url)
        return disarranged(self.kind, answer) if self.kind in OF_BATCH else answer

    def spoil_bytes(self, response: Response, scope: Scope) -> Response:
        """The response to send for such an answer."""
        return spoilt(self.kind, response, self.size, scope) if self.kind in OF_BODY else response

    def _is_possible(self, visit: Visit) -> bool:
        if self.kind == "expired":
            return visit.is_to_session
        if self.kind == "rewound":
            return visit.is_to_session and visit.method == "PUT"
        return visit.is_copy if self.kind in INSIDE else True

    def _check(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(
                f"There is no trouble of the kind '{self.kind}'. The kinds are {', '.join(sorted(KINDS))}."
            )
        known = _ALWAYS | _MORE.get(self.kind, frozenset())
        for each in fields(self):
            if each.init and each.name not in known and getattr(self, each.name) != each.default:
                raise ValueError(f"Trouble of the kind '{self.kind}' has no '{each.name}'.")
        if "target" in known and self.target is None:
            raise ValueError(f"Trouble of the kind '{self.kind}' needs a 'target'.")
        if self.status and self.status not in _STATUSES[self.kind][1]:
            raise ValueError(f"Trouble of the kind '{self.kind}' has no status {self.status}.")
