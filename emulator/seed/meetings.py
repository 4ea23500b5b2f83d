"""What stands in the calendars of Lindenhall: rounds that recur, visits, fairs, holidays. Every name is invented."""

from __future__ import annotations

from typing import Any, NamedTuple

BREMEN, LISBON, LEEDS = "W. Europe Standard Time", "GMT Standard Time", "GMT Standard Time"
ZONES = {"BRE": BREMEN, "LIS": LISBON, "LEE": LEEDS}


class Room(NamedTuple):
    """A room of one office."""

    office: str
    name: str
    login: str
    capacity: int
    floor: int
    has_video: bool = True


class Series(NamedTuple):
    """A round that recurs: `who` are departments or logins, `days` weekdays from Monday (0), `hour` the office's own.

    `pattern` replaces the weekly one; `skips` are weeks from now that are off, `moves` weeks in which it is an hour
    later.
    """

    subject: str
    organizer: str
    who: tuple[str, ...]
    days: tuple[int, ...]
    hour: str
    minutes: int
    text: str
    room: str = ""
    is_online: bool = True
    interval: int = 1
    pattern: dict[str, Any] | None = None
    skips: tuple[int, ...] = ()
    moves: tuple[int, ...] = ()


OFFICES = {
    "BRE": ("Bremen rooms", "rooms.bremen"),
    "LIS": ("Lisbon rooms", "rooms.lisbon"),
    "LEE": ("Leeds rooms", "rooms.leeds"),
}
ROOMS = (
    Room("BRE", "Weser", "room.weser", 14, 2),
    Room("BRE", "Ochtum", "room.ochtum", 6, 2),
    Room("BRE", "Light Lab", "room.lightlab", 10, 1, has_video=False),
    Room("LIS", "Tejo", "room.tejo", 10, 3),
    Room("LIS", "Alfama", "room.alfama", 4, 3),
    Room("LEE", "Aire", "room.aire", 12, 1),
    Room("LEE", "Foundry Snug", "room.snug", 4, 1, has_video=False),
)
DESKS = (("BRE", "Bremen hall desks", "desks.bremen", 12), ("LEE", "Leeds window desks", "desks.leeds", 6))

SERIES = (
    Series(
        "Project office stand-up", "adaeze.mbanefo", ("Projects",), (0, 1, 2, 3), "09:15", 15,
        "Who is where today, and what is in the way.", skips=(1,), moves=(0,),
    ),
    Series(
        "Engineering weekly", "rui.carvalhal", ("Engineering",), (1,), "14:00", 60,
        "Builds, field failures, what ships next.", room="room.tejo", moves=(1,),
    ),
    Series(
        "Leadership round", "helene.vosskamp",
        ("tomasz.ludwin", "adaeze.mbanefo", "rui.carvalhal", "priya.nandakumar", "callum.strathie"),
        (0,), "11:00", 90, "Numbers first, then people, then the rest.", room="room.weser", interval=2,
    ),
    Series(
        "Pipeline review", "callum.strathie", ("Sales", "adaeze.mbanefo"), (2,), "11:00", 45,
        "Offers over EUR 50,000, and those that went quiet.", room="room.aire", skips=(2,),
    ),
    Series(
        "Ines / Adaeze", "adaeze.mbanefo", ("ines.falkner",), (3,), "15:00", 30,
        "Open points from last time, then yours.", room="room.ochtum", is_online=False, moves=(1,),
    ),
    Series(
        "Site call Harbour Museum", "ines.falkner",
        ("yusuf.demirkan", "oskar.bjelland", "l.okkerman@harbourmuseum.example"),
        (4,), "10:00", 30, "East wing, deliveries, the client's list.",
    ),
    Series(
        "Firmware and projects", "stefan.hollerbach", ("ines.falkner", "nneka.obiora", "beatriz.quintela"),
        (2,), "16:00", 45, "Which drivers go to which site.", interval=2,
    ),
    Series(
        "Bids and purchasing", "pilar.echenoz", ("tomasz.ludwin", "amadou.tounkara", "marek.slezacek"),
        (3,), "10:30", 45, "Prices that end this month.", room="room.alfama", interval=2,
    ),
    Series(
        "All hands", "helene.vosskamp", ("Executive", "Finance", "Projects", "Engineering", "People", "Sales"),
        (), "16:00", 45, "What was finished, what comes, your questions.",
        pattern={"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["thursday"], "index": "first"},
    ),
    Series(
        "Month end close", "tomasz.ludwin", ("gerda.wiesinger", "amadou.tounkara"), (), "13:00", 60,
        "Accruals by noon, please.", is_online=False,
        pattern={
            "type": "relativeMonthly", "interval": 1, "index": "last",
            "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"],
        },
    ),
    Series(
        "Interview slots", "emre.kaplanli", ("rosalind.aubery",), (1, 3), "17:00", 45,
        "Kept free for candidates.", is_online=False,
    ),
)  # fmt: skip

SINGLE = (
    ("{project}: walk-through", "We meet at the gate and end in {place}.", 90),
    ("{project}: samples", "Bring {thing}, both temperatures.", 60),
    ("Handover {project}", "Protocol, keys, what the client signs.", 120),
    ("Offer {project}", "Last look before it goes out.", 45),
    ("Drawings for {place}", "Fire exits first, then the rails.", 60),
    ("Lessons from {project}", "Three things to keep, three to leave.", 60),
    ("Budget {project}", "The gap is about {thing}.", 30),
)
PRIVATE = ("Dentist", "School play", "Physiotherapy", "Bank appointment", "Handover of the flat")
AWAY = ("Annual leave", "Annual leave", "Training course", "Parental day")
FAIR = "Light and Space fair, Frankfurt"
