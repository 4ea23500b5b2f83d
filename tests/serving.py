"""A server process whose log is read while it runs: one JSON record for each thing that happens."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from tests import processes

Record = dict[str, Any]


class Service:
    """A server that runs, and what it has logged so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.url = ""
        self._records: list[Record] = []
        self._has_ended = False
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def records(self) -> list[Record]:
        with self._changed:
            return list(self._records)

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1].partition("/")[0])

    def record(self, matches: Callable[[Record], bool], *, nth: int = 1) -> Record:
        """The first record that matches, or the `nth`, as soon as it is there."""

        def found() -> Record | None:
            return next(islice(filter(matches, self._records), nth - 1, None), None)

        with self._changed:
            self._changed.wait_for(lambda: self._has_ended or found(), processes.WAIT)
            record = found()
            assert record, f"the log has no such record; it ends with {self._records[-5:]}"
            return record

    def said(self, message: str, *, nth: int = 1) -> Record:
        return self.record(lambda each: each["message"] == message, nth=nth)

    def request(self, request_id: str) -> Record:
        """The record of the request whose answer had this X-Request-ID."""
        return self.record(lambda each: each["message"] == "request" and each.get("request_id") == request_id)

    def workers(self) -> list[int]:
        """The processes that serve (Linux)."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(each) for each in children.read_text(encoding="ascii").split()]

    def stop(self) -> int:
        """The exit status after the signal that a supervisor sends."""
        self.process.send_signal(signal.SIGTERM)
        return self.ended()

    def ended(self) -> int:
        status = self.process.wait(processes.WAIT)
        self._reader.join(processes.WAIT)
        return status

    def _read(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            # What is told to whoever started the server is no record.
            record = json.loads(line) if line.startswith("{") else {"message": line.rstrip()}
            with self._changed:
                self._records.append(record)
                self._changed.notify_all()
        with self._changed:
            self._has_ended = True
            self._changed.notify_all()


@contextmanager
def serving(*options: str, extra: Mapping[str, str] | None = None) -> Iterator[Service]:
    """The server over HTTP on a free port; it is ended with the block, unless it has ended before."""
    process = subprocess.Popen(
        processes.command("--transport", "http", "--port", "0", *options),
        env=processes.environment({"LOG_FORMAT": "json", **(extra or {})}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        service = Service(process)
        try:
            service.url = str(service.said("serving MCP over HTTP")["url"])
            yield service
        finally:
            process.terminate()
            try:
                service.ended()
            finally:
                process.kill()
