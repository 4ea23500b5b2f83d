"""The HTTP service and a token for it, for checks by other programs: python -m tests.http.standing PORT FILE.

It stands on a small cloud of its own until it is stopped; FILE gets the token once the service is ready.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from tests import processes
from tests.http.scene import HttpCloud
from tests.microsoft import microsoft

READY_SECONDS = 30


def main(port: str, file: Path) -> int:
    """Serve until the service ends, or this is told to end."""
    with tempfile.TemporaryDirectory(prefix="graphward-standing-") as name:
        folder, cloud = Path(name), HttpCloud()
        cloud.tenant.add_message(cloud.ines, "Something to read", "It is short.")
        url = f"http://127.0.0.1:{port}"
        with microsoft(cloud, folder) as hosts:
            own = {"PUBLIC_URL": url, "HTTP_PORT": port, "STATE_DIR": str(folder / "state"), "LOG_LEVEL": "WARNING"}
            generous = {"HTTP_CALLER_RATE": "100000/minute", "HTTP_ADDRESS_RATE": "100000/minute"}
            environ = processes.environment({**hosts.environ, **cloud.environ(**own), **generous})
            cloud.register(identifier_uris=(f"{url}/mcp",))
            with subprocess.Popen(processes.command(), env=environ, stdin=subprocess.DEVNULL) as service:
                _wait_until_ready(url)
                token = cloud.entra.access_token(cloud.ines, scopes=[f"{url}/mcp/mcp.access"])
                file.touch(0o600)
                file.write_text(token)
                try:
                    return service.wait()
                finally:
                    service.terminate()


def _wait_until_ready(url: str) -> None:
    with httpx.Client(trust_env=False) as http:
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until:
            try:
                if http.get(f"{url}/readyz").status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
    raise SystemExit("the service did not become ready; its log is above")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # so that what was started here ends, too
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
