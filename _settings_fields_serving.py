"""The settings of how the server is reached, what it logs, and the demo."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

import _settings_values as values
from _settings_table import Setting

_UPPER = BeforeValidator(str.upper)
_LOWER = BeforeValidator(str.lower)


class Serving(BaseModel):
    """How clients reach the server."""

    transport: Annotated[
        Literal["stdio", "http"],
        _LOWER,
        Setting("Serving", "How clients reach the server: launched by the client, or over HTTP.", "--transport"),
    ] = "stdio"
    http_host: Annotated[values.Host, Setting("Serving", "Address that HTTP listens on.", "--host")] = "127.0.0.1"
    http_port: Annotated[
        int,
        Field(ge=0, le=65535),
        Setting(
            "Serving", "Port that HTTP listens on; 0 is any free port.", "--port", "a whole number from 0 to 65535"
        ),
    ] = 3000
    http_path: Annotated[values.HttpPath, Setting("Serving", "Path of the MCP endpoint over HTTP.", "--path")] = "/mcp"
    stateless_http: Annotated[
        bool | None,
        Setting(
            "Serving",
            "Keep no session for clients of the older protocol, which then cannot be asked anything.",
            "--stateless-http",
            "true or false",
            unset="true where there are several workers",
        ),
    ] = None


class Logging(BaseModel):
    """What is logged, where and how."""

    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"],
        _UPPER,
        Setting("Logging", "Least grave level that is logged.", "--log-level"),
    ] = "INFO"
    log_file: Annotated[
        values.LocalPath | None,
        Setting("Logging", "File to log to instead of stderr.", "--log-file", unset="stderr"),
    ] = None
    log_format: Annotated[
        Literal["text", "json"], _LOWER, Setting("Logging", "Text for people, or JSON lines.", "--log-format")
    ] = "text"


class Demo(BaseModel):
    """The built-in tenant."""

    demo: Annotated[
        bool,
        Setting(
            "Demo",
            "Serve a built-in demo tenant; ENTRA_*, GRAPH_*, STATE_*, TOKEN_CACHE_* and the .env file are ignored.",
            "--demo",
            "true or false",
        ),
    ] = False
    demo_sign_in: Annotated[
        bool,
        Setting("Demo", "Ask for a sign-in in the demo too; needs DEMO.", "--demo-sign-in", "true or false"),
    ] = False
