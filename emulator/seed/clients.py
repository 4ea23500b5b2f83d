"""What clients and suppliers write to Lindenhall, and what is answered."""

from __future__ import annotations

from emulator.seed.topics import Topic

CLIENT_TOPICS = (
    Topic(
        ("{project}: {place}", "Walk through {place}", "Visitors and {place}"),
        (
            "Our director walks through {place} on {day} and would like somebody from your side to be there.",
            "Visitors complain that {place} is too dim in the afternoon.",
            "We would like to move the acceptance of {place} from {day} to the week after.",
        ),
        (
            "The catalogue goes to print next week, so it has some urgency.",
            "Our technician has not touched anything.",
            "The loan contracts allow no more than 50 lux there.",
        ),
        ("Would you call me?", "What do you suggest?", "Please let me know by {day2}."),
        (
            "Thank you for telling us. Yusuf will be with you on {day}.",
            "We can raise the level a little without passing 50 lux; I will bring a meter.",
            "The week after suits us too. I have informed the crew.",
            "I call you this afternoon, if I may.",
            "That is covered by the warranty, there is nothing to pay.",
        ),
        ("pdf", "png"),
        returns=(
            "Wonderful, thank you. The porter will have a badge for you.",
            "Much better already, says the curator.",
            "Could it be an hour later? We have a school class at nine.",
            "Then I will tell the director. Thank you for the quick answer.",
        ),
    ),
    Topic(
        ("{project}: remarks on the drawings", "Sheets {few} to {number}, {project}", "{project}: drawings"),
        (
            "We received your drawings for {place} and have {few} remarks, most of them small.",
            "Our architect has compared your plan of {place} with hers.",
            "The conservator has read the plan for {place}.",
        ),
        (
            "The main one: {thing} collide with the smoke detectors.",
            "Two circuits carry the same number on sheet {number}.",
            "She asks whether the vitrines can be switched off separately.",
        ),
        ("When can we expect the next revision?", "Please confirm that you received them.", "Shall we meet on {day}?"),
        (
            "Received with thanks. The next revision comes on {day}.",
            "The vitrines have a circuit of their own, sheet {number} shows it best.",
            "You are right about the detectors; we move the rail by {number} cm.",
            "A short meeting would help. Does {day} at ten suit you?",
        ),
        ("pdf",),
        returns=(
            "{day} at ten is good, in our small library.",
            "Thank you, with that the architect is content.",
            "One remark is left: the colour of the rail. Black, please, not graphite.",
        ),
    ),
    Topic(
        ("{project}: papers for the insurer", "Operating hours, {project}", "Question on the maintenance, {project}"),
        (
            "The insurer asks for a written statement on {thing}.",
            "Could you tell us how many hours {thing} have been running since the opening?",
            "The maintenance contract says twice a year; we would prefer once.",
        ),
        ("They want it on paper, signed.", "The inspection is on {day}.", "Our board meets at the end of the month."),
        ("May I count on you?", "Would that be possible?", "Thank you in advance."),
        (
            "The statement is on its way by post, a scan comes on {day}.",
            "The log says {amount} hours up to this morning.",
            "Once a year is possible, but then the lenses gather dust in the exhibition season.",
        ),
        returns=(
            "It has arrived, thank you. The insurer is satisfied.",
            "Then let us keep twice. Please send me two dates.",
        ),
    ),
)

SUPPLIER_TOPICS = (
    Topic(
        ("Order {amount}: {thing}", "Late: {thing}", "Delivery date order {amount}"),
        (
            "Unfortunately {thing} will leave our factory {few} days late.",
            "Your order is packed and leaves on {day}.",
            "We can deliver {number} pieces now and the rest on {day}.",
        ),
        (
            "A coating has to be done again, the first one failed our own test.",
            "The haulier calls you one hour ahead.",
            "We carry the cost of the second transport.",
        ),
        ("Is that acceptable?", "Please confirm the address.", "I am sorry for the trouble."),
        (
            "Please send what you have, the site waits for it.",
            "The address is right, but the gate is only open until three.",
            "{few} days are too many, we open on {day2}. What can you do?",
        ),
        ("pdf",),
        returns=(
            "I talked to the shop floor: {day} is possible with a night shift.",
            "Confirmed. The truck is booked for the morning.",
        ),
    ),
    Topic(
        ("Our offer for {thing}", "Prices from next month, {thing}", "Sample of {thing}"),
        (
            "Our offer for {thing} stands at EUR {amount} net and is valid for thirty days.",
            "From next month on we have to raise the price of {thing} by {few} per cent.",
            "The sample you asked for is on its way.",
        ),
        (
            "Above {number} pieces we grant another two per cent.",
            "The new version fits the old rail.",
            "Energy and glass are what drives it, as everywhere.",
        ),
        ("May we reserve the quantity?", "I am glad to explain it on the phone.", "What do you think?"),
        (
            "Please reserve {number} pieces, the order follows on {day}.",
            "The sample is good, but the beam is wider than in the data sheet.",
            "Pilar will call you about the price.",
        ),
        ("pdf", "csv"),
        returns=(
            "Reserved until the end of the month.",
            "You are right, that was an old data sheet. Here are the new figures.",
            "I could hold the old price if the order comes before {day}.",
        ),
    ),
)
