"""What people at Lindenhall write about besides projects: rooms, vans, colleagues, lunch."""

from __future__ import annotations

from emulator.seed.topics import Topic

OFFICE = (
    Topic(
        ("Minutes: weekly project round, {day}", "Project round {day}: actions", "Who was missing on {day}"),
        (
            "Minutes of this week's round, actions at the end.",
            "Thanks for a short meeting. What we agreed:",
            "Two absentees, so please read this one.",
        ),
        (
            "{project}: {place} is finished, punch list of {number} points.",
            "{project}: waiting for {thing}, next check on {day2}.",
            "{project}: the client pays the second instalment of EUR {amount} this week.",
            "{project}: crew is two people short on {day2}.",
        ),
        ("Corrections to me, please.", "Next round on {day}, same room.", "Actions are due before {day2}."),
        (
            "One correction: {project} was {few} points on the list, not more.",
            "Thanks for writing. My action is done already.",
            "I cannot make {day}. Could you report for me, {first}?",
            "The instalment has arrived, I saw it this morning.",
            "Nothing from my side.",
        ),
        ("txt",),
        by=("Projects",),
    ),
    Topic(
        ("Van and lift on {day}", "Large van, {project}", "Who has the lift on {day}?"),
        (
            "I need the large van on {day} for {project}.",
            "The lift is booked twice on {day}, for {project} and for {project2}.",
            "The van is due for inspection on {day} and gone for {few} hours.",
        ),
        (
            "We load {number} boxes and drive back the same evening.",
            "The rental firm asks EUR {amount3} a day for a spare one.",
            "The key is with Noor, the tank is a quarter full.",
        ),
        ("Is anyone able to swap?", "Otherwise I rent one.", "Tell me by noon, please."),
        (
            "Take it, we can go on {day2}.",
            "I need it as well, but only until eleven. Can you wait?",
            "Rent one, please, and put it on {project}.",
            "The small van is free, if {few} boxes fewer would do.",
            "Noor says the inspection is moved to {day2}. So it is yours.",
        ),
        by=("Projects", "Engineering"),
    ),
    Topic(
        ("Trainee in {place}?", "New colleague starts on {day}", "Onboarding plan, {team}"),
        (
            "Our new colleague in {team} starts on {day}.",
            "We have an applicant for {team} whom I would like you to meet.",
            "Could a trainee spend {few} weeks with you?",
        ),
        (
            "The laptop is ordered; desk and key come from Noor.",
            "She has done the lighting of two small theatres.",
            "The contract is signed, so you may tell the team.",
        ),
        ("Who takes the first week?", "Would {day} at {hour} suit you?", "Please send me your plan by {day2}."),
        (
            "Gladly. I can take the first week, {first}.",
            "{day} at {hour} is fine, in the small room.",
            "The plan is attached to the onboarding page.",
            "Could it be a week later? We are all on site until {day2}.",
            "Very good impression. I would not wait.",
        ),
        by=("People",),
    ),
    Topic(
        ("Travel to {project}", "Trains on {day}", "Hotel near {project}"),
        (
            "I am putting the trip to {project} together.",
            "Three of us travel to {project} on {day}.",
            "The hotel next to {project} is full on {day}.",
        ),
        (
            "The 6:52 gets us there before the gate opens.",
            "Two rooms are held in our name until {day2}.",
            "The car would be EUR {amount3} cheaper, but nobody wants to drive back at night.",
        ),
        ("Do you come along?", "Single or double journey?", "Shall I book?"),
        (
            "Please book. I come back a day later.",
            "I take the car, I have {few} boxes with me anyway.",
            "Not me, Oskar goes instead.",
            "Count me in, and a window seat if there is one.",
        ),
        by=("Projects", "Sales"),
    ),
    Topic(
        ("Photos of {project} for the website", "Case story {project}", "Press visit {project}"),
        (
            "I would like to show {project} on our website.",
            "A journalist wants to write about {place} in {project}.",
            "The photographer was in {project}: {number} pictures, {few} of them very good.",
        ),
        (
            "The client has agreed, as long as no visitor can be recognised.",
            "I need two sentences on {thing} that a curator understands.",
            "It should go online before the fair.",
        ),
        ("Can you check the facts?", "Which picture would you take?", "Who can walk around with her on {day}?"),
        (
            "Facts are right, only the number of fittings is {number}.",
            "The third picture. It shows what the light does, not the lamp.",
            "I can take her around on {day}, after the inspection.",
            "Please do not name the price.",
            "Lovely text. I shortened the second sentence.",
        ),
        ("png",),
        by=("Sales",),
    ),
    Topic(
        ("Contract clause {few}, {project}", "Liability in the {project} contract", "Signature needed: {project}"),
        (
            "The contract for {project} came back with a new clause {few}.",
            "Their lawyers want unlimited liability for {place}.",
            "The framework agreement with the supplier of {thing} ends next month.",
        ),
        (
            "I struck it out and offered EUR {amount2} as a limit.",
            "The rest is our standard text.",
            "We gain nothing by waiting, the prices rise anyway.",
        ),
        ("Is that acceptable for you?", "Please sign on page {number}.", "I need a yes or no by {day}."),
        (
            "Yes. The limit is what the insurance covers.",
            "Signed, the paper copy is in your tray.",
            "Please ask for two years instead of one.",
            "Not with that clause. I will call them on {day}.",
        ),
        ("pdf",),
        by=("Executive", "Finance"),
    ),
)
