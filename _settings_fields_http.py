"""The settings of the HTTP service: who may call, from where, how much at once, and how it runs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field, SecretStr

import _settings_values as values
import _settings_values_http as values_http
from _settings_table import Setting

HttpAuth = Literal["entra", "apikey", "none"]
_LOWER = BeforeValidator(str.lower)
_MEBIBYTE = 1024 * 1024


class Callers(BaseModel):
    """Who may call over HTTP."""

    http_auth: Annotated[
        Annotated[HttpAuth, _LOWER] | None,
        Setting(
            "HTTP",
            "Who may call: holders of a token of Entra for this server (entra), of a key (apikey), or, on loopback "
            "with --insecure-loopback, everybody (none).",
            "--http-auth",
            unset="HTTP refuses to start",
        ),
    ] = None
    insecure_loopback: Annotated[
        bool,
        Setting(
            "HTTP",
            "Let HTTP_AUTH=none serve every program on this machine; never beyond loopback.",
            "--insecure-loopback",
            "true or false",
        ),
    ] = False
    public_url: Annotated[
        values_http.PublicUrl | None,
        Setting(
            "HTTP",
            "Where clients reach the server, without HTTP_PATH: the only source of its own name. A path in it is where "
            "a proxy mounts it.",
            "--public-url",
        ),
    ] = None
    http_tenants: Annotated[
        values_http.Guids,
        Setting(
            "HTTP", "Ids of the tenants whose people may call, by commas; not for apps.", unset="ENTRA_TENANT_ID alone"
        ),
    ] = ()
    http_clients: Annotated[
        values_http.Guids,
        Setting("HTTP", "Ids of the client apps that people may call with, by commas.", unset="any"),
    ] = ()
    http_v1_tokens: Annotated[
        bool,
        Setting("HTTP", "Take tokens of version 1 too; better set the API's token version to 2.", "", "true or false"),
    ] = False
    entra_app_id_uri: Annotated[
        values_http.AppIdUri | None,
        Setting("HTTP", "Application ID URI of the API that clients ask for.", unset="the address of the MCP endpoint"),
    ] = None
    http_keys_file: Annotated[
        values.LocalPath | None,
        Setting(
            "HTTP",
            "File with the hashes of the keys; `server.py keys` writes it, and it is read again when it changes.",
            unset="keys.json in STATE_DIR",
        ),
    ] = None


class Edge(BaseModel):
    """What requests the HTTP service takes, and how many."""

    trusted_proxies: Annotated[
        values_http.Networks,
        Setting("HTTP", "Networks of the proxies in front, by commas; others' forwarding headers count for nothing."),
    ] = ()
    http_allowed_hosts: Annotated[
        values_http.Hosts,
        Setting("HTTP", "Further Host values that are answered, by commas.", unset="PUBLIC_URL's, and loopback names"),
    ] = ()
    cors_origins: Annotated[
        values_http.Origins, Setting("HTTP", "Origins of web pages that may call from a browser, by commas.")
    ] = ()
    http_address_rate: Annotated[
        values_http.Rate, Setting("HTTP", "Requests that one address may send.", expects="a rate such as 600/minute")
    ] = "3000/minute"
    http_failure_rate: Annotated[
        values_http.Rate, Setting("HTTP", "Requests of one address that may fail to authenticate.")
    ] = "60/minute"
    http_caller_rate: Annotated[values_http.Rate, Setting("HTTP", "Requests that one person, app or key may send.")] = (
        "600/minute"
    )
    http_caller_calls: Annotated[
        int,
        Field(ge=1, le=1000),
        Setting("HTTP", "Requests of one person, app or key at once.", expects="a whole number from 1 to 1000"),
    ] = 32
    http_caller_sessions: Annotated[
        int,
        Field(ge=1, le=10_000),
        Setting("HTTP", "Sessions of one person, app or key with older clients.", expects="a whole number up to 10000"),
    ] = 32
    http_body_bytes: Annotated[
        int,
        Field(ge=1024, le=64 * _MEBIBYTE),
        Setting("HTTP", "Longest request body, in bytes.", expects="a whole number from 1024 to 67108864"),
    ] = 4 * _MEBIBYTE
    http_receive_seconds: Annotated[
        float,
        Field(ge=1, le=600),
        Setting("HTTP", "Time in which a request has to arrive whole, and an answer has to go on being read."),
    ] = 20
    http_idle_seconds: Annotated[
        float, Field(ge=1, le=3600), Setting("HTTP", "How long a connection may wait for its next request.")
    ] = 75
    http_call_seconds: Annotated[
        float,
        Field(ge=1, le=7200),
        Setting("HTTP", "Longest call, with the time that a person takes who is asked within; event streams aside."),
    ] = 900
    http_connections: Annotated[
        int,
        Field(ge=1, le=100_000),
        Setting("HTTP", "Connections at once, in each worker.", expects="a whole number from 1 to 100000"),
    ] = 4000
    http_connections_per_address: Annotated[
        int,
        Field(ge=1, le=100_000),
        Setting("HTTP", "Connections at once of one address, proxies aside.", expects="a whole number up to 100000"),
    ] = 256


class Running(BaseModel):
    """How the HTTP service runs."""

    workers: Annotated[
        int,
        Field(ge=1, le=64),
        Setting("HTTP", "Processes that serve HTTP.", "--workers", "a whole number from 1 to 64"),
    ] = 1
    http_tls_cert: Annotated[
        values.LocalPath | None,
        Setting("HTTP", "PEM file with the certificate and its chain, for TLS without a proxy.", "--tls-cert"),
    ] = None
    http_tls_key: Annotated[
        values.LocalPath | None, Setting("HTTP", "PEM file with its private key, readable by us alone.", "--tls-key")
    ] = None
    http_drain_seconds: Annotated[
        float, Field(ge=0, le=600), Setting("HTTP", "How long a stop waits for the calls that are under way.")
    ] = 20
    metrics_port: Annotated[
        int | None,
        Field(ge=0, le=65535),
        Setting("HTTP", "Port of /metrics, on HTTP_HOST; keep it from the public.", "--metrics-port", unset="no port"),
    ] = None
    metrics_token: Annotated[
        SecretStr | None,
        Setting("HTTP", "Bearer token with which /metrics is served beside the rest.", secret=True),
    ] = None
