"""What people at Lindenhall write about at work: subjects, first letters and fitting answers, with slots to fill."""

from __future__ import annotations

from typing import NamedTuple


class Topic(NamedTuple):
    """A kind of thread: alternatives for its subject, for each part of the first letter, and for the answers.

    `by` names the departments that start such a thread. Where the other side sits outside, `answers` are ours and
    `returns` are theirs.
    """

    subjects: tuple[str, ...]
    openings: tuple[str, ...]
    details: tuple[str, ...]
    questions: tuple[str, ...]
    answers: tuple[str, ...]
    files: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    returns: tuple[str, ...] = ()


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
SLOTS = {"project": PROJECTS, "place": PLACES, "thing": THINGS, "day": DAYS, "day2": DAYS}

WORK = (
    Topic(
        (
            "{project}: schedule for {place}",
            "New dates for {place}, {project}",
            "{project}, crew for {place}",
            "Can we start early in {place}? ({project})",
        ),
        (
            "I have moved the dates for {place} so that the painters are gone before we hang {thing}.",
            "The client opens {place} earlier than planned, which costs us {few} working days.",
            "Here is where we stand with {place} after the walk-through on {day}.",
        ),
        (
            "Installation would now start on {day} and take {few} days with a crew of three.",
            "The lift is only ours before ten, so deliveries have to be in by then.",
            "The electrician confirmed {number} circuits; two of them still lack a label.",
        ),
        ("Does {day} work for your side?", "Can you check the crew plan?", "Anything I have overlooked?"),
        (
            "{day} is fine, I will tell the crew.",
            "Not quite: in {place} we still need {few} days before anyone can start.",
            "The client called about exactly this. They can live with {day}.",
            "Fine with me, {first}, as long as {place} stays open for visitors.",
            "Yusuf says {few} people are enough. I would plan one more.",
            "The night shift could do it on {day}, for a surcharge of {number} per cent.",
            "One question: who opens the gate at six?",
            "I put it into the plan. If the painters are late again, we lose the week.",
            "Could we talk for ten minutes on {day}? It is easier than writing.",
        ),
        ("png", "csv"),
        by=("Projects",),
    ),
    Topic(
        (
            "{project} - change request {number}",
            "Warmer light in {place}, {project}",
            "Second scene for {place}? {project}",
        ),
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
        (
            "I checked: {number} pieces are in stock, the rest comes on {day}.",
            "Agreed, go ahead. Please keep it below EUR {amount}.",
            "Priced and filed. We are at EUR {amount} now, freight included.",
            "Do not confirm yet, the drawing for {place} is one revision old. My mistake.",
            "We had the same wish at {project2}; new lenses solved it without new fittings.",
            "Ask them to sign this time. The last change was never countersigned.",
            "Two tones warmer also means less light. They should see a sample first.",
            "I can have a sample on site on {day}.",
        ),
        ("pdf", "csv"),
        by=("Projects", "Sales"),
    ),
    Topic(
        ("Site visit {project}", "{project}: what I saw in {place}", "Notes from {project}, {day}"),
        (
            "I was on site on {day}; the notes are below.",
            "Short report from {project}, written on the train.",
            "I measured {place} again because the drawings and the walls disagree.",
        ),
        (
            "{few} of the anchors in {place} do not hold and have to be set again.",
            "The floor in {place} is open, so the scissor lift cannot drive there until {day}.",
            "Glare from {thing} is visible from the entrance; a tilt of {few} degrees cures it.",
            "The humidity sensor reads {number} per cent, the limit in the contract is 55.",
        ),
        ("Photos are on the project drive.", "Who can look at it on {day}?", "I will go back once the scaffold is up."),
        (
            "Thank you, that saves me the trip. Did you get a picture of the anchors?",
            "I can be there on {day}, but only in the morning.",
            "The wall is theirs, not ours. I will write to the architect.",
            "Good that you measured. The drawing came from before the renovation.",
            "Marek has longer anchors in the workshop, {number} of them at least.",
            "Tilted and checked from the entrance: no glare any more.",
            "Please write the humidity into the site diary, with the hour.",
        ),
        ("png", "txt"),
        by=("Projects",),
    ),
    Topic(
        (
            "Delivery of {thing} for {project}",
            "{number} boxes for {project}",
            "Where do {thing} go? ({project})",
            "Damaged in transit: {project}",
        ),
        (
            "The supplier has moved the delivery of {thing} to {day}.",
            "{number} boxes arrived this morning, one of them dented.",
            "Customs has released {thing}; the truck should be with us on {day}.",
        ),
        (
            "The workshop can unpack and pre-wire {number} pieces a day.",
            "I have put one damaged box aside and taken pictures for the insurance.",
            "The order value was EUR {amount}, paid half in advance.",
        ),
        ("Where shall they go, site or workshop?", "Can you sign the receipt?", "Please tell the site before {day}."),
        (
            "To the workshop, please. The site has no dry room before {day}.",
            "Signed. The dented one is noted on the receipt.",
            "Straight to the site; Yusuf waits at the gate with two people.",
            "I have called the haulier. The claim number is {amount}.",
            "We only ordered {number}. Please count them before anybody opens a box.",
            "Can you send me the serial numbers? The warranty needs them.",
            "If {day} does not hold either, we rent {few} fittings for the opening.",
        ),
        ("pdf",),
        by=("Engineering", "Finance", "Projects"),
    ),
    Topic(
        ("Budget {project}, month end", "{project}: figures before closing", "Open invoices {project}"),
        (
            "The figures for {project} are closed: EUR {amount} booked, EUR {amount2} still to come.",
            "We are {few} per cent above plan on {project}, nearly all of it travel.",
            "Two supplier invoices for {project} are missing before I can close the month.",
        ),
        (
            "Overtime in {place} accounts for {number} hours.",
            "The retention of five per cent is not in these numbers.",
            "I moved {thing} from material to stock, as the auditors asked.",
        ),
        ("Please release the last time sheets by {day}.", "Do you agree with the forecast?", "Can we talk on {day}?"),
        (
            "Time sheets are released, {first}. One was still with me, sorry.",
            "I agree with the forecast, except for travel: {few} trips are already booked.",
            "No objection from finance. Cost centre {number}, please.",
            "The missing invoice is the scaffold. It comes at the end of the month, as always.",
            "Thanks. Then we report EUR {amount2} and leave the rest for the next quarter.",
            "Please split the overtime: half of it was the client's wish and can be billed.",
        ),
        ("csv", "pdf"),
        by=("Finance",),
    ),
    Topic(
        ("Firmware for {thing}", "Flicker in {place}, {project}", "Bench results: {thing}", "Release {few}.{number}"),
        (
            "Build {amount} runs on the bench without the flicker we saw in {place}.",
            "The dimming curve below {few} per cent is still not smooth.",
            "{thing} lose their address after a power cut; it is reproducible now.",
        ),
        (
            "The cause was a timeout of {few} ms that is too short on long lines.",
            "I left a rig running over the weekend, {amount} cycles without a fault.",
            "An update on site takes about {few} minutes per group.",
        ),
        ("When can we update {project}?", "Could you test it on {day}?", "I would wait for one more night of tests."),
        (
            "Good catch. I will have a fix on the bench by {day}.",
            "I would rather wait until {thing} have passed the climate test on {day}.",
            "Tested with {number} units on the long line: no loss of address.",
            "We can update {project} on {day}, before the doors open.",
            "Which gateway version was that? The old one drops packets by itself.",
            "The curve is better, but below three per cent I still see a step.",
            "Released. The notes are in the repository.",
        ),
        ("txt", "csv"),
        by=("Engineering",),
    ),
    Topic(
        (
            "Handover documents {project}",
            "Binder for {project}",
            "As-built drawings {project}",
            "{project}: what is missing for the acceptance",
        ),
        (
            "The client wants the handover binder for {project} before {day}.",
            "I have started the maintenance plan for {place}; {number} pages so far.",
            "The acceptance for {place} is on {day}, so the as-built drawings are due.",
        ),
        (
            "Missing are the photometric report and the spare part list for {thing}.",
            "Declarations of conformity are complete apart from {few} items.",
            "I took the template of the {project2} binder, it was the cleanest.",
        ),
        ("Can you deliver your chapter by {day}?", "Who signs for engineering?", "A quick look over it would help."),
        (
            "My chapter is on the project drive under {project}.",
            "Rui signs for engineering, I sign for the site.",
            "I read it on the train. Page {number} still shows the old fittings.",
            "The photometric report comes from Kavita on {day}.",
            "Please leave the spare part list to me, two article numbers have changed.",
            "Looks complete. I would add one page on cleaning the lenses.",
        ),
        ("pdf", "txt"),
        by=("Projects", "Engineering"),
    ),
    Topic(
        ("Offer {project}, second round", "{project}: last three bidders", "Tender questions {project}"),
        (
            "We are among the last three bidders for {project}.",
            "They liked the mock-up in {place} but find our price {few} per cent too high.",
            "The tender committee sent {number} questions about {thing}.",
        ),
        (
            "I could take EUR {amount} out by renting the lift instead of buying.",
            "The others offer four years of warranty; we say three.",
            "Their budget is fixed at EUR {amount2}, they said so openly.",
        ),
        ("What is our lowest figure?", "Can you answer the technical ones by {day}?", "May I promise a fourth year?"),
        (
            "A fourth year is fine if they take the maintenance contract.",
            "Our floor is EUR {amount2}. Below that we pay for the pleasure.",
            "Technical answers are in the sheet; {few} of them need Rui.",
            "Renting the lift works, I asked for a price on {day}.",
            "They asked the same at {project2}. I copied our answers over.",
            "Let us not go lower. They want us, not the cheapest.",
        ),
        ("pdf", "csv"),
        by=("Sales",),
    ),
)
