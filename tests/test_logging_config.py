"""Logging: one line for a record, no secret in it, in one place only."""

from __future__ import annotations

import io
import json
import logging
import logging.handlers
import os
import re
import stat
import subprocess
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from mcp.server.mcpserver import MCPServer

import logging_config
from logging_config import MASK, configure, redact, register_secret

LIBRARIES = (
    "httpx",
    "httpx2",
    "httpcore.http11",
    "hpack.hpack",
    "requests",
    "urllib3.connectionpool",
    "msal.application",
    "uvicorn.access",
    "uvicorn.error",
    "mcp.server",
    "graph.client",
)
CANARY = "cAnArY.0123456789_abc"
JWT = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJl"
PEM = f"-----BEGIN RSA PRIVATE KEY-----\n{CANARY}\n{CANARY}\n-----END RSA PRIVATE KEY-----"
NAMES = (
    "access_token",
    "refresh_token",
    "id_token",
    "client_secret",
    "client_assertion",
    "assertion",
    "code",
    "device_code",
    "user_code",
    "password",
    "api_key",
    "accessToken",
    "clientSecret",
    "code_verifier",
    "Ocp-Apim-Subscription-Key",
)
HEADERS = ("Authorization", "authorization", "Proxy-Authorization", "Cookie", "Set-Cookie", "X-API-Key", "api-key")
FORMS: dict[str, Callable[[str, str], str]] = {
    "query": lambda name, secret: f"GET https://host/path?a=1&{name}={quote(secret)}&b=2 HTTP/1.1",
    "form": lambda name, secret: f"grant_type=x&{name}={quote_plus(secret)}",
    "last in a form": lambda name, secret: f"body: {name}={secret}",
    "encoded JSON": lambda name, secret: quote(json.dumps({name: secret})),
    "encoded query": lambda name, secret: f"redirect=https%3A%2F%2Fhost%3F{name}%3D{quote(secret)}%26b%3D2",
    "JSON": lambda name, secret: json.dumps({"a": 1, name: secret, "b": 2}),
    "JSON in JSON": lambda name, secret: json.dumps({"body": json.dumps({name: secret, "b": 2})}),
    "JSON in JSON in JSON": lambda name, secret: json.dumps([json.dumps([json.dumps({name: secret})])]),
    "repr": lambda name, secret: repr({"a": 1, name: secret, "b": 2}),
    "repr of bytes": lambda name, secret: repr({name.encode(): secret.encode()}),
    "repr of a list": lambda name, secret: repr({name: [secret]}),
    "keyword": lambda name, secret: f"call({name}={secret!r}, b=2)",
    "subscript": lambda name, secret: f"form[{name!r}] = {secret!r}",
    "pairs of bytes": lambda name, secret: repr([(name.encode(), secret.encode()), (b"b", b"2")]),
    "header": lambda name, secret: f"> {name}: {secret}",
    "spaced": lambda name, secret: f"{name} : {secret}",
}


@pytest.fixture(autouse=True)
def untouched_logging() -> Iterator[None]:
    """Put back what configure changes, so that other tests keep their logging."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    quiet = [logging.getLogger(name) for name in (*logging_config._NOISY, *logging_config._TALKATIVE)]
    levels = [logger.level for logger in quiet]
    registered = logging_config._registered
    yield
    logging_config._registered = registered
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    for logger, before in zip(quiet, levels, strict=True):
        logger.setLevel(before)
    logging.captureWarnings(False)


def logged(log: Callable[[logging.Logger], object], *, name: str = "graph.client", json_lines: bool = False) -> str:
    """What is written while `log` runs."""
    stream = io.StringIO()
    configure("DEBUG", json_lines=json_lines, stream=stream)
    log(logging.getLogger(name))
    return stream.getvalue()


def failing(text: str) -> None:
    raise ValueError(text)


def fields(text: str) -> dict[str, object]:
    (line,) = text.splitlines()
    found = json.loads(line)
    assert isinstance(found, dict)
    return found


# Form


def test_a_line_of_text_has_time_level_logger_message_and_extras() -> None:
    line = logged(lambda log: log.info("graph call", extra={"path": "me/x", "status": 200, "note": 'a "b"', "no": ""}))
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO graph\.client: graph call "
        r'path=me/x status=200 note="a \\"b\\"" no=""\n',
        line,
    )


def test_a_line_of_json_has_the_same_with_types() -> None:
    line = logged(
        lambda log: log.info("graph %s", "call", extra={"status": 200, "ok": True, "x": [1]}), json_lines=True
    )
    found = fields(line)
    assert found.pop("time")
    assert found == {
        "level": "INFO",
        "logger": "graph.client",
        "message": "graph call",
        "status": 200,
        "ok": True,
        "x": "[1]",
    }


def test_an_extra_does_not_pass_for_one_of_our_own_fields() -> None:
    found = fields(logged(lambda log: log.info("x", extra={"level": "ERROR", "exception": "e"}), json_lines=True))
    assert (found["level"], found["extra_level"], found["extra_exception"]) == ("INFO", "ERROR", "e")


@pytest.mark.parametrize("json_lines", [False, True], ids=["text", "json"])
def test_a_record_is_one_line_whatever_it_holds(json_lines: bool) -> None:
    hostile = "a\r\nb\x00\x1b[31m\x7f\x85\x9b\u2028\u2029\u202e\u2066\u061c\ufeff\ud800c"

    def log(logger: logging.Logger) -> None:
        try:
            failing(hostile)
        except ValueError:
            logger.exception(hostile, stack_info=True, extra={"x": hostile, hostile: 1})

    text = logged(log, name=f"graph\n{hostile}", json_lines=json_lines)
    assert text.endswith("\n")
    assert text[:-1].isprintable()
    assert "Traceback" in text
    assert "Stack (most recent call last)" in text
    assert text.encode()


@pytest.mark.parametrize("json_lines", [False, True], ids=["text", "json"])
@pytest.mark.parametrize(
    ("message", "extra"),
    [
        pytest.param("x" * 1_000_000, {}, id="message"),
        pytest.param("\x00é" * 500_000, {}, id="what grows when escaped"),
        pytest.param("x", {"a": "ü" * 99_999, "b": "y" * 99_999}, id="extras"),
        pytest.param("x", {f"k{n}": "v" * 999 for n in range(999)}, id="many extras"),
        pytest.param("x", {f"k{n}": "" for n in range(999)}, id="many empty extras"),
        pytest.param("x" * 99_999, {"k" * 99_999: 1}, id="a long name"),
        pytest.param("token " * 100_000, {}, id="names without values"),
        pytest.param("token" + " " * 1_000_000, {}, id="white space after a name"),
        pytest.param("token='" + "\\" * 1_000_000, {}, id="backslashes"),
        pytest.param('code=\\"' + '\\"' * 400_000, {}, id="escaped quotes"),
        pytest.param("-----BEGIN A PRIVATE KEY-----" * 40_000, {}, id="keys without end"),
        pytest.param("://" * 300_000, {}, id="half URLs"),
        pytest.param("bearer " * 150_000, {}, id="schemes without tokens"),
        pytest.param("eyJ" * 300_000, {}, id="beginnings of a JWT"),
    ],
)
def test_a_huge_record_is_cut_to_16_kib(message: str, extra: dict[str, object], json_lines: bool) -> None:
    text = logged(lambda log: log.info(message, extra=extra), json_lines=json_lines)
    assert text.count("\n") == 1
    assert len(text.encode()) <= 16 * 1024
    if json_lines:
        assert fields(text)["logger"] == "graph.client"


def test_the_longest_legitimate_message_is_not_cut() -> None:
    assert "y" * 15_000 in logged(lambda log: log.info("y" * 15_000))


# Secrets


@pytest.mark.parametrize("json_lines", [False, True], ids=["text", "json"])
@pytest.mark.parametrize("library", LIBRARIES)
def test_no_library_logs_a_secret_at_any_level(library: str, json_lines: bool) -> None:
    def log(logger: logging.Logger) -> None:
        for form in FORMS.values():
            for name in NAMES:
                logger.warning(form(name, CANARY))
                logger.debug("sent %s", form(name, CANARY))
        for name in HEADERS:
            logger.warning("%r", {name: f"Bearer {CANARY}"})
            logger.warning("%s: a=%s; b=%s", name, CANARY, CANARY)

    text = logged(log, name=library, json_lines=json_lines)
    assert CANARY not in text
    assert text.count(MASK) >= len(FORMS) * len(NAMES)


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        pytest.param(f"got Bearer {CANARY}", CANARY, id="bearer"),
        pytest.param(f"got bearer%20{CANARY} x", CANARY, id="bearer in a URL"),
        pytest.param(f"Basic {CANARY}", CANARY, id="basic"),
        pytest.param(f"a JWT {JWT} alone", JWT.split(".")[1], id="JWT"),
        pytest.param(f"a key\n{PEM}\nend", CANARY, id="PEM"),
        pytest.param(PEM[:-20], CANARY, id="PEM cut short"),
        pytest.param(json.dumps({"key": PEM}), CANARY, id="PEM in JSON"),
        pytest.param(f"https://blob/x?se=1&sig={CANARY}%3D&sp=r", CANARY, id="SAS"),
        pytest.param("rt 0.AXoA" + "x" * 40, "x" * 40, id="refresh token"),
        pytest.param("rt 1.AVsA" + "x" * 40, "x" * 40, id="refresh token of another age"),
        pytest.param("rt M.C507_BAY.0.U." + "x" * 40, "x" * 40, id="refresh token of a personal account"),
        pytest.param("abc8Q~" + "x" * 34, "x" * 34, id="client secret of Entra"),
        pytest.param("enter the code ABCD1234E to sign in", "ABCD1234E", id="device code for a person"),
        pytest.param(f"https://me:{CANARY}@host/", CANARY, id="password in a URL"),
        pytest.param(f"ENTRA_CLIENT_SECRET={CANARY}", CANARY, id="a line of .env"),
        pytest.param(f'Cookie: "a"; session={CANARY}', CANARY, id="a cookie after a quoted one"),
        pytest.param(f'Authorization: Digest realm="a", response="{CANARY}"', CANARY, id="digest"),
        pytest.param(f"AccountKey={CANARY};EndpointSuffix=x", CANARY, id="connection string"),
    ],
)
def test_what_looks_like_a_credential_is_masked(text: str, secret: str) -> None:
    for json_lines in (False, True):
        found = logged(lambda log: log.info(text), json_lines=json_lines)
        assert secret not in found
        assert MASK in found


def test_what_is_no_secret_stays() -> None:
    text = "GET https://graph.microsoft.com/v1.0/me/messages?$top=10 200 error_code=ErrorItemNotFound decoded: 3 tokens"
    assert text in logged(lambda log: log.info(text))


def test_what_follows_a_secret_stays() -> None:
    line = logged(lambda log: log.info('{"access_token": "abc", "expires_in": 3599} ?code=abc&state=xyz done'))
    assert '"expires_in": 3599' in line
    assert "&state=xyz done" in line


TOKEN = st.text(st.sampled_from("abcdefXYZ0189._~+/=-"), min_size=8, max_size=60).map(lambda text: f"q{text}q")


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    secret=TOKEN,
    name=st.sampled_from(NAMES + HEADERS),
    form=st.sampled_from(sorted(FORMS)),
    before=st.text(max_size=20).filter(lambda text: text.isprintable()),
    json_lines=st.booleans(),
)
def test_no_secret_in_any_form_is_ever_written(
    secret: str, name: str, form: str, before: str, json_lines: bool
) -> None:
    text = logged(lambda log: log.info("%s %s", before, FORMS[form](name, secret)), json_lines=json_lines)
    assert secret not in text
    assert quote(secret) not in text


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(secret=st.text(min_size=6, max_size=40), name=st.sampled_from(NAMES), form=st.sampled_from(["JSON", "repr"]))
@example(secret='it\'s "quoted" \\" so', name="password", form="JSON")
@example(secret='it\'s "quoted" \\', name="password", form="repr")
def test_a_quoted_secret_may_hold_anything(secret: str, name: str, form: str) -> None:
    marked = f"zQz{secret}zQz"
    text = redact(FORMS[form](name, marked))
    assert "zQz" not in text
    assert "'b': 2" in text or '"b": 2' in text


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    secret=st.text(st.characters(exclude_categories=["Cs"]), min_size=6, max_size=40),
    around=st.sampled_from(["x {} y", "{}", "x{}x", "'{}'", "https://h/{}?a"]),
    encode=st.sampled_from([str, quote_plus, json.dumps, repr, lambda text: quote(text, safe="")]),
    json_lines=st.booleans(),
)
def test_a_registered_secret_is_masked_anywhere(
    secret: str, around: str, encode: Callable[[str], str], json_lines: bool
) -> None:
    marked = f"zQz{secret}zQz"
    register_secret(marked)
    text = logged(lambda log: log.info("%s", around.format(encode(marked))), json_lines=json_lines)
    assert "zQz" not in text


def test_a_registered_secret_that_begins_another_does_not_uncover_it() -> None:
    register_secret("horse")
    register_secret("horse-battery")
    register_secret("")
    assert redact("a horse-battery b horse c") == f"a {MASK} b {MASK} c"


@pytest.mark.parametrize("json_lines", [False, True], ids=["text", "json"])
def test_extras_are_redacted_by_name_and_by_content(json_lines: bool) -> None:
    register_secret("123456789")
    extra = {
        "access_token": CANARY,
        "Authorization": CANARY,
        "body": {"password": CANARY},
        "url": f"?code={CANARY}",
        "number": 123456789,
        f"?code={CANARY}": 1,
    }
    text = logged(lambda log: log.info("x", extra=extra), json_lines=json_lines)
    assert CANARY not in text
    assert "123456789" not in text


def test_a_logger_name_is_redacted() -> None:
    assert JWT not in logged(lambda log: log.info("x"), name=f"a {JWT}")


@pytest.mark.parametrize("json_lines", [False, True], ids=["text", "json"])
def test_the_text_of_exceptions_is_redacted_along_the_whole_chain(json_lines: bool) -> None:
    def log(logger: logging.Logger) -> None:
        try:
            try:
                failing(f"client_secret={CANARY}")
            except ValueError as error:
                error.add_note(f"Bearer {CANARY}")
                raise RuntimeError({"password": CANARY}) from error
        except RuntimeError:
            logger.exception("failed")

    text = logged(log, json_lines=json_lines)
    assert CANARY not in text
    assert "direct cause" in text


def test_exception_text_from_elsewhere_is_redacted_too() -> None:
    record = logging.makeLogRecord({"name": "a", "msg": "x", "levelno": 40, "levelname": "ERROR"})
    record.exc_text = f"Traceback: password={CANARY}"
    text = logged(lambda log: log.handle(record))
    assert "Traceback" in text
    assert CANARY not in text


class Unprintable:
    """Its text cannot be had; the error carries a secret."""

    def __str__(self) -> str:
        raise RuntimeError(f"password={CANARY}")


class Evasive(str):
    """A text that redaction cannot handle."""

    __slots__ = ()

    def __str__(self) -> str:
        return self

    def replace(self, *_: object) -> str:
        raise RuntimeError(CANARY)


@pytest.mark.parametrize("json_lines", [False, True], ids=["text", "json"])
@pytest.mark.parametrize(
    "log",
    [
        pytest.param(lambda log: log.info("x %s", Unprintable()), id="an argument without text"),
        pytest.param(lambda log: log.info("x %d", CANARY), id="arguments that do not fit"),
        pytest.param(lambda log: log.info("x", extra={"a": Unprintable()}), id="an extra without text"),
        pytest.param(lambda log: log.info("x", extra={"a": Evasive(CANARY)}), id="redaction fails"),
    ],
)
def test_what_cannot_be_redacted_is_dropped_with_a_notice(
    log: Callable[[logging.Logger], object], json_lines: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    register_secret("something")
    text = logged(log, json_lines=json_lines)
    message = "a log record was dropped: it could not be redacted"
    if json_lines:
        assert fields(text) == {"level": "INFO", "logger": "graph.client", "message": message}
    else:
        assert text == f"INFO graph.client: {message}\n"
    assert not capsys.readouterr().err


def test_the_notice_does_not_repeat_a_strange_logger_name() -> None:
    text = logged(lambda log: log.info("%s", Unprintable()), name=f"a {CANARY}")
    assert text.startswith("INFO unknown: a log record was dropped")


def test_a_record_that_cannot_be_written_says_so_without_its_content(capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    configure(stream=stream)
    stream.close()
    logging.getLogger("graph").error("password %s", CANARY)
    assert capsys.readouterr().err == "ERROR graph: a log record was lost: it could not be written\n"


# Where it goes


def test_records_go_to_stderr_and_nothing_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    configure()
    logging.getLogger("graph").info("hello")
    logging.getLogger("graph").debug("too small")
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.endswith("INFO graph: hello\n")


def test_the_mcp_server_leaves_the_handler_alone() -> None:
    configure("WARNING", stream=io.StringIO())
    (handler,) = logging.getLogger().handlers
    MCPServer("test", log_level="DEBUG")
    assert logging.getLogger().handlers == [handler]
    assert logging.getLogger().level == logging.WARNING


def test_configuring_again_replaces_the_handler_and_closes_its_file(tmp_path: Path) -> None:
    configure(file=tmp_path / "a.log")
    (first,) = logging.getLogger().handlers
    assert isinstance(first, logging.FileHandler)
    stream = first.stream
    assert stream
    text = logged(lambda log: log.info("second"))
    assert stream.closed
    assert text.count("second") == 1
    assert (tmp_path / "a.log").read_text() == ""


def test_a_handler_of_someone_else_is_removed_and_stays_open() -> None:
    other = io.StringIO()
    handler = logging.StreamHandler(other)
    logging.getLogger().addHandler(handler)
    assert "x" in logged(lambda log: log.info("x"))
    handler.emit(logging.makeLogRecord({"msg": "still open"}))
    assert other.getvalue() == "still open\n"


def test_warnings_become_records() -> None:
    def warn(_: logging.Logger) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            logging.captureWarnings(True)
            warnings.warn(f"password={CANARY} is old", DeprecationWarning, stacklevel=1)

    text = logged(warn)
    assert "WARNING py.warnings: " in text
    assert CANARY not in text


@pytest.mark.parametrize(
    ("level", "logger", "lowest"),
    [
        pytest.param("INFO", "httpx", logging.WARNING, id="a chatty library is quiet"),
        pytest.param("INFO", "httpcore.connection", logging.WARNING, id="so is a talkative one"),
        pytest.param("DEBUG", "httpx", logging.WARNING, id="for httpx prints whole addresses"),
        pytest.param("DEBUG", "msal.token_cache", logging.DEBUG, id="unless everything is wanted"),
        pytest.param("DEBUG", "hpack.hpack", logging.INFO, id="but no headers from hpack"),
        pytest.param("DEBUG", "httpcore.http2", logging.INFO, id="but no headers from httpcore"),
        pytest.param("DEBUG", "urllib3.connectionpool", logging.INFO, id="but no paths from urllib3"),
        pytest.param("ERROR", "httpx", logging.ERROR, id="never more than asked for"),
        pytest.param("ERROR", "graph", logging.ERROR, id="our own follow the level"),
    ],
)
def test_libraries_are_kept_quiet(level: str, logger: str, lowest: int) -> None:
    configure("DEBUG", stream=io.StringIO())
    configure(level, stream=io.StringIO())
    assert logging.getLogger(logger).getEffectiveLevel() == lowest


def test_uvicorn_logs_through_the_one_handler() -> None:
    own = logging.getLogger("uvicorn.access")
    own.addHandler(logging.StreamHandler(io.StringIO()))
    own.propagate = False
    text = logged(lambda log: log.info("%s - %s", "addr", "GET /?code=abc"), name="uvicorn.access")
    assert not own.handlers
    assert text.endswith(f"uvicorn.access: addr - GET /?code={MASK}\n")


# The log file

posix_only = pytest.mark.skipif(os.name != "posix", reason="Windows has neither file modes nor FIFOs")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@posix_only
def test_the_file_is_private_whatever_the_umask_and_after_rotation(tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    before = os.umask(0)
    try:
        configure(file=path)
        assert mode(path) == 0o600
        (handler,) = logging.getLogger().handlers
        assert isinstance(handler, logging.handlers.RotatingFileHandler)
        assert (handler.maxBytes, handler.backupCount) == (5 * 1024 * 1024, 3)
        handler.maxBytes = 2000
        for _ in range(15):
            logging.getLogger("graph").info("x" * 900)
    finally:
        os.umask(before)
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["server.log", "server.log.1", "server.log.2", "server.log.3"]
    assert {mode(file) for file in files} == {0o600}
    assert max(file.stat().st_size for file in files) <= 2000


@posix_only
def test_a_file_that_others_could_read_is_made_private(tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    path.write_text("before\n")
    path.chmod(0o644)
    configure(file=path)
    logging.getLogger("graph").info("after é")
    assert mode(path) == 0o600
    assert path.read_text(encoding="utf-8").startswith("before\n")
    assert "after é" in path.read_text(encoding="utf-8")


@posix_only
@pytest.mark.parametrize("kind", ["symlink", "dangling symlink", "fifo", "folder", "hard link"])
def test_a_path_that_is_no_ordinary_file_is_refused_and_logging_goes_on(tmp_path: Path, kind: str) -> None:
    victim, path = tmp_path / "victim", tmp_path / "server.log"
    victim.write_text("precious")
    make: dict[str, Callable[[], object]] = {
        "symlink": lambda: path.symlink_to(victim),
        "dangling symlink": lambda: path.symlink_to(tmp_path / "gone"),
        "fifo": lambda: os.mkfifo(path),
        "folder": path.mkdir,
        "hard link": lambda: path.hardlink_to(victim),
    }
    make[kind]()
    stream = io.StringIO()
    configure(stream=stream)
    with pytest.raises(ValueError, match="Name an ordinary file"):
        configure(file=path)
    logging.getLogger("graph").info("still here")
    assert "still here" in stream.getvalue()
    assert victim.read_text() == "precious"
    assert not (tmp_path / "gone").exists()


def test_a_folder_that_does_not_exist_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Name a file in a folder that this account can write to"):
        configure(file=tmp_path / "none" / "server.log")


@posix_only
def test_a_link_that_takes_the_place_of_the_file_at_rotation_gets_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, victim = tmp_path / "server.log", tmp_path / "victim"
    configure(file=path)
    (handler,) = logging.getLogger().handlers
    assert isinstance(handler, logging.handlers.RotatingFileHandler)
    handler.close()
    path.unlink()
    path.symlink_to(victim)
    logging.getLogger("graph").error(CANARY)
    assert not victim.exists()
    assert "a log record was lost" in capsys.readouterr().err


def test_no_pattern_nests_one_repetition_in_another() -> None:
    # A group that repeats and whose content repeats without a separator is what makes time explode.
    for pattern in logging_config._PATTERNS:
        assert not re.search(r"\[[^\]]*\][*+]\)[*+]|\.[*+]\)[*+]", pattern.pattern)


def test_tracebacks_are_those_of_python() -> None:
    def log(logger: logging.Logger) -> None:
        try:
            failing("x")
        except ValueError:
            expected.append(traceback.format_exc().rstrip("\n"))
            logger.exception("failed")

    expected: list[str] = []
    assert fields(logged(log, json_lines=True))["exception"] == expected[0]
    assert sys.exc_info() == (None, None, None)


@settings(max_examples=100)
@given(
    st.lists(
        st.sampled_from(
            [
                *"eyJ.AMQ~%+:=,'\u017f \n",
                "bearer",
                "BASIC",
                "ba\u017fic",
                "dpop ",
                "the code ",
                "-----BEGIN ",
                "abc",
                "0123456789" * 3,
            ]
        ),
        max_size=8,
    ).map("".join)
)
def test_what_a_quick_look_lets_pass_holds_nothing_that_a_pattern_finds(text: str) -> None:
    if not logging_config._may_hold_a_secret(text):
        assert not [each.pattern for each in logging_config._PATTERNS if each.search(text)]


def test_a_line_of_a_file_is_made_once_and_not_kept(tmp_path: Path) -> None:
    class Shown:
        times = 0

        def __str__(self) -> str:
            self.times += 1
            return "seen"

    shown = Shown()
    configure("INFO", file=tmp_path / "log")
    logging.getLogger("graph.client").info("look", extra={"what": shown})
    assert shown.times == 1
    assert (tmp_path / "log").read_text().endswith("what=seen\n")


# A log file that several processes share


def handlers_of(path: Path, count: int) -> list[logging.Handler]:
    """As each process has one for itself."""
    found: list[logging.Handler] = []
    for _ in range(count):
        configure(file=path)
        (handler,) = logging.getLogger().handlers
        assert isinstance(handler, logging.handlers.RotatingFileHandler)
        handler.maxBytes = 2000
        logging.getLogger().removeHandler(handler)
        found.append(handler)
    return found


def numbers_in(folder: Path) -> list[int]:
    """Of the lines in all files, from the oldest to the newest."""
    files = sorted(folder.glob("server.log*"), reverse=True)
    text = "".join(file.read_text(encoding="utf-8") for file in files)
    return [int(line.rpartition("n=")[2]) for line in text.splitlines()]


def numbered(number: int) -> logging.LogRecord:
    return logging.makeLogRecord({"name": "graph", "msg": "x" * 700, "levelno": logging.INFO, "n": number})


@posix_only
def test_who_shares_a_file_goes_on_in_the_new_one_that_another_began(tmp_path: Path) -> None:
    handlers = handlers_of(tmp_path / "server.log", 3)
    for number in range(8):
        handlers[number % 3].handle(numbered(number))
    assert numbers_in(tmp_path) == list(range(8))
    for handler in handlers:
        handler.close()


@posix_only
def test_a_file_that_was_taken_away_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    (handler,) = handlers_of(path, 1)
    handler.handle(numbered(0))
    path.rename(tmp_path / "taken")
    handler.handle(numbered(1))
    assert numbers_in(tmp_path) == [1]
    handler.close()


@posix_only
def test_a_full_file_that_cannot_be_put_aside_grows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "server.log"
    (path.with_name("server.log.3") / "in the way").mkdir(parents=True)
    path.with_name("server.log.2").touch()
    (handler,) = handlers_of(path, 1)
    for number in range(5):
        handler.handle(numbered(number))
    handler.close()
    assert len(path.read_text(encoding="utf-8").splitlines()) == 5
    assert capsys.readouterr().err == ""


MANY_PROCESSES = """
import logging, os, pathlib, sys
import logging_config

logging_config.configure(file=pathlib.Path(sys.argv[1]))
(handler,) = logging.getLogger().handlers
handler.maxBytes, handler.backupCount = 40_000, 99
children = []
for _ in range(4):
    child = os.fork()
    if not child:
        for number in range(400):
            logging.getLogger("graph").info("line", extra={"pad": "p" * (9000 if number % 40 == 0 else 90)})
        os._exit(0)
    children.append(child)
sys.exit(max(os.waitpid(child, 0)[1] for child in children))
"""


@posix_only
def test_forked_processes_lose_no_line_and_write_into_none(tmp_path: Path) -> None:
    command = [sys.executable, "-c", MANY_PROCESSES, str(tmp_path / "server.log")]
    ran = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, timeout=60, check=True)
    assert ran.stderr == ""
    files = list(tmp_path.iterdir())
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    assert len(files) > 3
    assert len(lines) == 4 * 400
    assert {re.sub("p+$", "", line.partition(" ")[2]) for line in lines} == {"INFO graph: line pad="}
