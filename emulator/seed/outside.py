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

OUTSIDE_ASKS = (
    "Our director walks through {place} on {day} and would like somebody from your side to be there.",
    "We received your drawings for {place} and have {number} remarks, most of them small.",
    "Unfortunately {thing} will leave our factory {number} days late.",
    "Our offer for {thing} stands at EUR {amount} net and is valid for thirty days.",
    "Visitors complain that {place} is too dim in the afternoon.",
    "The insurer asks for a written statement on {thing}.",
    "Could you tell us how many hours {thing} have been running since the opening?",
    "We would like to move the acceptance of {place} from {day} to the week after.",
)

NEWSLETTERS = (
    Bulletin(
        ("Luminaire Weekly", "news@luminaire-weekly.example"),
        "Luminaire Weekly {number}: {headline}",
        "{headline}",
        (
            "This week we visit a workshop that regrinds old lenses, and ask what {amount} hours of sun do to paper.",
            "Also inside: a reader measures flicker with a bicycle wheel, and {number} new drivers compared.",
        ),
        footer="You receive this because you subscribed. Unsubscribe at luminaire-weekly.example/u/{amount}.",
    ),
    Bulletin(
        ("Museum Practice Forum", "digest@museumpractice.example"),
        "Forum digest: {headline}",
        "{number} new answers in your topics",
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
        ("Book until {day} and travel from Bremen from EUR {number}.", "First class costs EUR {amount3} more."),
        footer="Seats are limited. Hanse Rail is a made-up railway.",
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
        "[firmware] build #{amount} {verdict}",
        "Build #{amount} {verdict}",
        ("Branch dali-{number} finished after {number} minutes.", "Triggered by a push from Stefan Hollerbach."),
        (("Tests run", "{amount}"), ("Warnings", "{number}"), ("Commit", "{hex}")),
        "Sent by the build server; answers are not read.",
    ),
    Bulletin(
        ("Site Monitor", "monitor@watch.lindenhall.example"),
        "{verdict2}: gateway {project}",
        "Gateway {project}: {verdict2}",
        ("The gateway in {place} changed its state {number} minutes ago.", "Ping {number} ms, {amount} events today."),
        (("Gateway", "gw-{hex}"), ("Signal", "-{number} dBm")),
        "Mute this monitor in the control room.",
    ),
    Bulletin(
        ("Lindenhall IT", "helpdesk@lindenhall.example"),
        "Ticket {amount}: {ticket}",
        "Ticket {amount} was updated",
        ("{ticket}: we are on it and expect to be done by {day}.", "Place in the queue: {number}."),
        (("Priority", "normal"), ("Reference", "{hex}")),
    ),
)
VERDICTS = ("succeeded", "failed", "is stable again")
STATES = ("Recovered", "Offline", "Degraded")
TICKETS = ("Printer on floor 2", "New laptop", "VPN drops at home", "Access to the plan archive", "Shared calendar")

INVOICES = (
    Bulletin(
        ("Stalprofil Rails Accounts", "invoices@stalprofil.example"),
        "Invoice SR-{amount} for {project}",
        "Invoice SR-{amount}",
        (
            "Please find attached our invoice for ceiling rails, order {hex}.",
            "Payable within {number} days without deduction.",
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
        ("On {day}, between {number} minutes past eight and noon: {house}.", "Please clear your desks in {place}."),
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
            "{meeting} takes place on {day} at {hour}:30 in room Speicher {number}.",
            "{number} people have accepted so far.",
        ),
        (("When", "{day}, {hour}:30 to {hour}:55"), ("Where", "Speicher {number}")),
    ),
)
MEETING_NAMES = (
    "Weekly project round",
    "Design review",
    "Budget talk",
    "Safety briefing",
    "Supplier call",
    "One-to-one",
)

JUNK = (
    Bulletin(
        ("Grand Prize Office", "winner@lucky-draw.example"),
        "You have been selected, claim {amount} now",
        "Last notice",
        ("Your address won EUR {amount}. Reply before {day} with your details.", "Draw number {hex}."),
    ),
)
