"""Who writes to Lindenhall from outside: clients, suppliers, newsletters, machines."""

from __future__ import annotations

from typing import NamedTuple


class Contact(NamedTuple):
    """A person at another firm."""

    name: str
    address: str
    company: str


class Bulletin(NamedTuple):
    """Mail nobody answers: its sender, subject, text and the table below it, all with slots."""

    sender: tuple[str, str]
    subject: str
    title: str
    texts: tuple[str, ...]
    rows: tuple[tuple[str, str], ...] = ()
    footer: str = ""
    files: tuple[str, ...] = ()


CONTACTS = (
    Contact("Liesbeth Okkerman", "l.okkerman@harbourmuseum.example", "Harbour Museum"),
    Contact("Father Anselm Dorr", "dorr@sankt-ansgar.example", "Sankt Ansgar Library"),
    Contact("Graça Valadim", "graca.valadim@miradouro.example", "Miradouro Gallery"),
    Contact("Dev Patwardhan", "dev@northgate-archive.example", "Northgate Archive"),
    Contact("Sunniva Aakre", "sunniva.aakre@fjordglass.example", "Fjordglass Lenses"),
    Contact("Piotr Wanicki", "p.wanicki@stalprofil.example", "Stalprofil Rails"),
    Contact("Marguerite Oyelaran", "m.oyelaran@kelham-mill.example", "Kelham Mill Trust"),
    Contact("Jens Torvald Brix", "jtb@brix-electro.example", "Brix Electro"),
    Contact("Hanna Lorch", "lorch@lorch-architects.example", "Lorch Architects"),
    Contact("Kofi Asante-Boadu", "kofi@clearview-surveys.example", "Clearview Surveys"),
)

SUPPLIERS = frozenset({"Fjordglass Lenses", "Stalprofil Rails", "Brix Electro", "Clearview Surveys"})
ENGINEERS = ("Stefan Hollerbach", "Nneka Obiora", "Saoirse Kinnane", "Kavita Deshmane")

NEWSLETTERS = (
    Bulletin(
        ("Luminaire Weekly", "news@luminaire-weekly.example"),
        "Luminaire Weekly {issue}: {headline}",
        "{headline}",
        (
            "This week we visit a workshop that regrinds old lenses, and ask what {amount} hours of sun do to paper.",
            "Also inside: a reader measures flicker with a bicycle wheel, and {few} new drivers compared.",
        ),
        footer="You receive this because you subscribed. Unsubscribe at luminaire-weekly.example/u/{hex}.",
    ),
    Bulletin(
        ("Museum Practice Forum", "digest@museumpractice.example"),
        "Forum digest: {headline}",
        "{few} new answers in your topics",
        (
            "The liveliest thread was about {headline}.",
            "A conservator explains why {number} lux is not the whole story.",
        ),
        footer="Change how often you hear from us in your profile.",
    ),
    Bulletin(
        ("Hanse Rail Offers", "offers@hanserail.example"),
        "{number} per cent off trips before {day}",
        "Off to the coast",
        ("Book until {day} and travel from Bremen from EUR {amount3}.", "First class costs EUR {number} more."),
        footer="Seats are limited. Terms at hanserail.example/terms.",
    ),
)
HEADLINES = (
    "warm dimming without tears",
    "what curators really see",
    "the return of the narrow beam",
    "wireless control in thick walls",
    "repairing instead of replacing",
    "shadow as a material",
    "counting lumens honestly",
    "glare, measured at last",
)

ALERTS = (
    Bulletin(
        ("Build Server", "builds@ci.lindenhall.example"),
        "[firmware] build #{serial} {verdict}",
        "Build #{serial} {verdict}",
        ("Branch dali-{number} finished after {few} minutes.", "Triggered by a push from {engineer}."),
        (("Tests run", "{tests}"), ("Warnings", "{few}"), ("Commit", "{hex}")),
        "Sent by the build server; answers are not read.",
    ),
    Bulletin(
        ("Site Monitor", "monitor@watch.lindenhall.example"),
        "{verdict2}: gateway {project}",
        "Gateway {project}: {verdict2}",
        ("The gateway in {place} changed its state {few} minutes ago.", "Ping {number} ms, {amount} events today."),
        (("Gateway", "gw-{hex}"), ("Signal", "-{signal} dBm")),
        "Mute this monitor in the control room.",
    ),
    Bulletin(
        ("Lindenhall IT", "helpdesk@lindenhall.example"),
        "Ticket {serial}: {ticket}",
        "Ticket {serial} was updated",
        ("{ticket}: we are on it and expect to be done by {day}.", "Place in the queue: {few}."),
        (("Priority", "normal"), ("Reference", "{hex}")),
    ),
)
VERDICTS = ("succeeded", "failed", "is stable again")
STATES = ("Recovered", "Offline", "Degraded")
TICKETS = (
    "Printer on floor 2",
    "New laptop",
    "VPN drops at home",
    "Access to the plan archive",
    "Shared calendar",
    "Phone for the site container",
    "Licence for the light simulation",
    "Screen in room Speicher 3",
    "Mailbox is nearly full",
)

INVOICES = (
    Bulletin(
        ("Stalprofil Rails Accounts", "invoices@stalprofil.example"),
        "Invoice SR-{serial} for {project}",
        "Invoice SR-{serial}",
        (
            "Please find attached our invoice for ceiling rails, order {hex}.",
            "Payable within fourteen days without deduction.",
        ),
        (("Net", "EUR {amount}"), ("Order", "{hex}")),
        files=("pdf",),
    ),
    Bulletin(
        ("Fjordglass Billing", "billing@fjordglass.example"),
        "Fjordglass: statement {hex}",
        "Your statement",
        ("{number} lens sets were shipped for {project}.", "We debit EUR {amount} on {day}."),
        (("Sets", "{number}"), ("Total", "EUR {amount}")),
        files=("pdf", "csv"),
    ),
)

NOTICES = (
    Bulletin(
        ("Rosalind Aubery", "rosalind.aubery@lindenhall.example"),
        "People news: {hr}",
        "{hr}",
        (
            "From {day} on there is something new: {hr}.",
            "Questions reach us on extension {number}, or at the desk by the stairs.",
        ),
        footer="People team, Leeds and Bremen",
    ),
    Bulletin(
        ("Noor El Haddadi", "noor.el.haddadi@lindenhall.example"),
        "Office Bremen: {house}",
        "{house}",
        ("On {day}, between nine and noon: {house}.", "It may get loud; the rooms on the first floor stay quiet."),
    ),
)
HR_NEWS = (
    "bike leasing",
    "travel expense rules",
    "language courses",
    "first-aid training",
    "summer hours",
    "fire wardens",
)
HOUSE_NEWS = (
    "window cleaning",
    "fire drill",
    "new coffee machine",
    "lift maintenance",
    "parking lot closed",
    "heating check",
)

MEETINGS = (
    Bulletin(
        ("Calendar", "calendar@lindenhall.example"),
        "Reminder: {meeting} on {day}",
        "{meeting}",
        (
            "{meeting} takes place on {day} at {hour}:30 in room Speicher {room}.",
            "{few} people have accepted so far.",
        ),
        (("When", "{day}, {hour}:30 to {hour}:55"), ("Where", "Speicher {room}")),
    ),
)
MEETING_NAMES = (
    "Weekly project round",
    "Design review",
    "Budget talk",
    "Safety briefing",
    "Supplier call",
    "Spare parts round",
    "Energy audit",
)

JUNK = (
    Bulletin(
        ("Grand Prize Office", "winner@lucky-draw.example"),
        "You have been selected, claim {amount} now",
        "Last notice",
        ("Your address won EUR {amount}. Reply before {day} with your details.", "Draw number {hex}."),
    ),
    Bulletin(
        ("Account Department", "secure@mail-quota-check.example"),
        "Your mailbox is {signal}% full",
        "Action required",
        ("Messages will be returned from {day} on. Confirm your password to get {few} GB more.",),
    ),
    Bulletin(
        ("Bright Deals", "deals@bright-bulbs.example"),
        "{number} LED bulbs for the price of {few}",
        "Only until {day}",
        ("Best price for your business, shipped from the factory. Order number {hex}.",),
    ),
)
