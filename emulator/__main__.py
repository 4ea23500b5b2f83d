"""`python -m emulator`: the demo tenant as a server of its own."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from emulator.clouds import CLOUDS
from emulator.standalone import serve


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m emulator", description="Serve the demo tenant on this machine.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: any free one)")
    parser.add_argument("--tls", action="store_true", help="serve HTTPS, which MSAL and azure-identity insist on")
    parser.add_argument("--ca-file", type=Path, help="where to write the certificate that clients must trust")
    parser.add_argument("--cloud", choices=CLOUDS, default="public", help="cloud to be of (default: %(default)s)")
    parser.add_argument("--no-control", action="store_true", help="serve no routes to seed, reset and disturb it")
    options = parser.parse_args(arguments)
    if options.ca_file and not options.tls:
        parser.error("--ca-file needs --tls")
    serve(
        host=options.host,
        port=options.port,
        tls=options.tls,
        ca_file=options.ca_file,
        cloud=CLOUDS[options.cloud],
        control=not options.no_control,
    )


if __name__ == "__main__":
    main()
