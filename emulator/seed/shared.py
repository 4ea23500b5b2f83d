"""Mailboxes that several people work in: nobody signs in to them, some may read, some may send in their name."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import NamedTuple

from emulator.graph.mail.state import Address, Body
from emulator.seed.people import DEMO_LOGIN
from emulator.seed.post import PostOffice
from emulator.seed.writing import notice
from emulator.tenant import Person, Tenant


class Desk(NamedTuple):
    """A shared mailbox: who works in it by login, and what comes in."""

    name: str
    login: str
    members: tuple[str, ...]
    letters: tuple[tuple[str, str, str], ...]


_DESKS = (
    Desk(
        "Site Desk",
        "site.desk",
        (DEMO_LOGIN, "joonas.rautala", "mei-ling.cheong"),
        (
            ("Hanno Drewes", "Delivery window for the north hall", "Could the first pallets come before eight?"),
            ("Freya Lindqvist", "Question about the dimming curves", "Our curator would like them slower at the end."),
            ("Hanno Drewes", "Site access in week 21", "The gate needs names and number plates by Thursday."),
        ),
    ),
    Desk(
        "Accounts Payable",
        "payables",
        ("gerda.wiesinger", "amadou.tounkara"),
        (("Orsolya Benedek", "Reminder for an open invoice", "The one of last month is still open on our side."),),
    ),
)


def open_shared_mailboxes(tenant: Tenant, rng: Random, now: datetime) -> None:
    """Two desks with a little mail; their members may read all of it and send in the desk's name."""
    post = PostOffice(tenant, rng, now)
    for desk in _DESKS:
        holder = _opened(tenant, desk)
        for days, (name, subject, text) in enumerate(desk.letters, start=2):
            sent = now - timedelta(days=days, hours=rng.randint(1, 6))
            body = Body(partial(notice, subject, (text,)))
            sender = Address(name, f"{name.lower().replace(' ', '.')}@brightwater-halls.example")
            post.post(sender, (holder.address,), subject=subject, body=body, sent=sent, thread=post.thread(sent))


def _opened(tenant: Tenant, desk: Desk) -> Person:
    # Exchange keeps an account for such a mailbox, which nobody can sign in to.
    holder = tenant.add_person(
        desk.name, user_principal_name=f"{desk.login}@{tenant.domain}", surname=None, account_enabled=False
    )
    holder.state["purpose"] = "shared"
    mailbox = tenant.mailbox(holder)
    for login in desk.members:
        mailbox.grant(tenant.person(f"{login}@{tenant.domain}"), full_access=True, send_as=True)
    return holder
