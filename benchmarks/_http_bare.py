"""What the HTTP service is compared with: the bare SDK, which verifies the same tokens and makes the same GET.

Run as `python -m benchmarks._http_bare` with the facts of `_http_cloud.py` on its stdin, it prints where it listens.
Whose Graph token to use it is told beforehand, and what comes from Graph it hands on as it is.
"""

from __future__ import annotations

import json
import socket
import sys
from typing import Any

import httpx
import jwt
import uvicorn
from mcp.server import MCPServer
from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings
from pydantic import AnyHttpUrl, BaseModel

URL = "https://graph.microsoft.com/v1.0/me/mailFolders/inbox/messages"
# The query and headers that mail_list_messages sends.
QUERY = {
    "$select": "id,subject,receivedDateTime,isRead,hasAttachments,from",
    "$top": "25",
    "$orderby": "receivedDateTime desc",
    "$count": "true",
}
HEADERS = {"Accept": "application/json", "Prefer": 'IdType="ImmutableId"'}
SCOPE = "mcp.access"


class Row(BaseModel):
    """The fields that a row of mail_list_messages has."""

    id: str
    received: str
    sender: str | None
    subject: str
    marks: str


class Me(BaseModel):
    """Who calls."""

    name: str


class Verifier:
    """Looks at signature, issuer, audience and times, as the SDK's documentation leaves it to us."""

    def __init__(self, keys: list[dict[str, Any]], issuer: str, audience: str) -> None:
        self._keys = {each["kid"]: jwt.PyJWK(each, "RS256") for each in keys}
        self._issuer = issuer
        self._audience = audience

    async def verify_token(self, token: str) -> AccessToken | None:
        key = self._keys[jwt.get_unverified_header(token)["kid"]]
        try:
            claims = jwt.decode(token, key, ["RS256"], issuer=self._issuer, audience=self._audience)
        except jwt.InvalidTokenError:
            return None
        return AccessToken(
            token=token,
            client_id=claims["azp"],
            scopes=claims["scp"].split(),
            expires_at=claims["exp"],
            subject=claims["oid"],
        )


def build(facts: dict[str, Any], http: httpx.AsyncClient) -> MCPServer[Any]:
    """The server: one tool that reads mail, and one that does nothing."""
    issuer, audience = facts["issuer"], facts["audience"]
    server: MCPServer[Any] = MCPServer(
        "bare",
        token_verifier=Verifier(facts["keys"], issuer, audience),
        auth=AuthSettings(
            issuer_url=AnyHttpUrl(issuer),
            resource_server_url=AnyHttpUrl("https://mcp.lindenhall.example/mcp"),
            required_scopes=[SCOPE],
            validate_token_resource=False,
        ),
        log_level="WARNING",
    )
    tokens = {each["id"]: each["graph"] for each in facts["people"]}

    @server.tool()
    async def list_messages() -> list[Row]:
        """List the newest messages of a mail folder."""
        reply = await http.get(URL, params=QUERY, headers=HEADERS | {"Authorization": f"Bearer {tokens[_caller()]}"})
        return [_row(item) for item in reply.raise_for_status().json()["value"]]

    @server.tool()
    async def whoami() -> Me:
        """Show who is signed in."""
        return Me(name=_caller())

    return server


def _caller() -> str:
    token = get_access_token()
    return (token.subject if token else None) or ""


def _row(item: dict[str, Any]) -> Row:
    sender = (item.get("from") or {}).get("emailAddress") or {}
    marks = "*" * (not item["isRead"]) + "+" * item["hasAttachments"]
    return Row(
        id=item["id"],
        received=item["receivedDateTime"],
        sender=sender.get("name"),
        subject=item["subject"],
        marks=marks,
    )


def main() -> None:
    facts = json.load(sys.stdin)
    http = httpx.AsyncClient(http2=True)  # for as long as the process lives
    app = build(facts, http).streamable_http_app()
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    print(listener.getsockname()[1], flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False)).run(sockets=[listener])


if __name__ == "__main__":
    main()
