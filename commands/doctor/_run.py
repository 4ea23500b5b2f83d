"""Running the checks one after the other, and telling what they found."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import anyio

from commands._output import Output, as_json, table
from commands.doctor import _files, _http_callers, _http_edge, _http_online, _machine, _network, _sign_in
from commands.doctor._verdict import Check, Seen, Status, Surroundings, Verdict, fail
from errors import AppError
from settings import SECRETS, VERSION, Settings

log = logging.getLogger(__name__)

MASK = "[redacted]"
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)*")
_GRAVITY = list(Status)
_MARK = {Status.SKIPPED: "-"}

# The order is that of cause and effect: what comes later uses what came before. The names are for programs, too.
CHECKS: dict[str, Check] = {
    "settings": _machine.settings_complete,
    "python": _machine.python_version,
    "packages": _machine.packages,
    "secret-files": _machine.secret_files,
    "log-file": _machine.log_file,
    "http-port": _http_edge.http_port,
    "http-edge": _http_edge.http_edge,
    "http-callers": _http_callers.http_callers,
    "proxy": _network.proxy,
    "certificates": _network.certificates,
    "dns-login": _network.login_name,
    "dns-graph": _network.graph_name,
    "login-service": _network.login_service,
    "clock": _network.clock,
    "discovery": _network.discovery,
    "graph-service": _network.graph_service,
    "token-cache": _files.token_cache,
    "credential": _files.credential,
    "http-issuer": _http_online.http_issuer,
    "http-metadata": _http_online.http_metadata,
}
WITH_SIGN_IN: dict[str, Check] = {
    "sign-in": _sign_in.sign_in,
    "token": _sign_in.token,
    "permissions": _sign_in.permissions,
    "http-token": _http_online.http_token,
}


@dataclass(frozen=True)
class Finding:
    """A verdict with the name of its check."""

    id: str
    verdict: Verdict


async def doctor(
    about: Surroundings,
    output: Output,
    *,
    json_wanted: bool = False,
    with_sign_in: bool = True,
    checks: Mapping[str, Check] = CHECKS,
) -> int:
    """The exit status: 1 where a check failed, else 0."""
    found = await findings(about, {**checks, **(WITH_SIGN_IN if with_sign_in else {})})
    worst = max((finding.verdict.status for finding in found), key=_GRAVITY.index)
    output.show(_for_programs(found, worst) if json_wanted else _for_people(found))
    return int(worst is Status.FAIL)


async def findings(about: Surroundings, checks: Mapping[str, Check]) -> list[Finding]:
    """What every check found; none hides another, whatever happens in it."""
    seen = Seen()
    found = []
    for name, check in checks.items():
        verdict = await _verdict_of(name, check, about, seen)
        secrets = [*_secrets(about.settings), seen.token]
        found.append(Finding(name, _masked(verdict, secrets)))
    return found


async def _verdict_of(name: str, check: Check, about: Surroundings, seen: Seen) -> Verdict:
    try:
        with anyio.fail_after(about.seconds):
            return await check(about, seen)
    except AppError as error:
        return fail("does not work", str(error))
    except TimeoutError:
        return fail(f"no answer within {about.seconds:g} seconds", "Check the network, then try again.")
    except Exception as error:
        log.exception("a check could not be carried out", extra={"check": name})
        kind = type(error).__name__
        return fail(f"could not be checked ({kind})", "This is a mistake of the program; the log says more.")


def _for_programs(found: Sequence[Finding], worst: Status) -> str:
    rows = [
        {
            "id": each.id,
            "status": str(each.verdict.status),
            "says": each.verdict.says,
            "remedy": each.verdict.remedy,
        }
        for each in found
    ]
    return as_json({"version": VERSION, "status": str(worst), "checks": rows})


def _for_people(found: Sequence[Finding]) -> str:
    """A line for each check, below it what to change, and at the end the sum."""
    cells = [(_MARK.get(each.verdict.status, each.verdict.status), each.id, each.verdict.says) for each in found]
    lines = []
    for row, each in zip(table(("", "", ""), cells).splitlines()[1:], found, strict=True):
        lines += [row, *(f"      -> {line}" for line in each.verdict.remedy.splitlines())]
    counts = Counter(each.verdict.status for each in found)
    return "\n".join([*lines, "", _summary(counts[Status.FAIL], counts[Status.WARN])])


def _summary(failed: int, warned: int) -> str:
    if failed:
        return f"{failed} to change, {warned} to look at."
    return f"Works; {warned} to look at." if warned else "All is well."


def _masked(verdict: Verdict, secrets: Sequence[str]) -> Verdict:
    return Verdict(verdict.status, _clean(verdict.says, secrets), _clean(verdict.remedy, secrets))


def _clean(text: str, secrets: Sequence[str]) -> str:
    """Checks name no secret; should an error's text, or a library's, it ends here."""
    for secret in secrets:
        text = text.replace(secret, MASK) if secret else text
    return _JWT.sub(MASK, text)


def _secrets(settings: Settings) -> list[str]:
    given = [getattr(settings, name.lower()) for name in SECRETS]
    return [secret.get_secret_value() for secret in given if secret]
