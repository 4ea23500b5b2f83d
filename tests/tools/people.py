"""Signed-in people without Entra, and our server on top of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import httpx

import tools
from errors import SignInNeeded, ToolInputError
from graph import BearerAuth, Caller, GraphClient, GraphService, Speaker
from principal import Identity, Principal, SignedIn
from server import GraphwardServer
from tests.tools.serving import server_with
from tools import Toolset

HOST = "graph.microsoft.com"
PAGE = "https://login.example/device"
CODE = "ABCD1234"
TENANT = "0f7d5a52-5c1c-4a7e-8a71-0c3f2d9d1e11"


def person(username: str, *, selected: bool = False, personal: bool = False, number: str = "") -> SignedIn:
    return SignedIn(f"id-of-{username}{number}.{TENANT}", username, TENANT, personal, selected)


class FakePeople:
    """Accounts in memory. Whoever is asked signs in as `next_one`; how a started sign-in ends is `ending`."""

    def __init__(self, *usernames: str, next_one: str = "ines@a.example", ending: str = "signs in") -> None:
        self.people = [person(name, selected=name == usernames[0]) for name in usernames]
        self.next_one = next_one
        self.ending = ending
        self.attempts = 0
        self.waited_for: list[str] = []
        self.given_up: list[str] = []
        self.not_asked: list[str] = []
        self.url = PAGE
        self._through: SignedIn | None = None

    async def identity(self, account: str | None = None) -> Identity:
        who = self.who(account)
        principal = Principal("public", who.tenant_id, who.id, "client")
        return Identity(principal, is_person=True, name="", username=who.username, permissions=None)

    async def listed(self) -> Sequence[SignedIn]:
        return list(self.people)

    async def login(self, account: str | None = None) -> Identity:
        if self._through is None:
            self.next_one = account or self.next_one
            raise self._needed()
        who, self._through = self._through, None
        return await self.identity(who.id)

    async def logout(self, account: str | None = None) -> Sequence[SignedIn]:
        gone = [each for each in self.people if each.id == account or (account is None and each.is_selected)]
        self.people = [each for each in self.people if each not in gone]
        if self.people and gone:
            self.people[0] = replace(self.people[0], is_selected=True)
        return gone

    async def select(self, account: str) -> SignedIn:
        if not self.people:
            raise ToolInputError("Nobody could be selected.")
        self.people = [replace(each, is_selected=each.id == account) for each in self.people]
        return next(each for each in self.people if each.is_selected)

    async def settled(self, sign_in: str) -> bool:
        self.waited_for.append(sign_in)
        if self.ending == "signs in":
            self.sign_in(self.next_one)
        return self.ending != "goes on"

    async def give_up(self, sign_in: str) -> None:
        self.given_up.append(sign_in)

    def unasked(self, sign_in: str) -> None:
        self.not_asked.append(sign_in)

    def sign_in(self, username: str) -> None:
        self._through = person(username, selected=not self.people)
        self.people.append(self._through)

    def who(self, account: str | None) -> SignedIn:
        found = [each for each in self.people if (each.is_selected if account is None else each.id == account)]
        if not found:
            raise self._needed()
        return found[0]

    def _needed(self) -> SignInNeeded:
        self.attempts += 1
        said = f"Open {PAGE} and enter the code {CODE}."
        return SignInNeeded(said, url=self.url, sign_in=f"attempt-{self.attempts}")


class TokenOf:
    """A token source that names the account in its token."""

    def __init__(self, people: FakePeople, account: str | None) -> None:
        self._people = people
        self._account = account

    async def token(self, scopes: Sequence[str], claims: str | None = None, refused: str | None = None) -> str:
        return self._people.who(self._account).username


class MailOf:
    """A Graph with one message in every mailbox: its subject is whose it is."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        owner = request.headers["authorization"].removeprefix("Bearer ")
        self.asked.append(owner)
        return httpx.Response(200, json={"value": [{"id": "1", "subject": f"Mail of {owner}"}]})


def server_for(
    people: FakePeople, *, catalogue: Sequence[Toolset] = tools.TOOLSETS, as_application: bool = False
) -> GraphwardServer:
    """Our server whose accounts these are."""

    def client(service: GraphService, account: str | None, _: str) -> GraphClient:
        signed = BearerAuth(TokenOf(people, account), (), HOST)
        return GraphClient(service, Speaker(signed, Caller(), key=object()))

    graph = httpx.MockTransport(MailOf())
    return server_with(graph, people, client, catalogue=catalogue, as_application=as_application)
