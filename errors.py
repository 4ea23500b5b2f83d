"""Every exception Graphward raises on purpose.

AppError
├── StartError            the process cannot start; the text names the remedy
│   └── SettingsError     one or more settings are wrong; all are reported together
├── StorageError          a file or store of ours cannot be used, or cannot be trusted
├── SignInError           no token could be had
│   ├── SignInNeeded      a person has to act first; the text says where and how
│   ├── SignInRefused     this account may not: its owner or an administrator can change that
│   ├── ConsentNeeded     nobody has agreed to the permissions yet; the text has the link for an administrator
│   ├── AppRefused        the app registration or its credential: whoever runs this server can change that
│   └── SignInUnavailable the sign-in service does not answer, or asks for patience: later it will
├── NotAdmitted           a request over HTTP shows nothing that lets it in
├── KeysUnavailable       whether a token is genuine cannot be told for now
├── ToolInputError        an argument passed its schema and still cannot be used
├── NotAllowed            a rule of this server forbids the call
│   └── NotApproved       a person has to say yes first, or said no
├── PartlyDone            a write of several steps failed after some of them
└── GraphError            Microsoft Graph refused, failed, or could not be reached
    ├── GraphBadRequest   400: the request was not understood
    ├── GraphUnauthorized 401: the token was not accepted
    ├── GraphForbidden    403: a permission, a licence or a policy is missing
    ├── GraphNotFound     404, 410: there is no such thing, or not any more
    ├── GraphConflict     409, 412: it changed meanwhile
    ├── GraphThrottled    429: too many requests
    ├── GraphTooLarge     more bytes than were asked for, or than there is room for
    └── GraphUnavailable  5xx, or no usable answer at all
        └── GraphUncertain  a write whose answer was lost: it may have been done

Messages are written for the person or model who reads them and say what to do next.
Whoever raises one puts no token, secret or request body in its text.
"""

from __future__ import annotations


class AppError(Exception):
    """Anything that Graphward itself reports to a person or a model."""


class StartError(AppError):
    """The process cannot start as configured."""


class SettingsError(StartError):
    """Settings are wrong; `problems` has one line for each, with its remedy."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class StorageError(AppError):
    """A file or store of ours cannot be used, or what it holds cannot be trusted."""


class SignInError(AppError):
    """No token could be had for this caller; `code` is the number of Entra's AADSTS error, if it sent one."""

    def __init__(self, message: str, *, code: int = 0) -> None:
        super().__init__(message)
        self.code = code


class SignInNeeded(SignInError):
    """A person has to sign in before the call can be repeated; `url` is what they open, `sign_in` names the attempt.

    `claims` is what Entra wants of that sign-in; it is for the client's sign-in request, not for a model to read.
    """

    def __init__(self, message: str, *, url: str = "", sign_in: str = "", code: int = 0, claims: str = "") -> None:
        super().__init__(message, code=code)
        self.url = url
        self.sign_in = sign_in
        self.claims = claims


class SignInRefused(SignInError):
    """The account may not sign in like this."""


class ConsentNeeded(SignInError):
    """The permissions lack a person's or an administrator's consent."""


class AppRefused(SignInError):
    """Entra does not take the app, or the proof of who it is."""


class SignInUnavailable(SignInError):
    """The sign-in service failed, or wants fewer requests; `retry_after` is how many seconds it asked for."""

    def __init__(self, message: str, *, code: int = 0, retry_after: float = 0) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after


class NotAdmitted(AppError):
    """What a request shows does not let it in; the text is for the log, and the client hears no more than `error`.

    `error` is OAuth's word for it, empty where nothing was shown at all. `claims` is what Entra wants of a new sign-in.
    """

    def __init__(self, message: str, *, error: str = "invalid_token", claims: str = "") -> None:
        super().__init__(message)
        self.error = error
        self.claims = claims


class KeysUnavailable(AppError):
    """The keys that tokens are verified with cannot be had; `retry_after` is in how many seconds to try again."""

    def __init__(self, message: str, *, retry_after: float = 0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ToolInputError(AppError):
    """An argument is well-formed but cannot be used."""


class NotAllowed(AppError):
    """A rule of whoever runs this server forbids the call: its level, its policy, a key's limits."""


class NotApproved(NotAllowed):
    """The person has not said yes: they were not asked yet, could not be, or said no."""


class PartlyDone(AppError):
    """Some steps of a write were done, the next failed; the text says which."""


class GraphError(AppError):
    """Microsoft Graph answered with an error, or did not answer."""

    def __init__(self, code: str, message: str, *, status: int = 0, request_id: str = "") -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.status = status
        self.request_id = request_id

    def __str__(self) -> str:
        trace = f" [request-id {self.request_id}]" if self.request_id else ""
        return f"{self.code}: {self.message}{trace}"


class GraphBadRequest(GraphError):
    """Graph did not understand the request."""


class GraphUnauthorized(GraphError):
    """Graph did not accept the token."""


class GraphForbidden(GraphError):
    """A permission, a licence or a policy is missing."""


class GraphNotFound(GraphError):
    """The thing asked for does not exist, or no longer."""


class GraphConflict(GraphError):
    """The thing changed since it was read, or exists already."""


class GraphThrottled(GraphError):
    """Graph wants fewer requests; `retry_after` is how many seconds it asked for, 0 where it did not say."""

    def __init__(
        self, code: str, message: str, *, status: int = 0, request_id: str = "", retry_after: float = 0
    ) -> None:
        super().__init__(code, message, status=status, request_id=request_id)
        self.retry_after = retry_after


class GraphTooLarge(GraphError):
    """An answer, a file or an upload has more bytes than the limit."""


class GraphUnavailable(GraphError):
    """Graph failed, timed out or sent nothing usable."""


class GraphUncertain(GraphUnavailable):
    """The answer to a write was lost, so it may have been done; whoever repeats it looks first.

    `is_done` says that it surely was, and only what came of it is not known.
    """

    is_done = False
