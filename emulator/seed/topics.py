"""What people at Lindenhall write about: subjects, first letters and answers with slots to fill."""

from __future__ import annotations

from typing import NamedTuple


class Topic(NamedTuple):
    """A kind of thread: a subject, alternatives for each part of the first letter, and kinds of files."""

    subject: str
    openings: tuple[str, ...]
    details: tuple[str, ...]
    questions: tuple[str, ...]
    files: tuple[str, ...] = ()


PROJECTS = (
    "Harbour Museum",
    "Sankt Ansgar Library",
    "Miradouro Gallery",
    "Northgate Archive",
    "Botanical Hall",
    "Kelham Mill",
    "Observatory Foyer",
    "Textile Collection",
)
PLACES = ("the east wing", "hall 2", "the stairwell", "the upper gallery", "the foyer", "the depot", "room 3.14")
THINGS = (
    "the track spots",
    "the linear washes",
    "the emergency modules",
    "the dimming drivers",
    "the vitrine lights",
    "the ceiling rails",
    "the control cabinets",
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
SLOTS = {"project": PROJECTS, "place": PLACES, "thing": THINGS, "day": DAYS}

INSIDE = (
    Topic(
        "{project}: schedule for {place}",
        (
            "I have moved the dates for {place} so that the painters are gone before we hang {thing}.",
            "The client opens {place} earlier than planned, which costs us {number} working days.",
            "Here is where we stand with {place} after the walk-through on {day}.",
        ),
        (
            "Installation would now start on {day} and take {number} days with a crew of three.",
            "The lift is only ours before ten, so deliveries have to be in by then.",
            "The electrician confirmed {number} circuits; two of them still lack a label.",
        ),
        ("Does {day} work for your side?", "Can you check the crew plan before {day}?", "Anything I have overlooked?"),
        ("png", "csv"),
    ),
    Topic(
        "{project} - change request {number}",
        (
            "The curators want {thing} two tones warmer throughout {place}.",
            "The client asks us to add a second scene for evening events in {place}.",
            "They have dropped the hanging pictures in {place}, so {number} fittings are no longer needed.",
        ),
        (
            "By my count this is EUR {amount} net, mostly labour.",
            "It touches the drawings on sheets {number} and following; nothing structural.",
            "We would keep the cabling and swap only {thing}.",
        ),
        ("Please price it by {day}.", "Do we have the parts in stock?", "Shall I confirm it to the client as it is?"),
        ("pdf", "csv"),
    ),
    Topic(
        "Site visit {project}",
        (
            "Yusuf and I were on site on {day}; the notes are below.",
            "Short report from {project}, written on the train.",
            "I measured {place} again because the drawings and the walls disagree.",
        ),
        (
            "{number} of the anchors in {place} do not hold and have to be set again.",
            "The floor in {place} is open, so the scissor lift cannot drive there until {day}.",
            "Glare from {thing} is visible from the entrance; a tilt of {number} degrees cures it.",
            "The humidity sensor reads {number} per cent, the limit in the contract is 55.",
        ),
        (
            "Photos are on the project drive.",
            "Who can look at it on {day}?",
            "I will go back once the scaffold is down.",
        ),
        ("png", "txt"),
    ),
    Topic(
        "Delivery of {thing} for {project}",
        (
            "The supplier has moved the delivery of {thing} to {day}.",
            "{number} boxes arrived this morning, one of them dented.",
            "Customs has released {thing}; the truck should be with us on {day}.",
        ),
        (
            "The workshop can unpack and pre-wire {number} pieces a day.",
            "I have put the damaged box aside and taken pictures for the insurance.",
            "The order value was EUR {amount}, paid half in advance.",
        ),
        ("Where shall they go, site or workshop?", "Can you sign the receipt?", "Please tell the site before {day}."),
        ("pdf",),
    ),
    Topic(
        "Budget {project}, month end",
        (
            "The figures for {project} are closed: EUR {amount} booked, EUR {amount2} still to come.",
            "We are {number} per cent above plan on {project}, nearly all of it travel.",
            "Two supplier invoices for {project} are missing before I can close the month.",
        ),
        (
            "Overtime in {place} accounts for {number} hours.",
            "The retention of five per cent is not in these numbers.",
            "I moved {thing} from material to stock, as the auditors asked.",
        ),
        ("Please release the last time sheets by {day}.", "Do you agree with the forecast?", "Can we talk on {day}?"),
        ("csv", "pdf"),
    ),
    Topic(
        "Firmware for {thing}",
        (
            "Build {number} runs on the bench without the flicker we saw in {place}.",
            "The dimming curve below {number} per cent is still not smooth.",
            "{thing} lose their address after a power cut; it is reproducible now.",
        ),
        (
            "The cause was a timeout of {number} ms that is too short on long lines.",
            "I left a rig running over the weekend, {amount} cycles without a fault.",
            "An update on site takes about {number} minutes per group.",
        ),
        ("When can we update {project}?", "Could you test it on {day}?", "I would wait for one more night of tests."),
        ("txt", "csv"),
    ),
    Topic(
        "Handover documents {project}",
        (
            "The client wants the handover binder for {project} before {day}.",
            "I have started the maintenance plan for {place}; {number} pages so far.",
            "The acceptance for {place} is on {day}, so the as-built drawings are due.",
        ),
        (
            "Missing are the photometric report and the spare part list for {thing}.",
            "Declarations of conformity are complete apart from {number} items.",
            "I took the template of the {project} binder, it was the cleanest.",
        ),
        ("Can you deliver your chapter by {day}?", "Who signs for engineering?", "A quick look over it would help."),
        ("pdf", "txt"),
    ),
    Topic(
        "Offer {project}, second round",
        (
            "We are among the last three bidders for {project}.",
            "They liked the mock-up in {place} but find our price {number} per cent too high.",
            "The tender committee sent {number} questions about {thing}.",
        ),
        (
            "I could take EUR {amount} out by renting the lift instead of buying.",
            "The others offer four years of warranty; we say three.",
            "Their budget is fixed at EUR {amount2}, they said so openly.",
        ),
        ("What is our lowest figure?", "Can you answer the technical ones by {day}?", "May I promise a fourth year?"),
        ("pdf", "csv"),
    ),
    Topic(
        "Minutes: weekly project round, {day}",
        (
            "Minutes of this week's round, actions at the end.",
            "Thanks for a short meeting. What we agreed:",
            "Two absentees, so please read this one.",
        ),
        (
            "{project}: {place} is finished, punch list of {number} points.",
            "{project}: waiting for {thing}, next check on {day}.",
            "{project}: the client pays the second instalment of EUR {amount} this week.",
            "{project}: crew is two people short on {day}.",
        ),
        ("Corrections to me, please.", "Next round on {day}, same room.", "Actions are due before {day}."),
        ("txt",),
    ),
    Topic(
        "Van and lift on {day}",
        (
            "I need the large van on {day} for {project}.",
            "The lift is booked twice on {day}, for {project} and for Kelham Mill.",
            "The van goes to inspection on {day} and is gone for {number} hours.",
        ),
        (
            "We load {number} boxes and drive back the same evening.",
            "The rental firm asks EUR {amount} for a spare one.",
            "The key is with Noor, the tank is a quarter full.",
        ),
        ("Is anyone able to swap?", "Otherwise I rent one.", "Tell me by noon, please."),
    ),
)

REPLIES = (
    "Thanks, {first}. {day} is fine, I will tell the crew.",
    "I checked: {number} pieces are in stock, the rest comes on {day}.",
    "Not quite. In {place} we still need {number} hours before anyone can start.",
    "Agreed, go ahead. Please keep it below EUR {amount}.",
    "I would rather wait until {thing} have passed the test on {day}.",
    "Done, the new version is on the project drive under {project}.",
    "The client called about exactly this; they can live with {day}.",
    "Could we talk for ten minutes on {day}? It is easier than writing.",
    "Fine with me, {first}, as long as {place} stays open for visitors.",
    "The price is EUR {amount} for {number} pieces, freight included.",
    "I have asked the supplier and will come back to you by {day}.",
    "My mistake, the drawing for {place} was one revision old.",
    "Please add {thing} to the list, otherwise we forget them again.",
    "Yusuf says {number} people are enough. I would plan one more.",
    "Good catch. I corrected the numbers, we are at EUR {amount2} now.",
    "We had the same at {project}; a longer lead of {number} m solved it.",
    "No objection from finance. Cost centre {number}, please.",
    "I am travelling on {day} and can answer again in the evening.",
    "Perfect. Then {place} is off the list.",
    "Can you send me the serial numbers of {thing}? The warranty needs them.",
    "The night shift could do it on {day}, for a surcharge of {number} per cent.",
    "One question: who opens the gate at six?",
)
FOLLOW_UPS = (
    "Everything else stays as it was.",
    "I put {project} on copy in the tracker.",
    "The ticket number is {number}.",
    "Let us look at it again on {day}.",
    "{place} was quieter than I feared.",
    "I keep the old fittings for spares.",
    "Regards to the team in {place}.",
    "",
)
GREETINGS = ("Hi {first},", "Hello {first},", "Dear {first},", "{first},", "Good morning {first},", "Hi all,")
