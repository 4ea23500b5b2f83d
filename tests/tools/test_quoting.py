"""A mail is shown as what its author wrote: history, signature, disclaimer and banner go, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools._html import LONGEST, TOO_LONG
from tools._quoting import MailText, mail_text

MAILS = Path(__file__).parents[1] / "corpus" / "mail"


def plain(body: str) -> MailText:
    return mail_text(body, is_html=False)


@pytest.mark.parametrize(
    ("name", "earlier", "has_signature_cut", "kept"),
    [
        pytest.param("outlook-desktop-reply", 2, False, "in the portal", id="outlook-desktop"),
        pytest.param("outlook-web-reply", 1, True, "Thursday works", id="outlook-web"),
        pytest.param("outlook-web-forward", 1, False, "THE-MATTER", id="outlook-web-forward"),
        pytest.param("outlook-mobile", 1, True, "Agreed.", id="outlook-mobile"),
        pytest.param("gmail-reply", 2, True, "see you there", id="gmail"),
        pytest.param("gmail-forward", 0, False, "THE-MATTER", id="gmail-forward"),
        pytest.param("apple-inline", 0, True, "QUOTED-D When do you arrive?\n\nAt nine.", id="apple-inline"),
        pytest.param("apple-forward", 0, False, "THE-MATTER", id="apple-forward"),
        pytest.param("thunderbird-reply", 1, True, "green again", id="thunderbird"),
        pytest.param("newsletter", 0, False, "Shop now <https://shop.example/sale>", id="newsletter"),
        pytest.param("external-disclaimer", 0, True, "confidential part is in annex B", id="disclaimer"),
    ],
)
def test_mail_of_every_program_is_cut_to_what_is_new(
    name: str, earlier: int, has_signature_cut: bool, kept: str
) -> None:
    html = (MAILS / f"{name}.html").read_text(encoding="utf-8")
    mail = mail_text(html, is_html=True)
    assert kept in mail.text
    assert not any(
        gone in mail.text for gone in ("OLD-", "SIGNED-BY", "HIDDEN", "\0", "QUOTED-A", "CAUTION", "intended solely")
    )
    assert (mail.earlier, mail.has_signature_cut) == (earlier, has_signature_cut)


@pytest.mark.parametrize("page", [pytest.param(page, id=page.stem) for page in sorted(MAILS.glob("*.html"))])
def test_the_whole_of_a_mail_is_there_for_those_who_ask(page: Path) -> None:
    html = page.read_text(encoding="utf-8")
    mail = mail_text(html, is_html=True, whole=True)
    assert (mail.earlier, mail.has_signature_cut) == (0, False)
    assert all((word in html) <= (word in mail.text) for word in ("OLD-ONE", "OLD-TWO", "SIGNED-BY", "QUOTED-A"))
    assert "HIDDEN" not in mail.text


HEADERS = [
    ("en", "From: A <a@b.example>\nSent: Monday\nTo: C\nCc: D\nSubject: E"),
    ("de", "Von: A\nGesendet: Montag, 3. November\nAn: C\nBetreff: E"),
    ("fr", "De : A\nEnvoyé : lundi\nÀ : C\nObjet : E"),
    ("es", "De: A\nEnviado el: lunes\nPara: C\nAsunto: E"),
    ("it", "Da: A\nInviato: lunedì\nA: C\nOggetto: E"),
    ("pt", "De: A\nEnviada em: segunda-feira\nPara: C\nAssunto: E"),
    ("nl", "Van: A\nVerzonden: maandag\nAan: C\nOnderwerp: E"),
    ("pl", "Od: A\nWysłano: poniedziałek\nDo: C\nTemat: E"),
    ("sv", "Från: A\nSkickat: måndag\nTill: C\nÄmne: E"),
    ("da", "Fra: A\nSendt: mandag\nTil: C\nEmne: E"),
    ("ja", "差出人: A\n送信日時: 月曜日\n宛先: C\n件名: E"),
    ("zh", "发件人: A\n发送时间: 星期一\n收件人: C\n主题: E"),
    ("stars", "*From:* A\n*Sent:* Monday\n*To:* C,\n D, F\n*Subject:* E\nImportance: High"),
    ("rule", "________________________________\nFrom: A\nSent: Monday\nTo: C\nSubject: E"),
]
ATTRIBUTIONS = [
    ("en", "On Mon, Nov 3, 2025 at 9:14 AM A B <a@b.example> wrote:"),
    ("en-broken", "On Mon, Nov 3, 2025 at 9:14 AM A B\n<a@b.example>\nwrote:"),
    ("de", "Am 03.11.2025 um 09:14 schrieb A B <a@b.example>:"),
    ("fr", "Le lun. 3 nov. 2025 à 09:14, A B <a@b.example> a écrit :"),
    ("es", "El lun, 3 nov 2025 a las 9:14, A B (<a@b.example>) escribió:"),
    ("it", "Il giorno lun 3 nov 2025 alle ore 09:14 A B <a@b.example> ha scritto:"),
    ("pt", "Em seg., 3 de nov. de 2025 às 09:14, A B <a@b.example> escreveu:"),
    ("nl", "Op ma 3 nov 2025 om 09:14 schreef A B <a@b.example>:"),
    ("pl", "pon., 3 lis 2025 o 09:14 A B <a@b.example> napisał(a):"),
    ("sv", "Den mån 3 nov. 2025 kl 09:14 skrev A B <a@b.example>:"),
    ("no", "På mandag 3. november 2025 skrev A B <a@b.example>:"),
    ("ja", "2025年11月3日(月) 9:14 A B <a@b.example>:"),
    ("ko", "2025년 11월 3일 (월) 오전 9:14, A B <a@b.example>님이 작성:"),
    ("hu", "A B <a@b.example> ezt írta (időpont: 2025. nov. 3., H, 9:14):"),
    ("fi", "ma 3. marrask. 2025 klo 9.14 A B (a@b.example) kirjoitti:"),
    ("tr", "A B <a@b.example>, 3 Kas 2025 Pzt, 09:14 tarihinde şunu yazd\u0131:"),
    ("cs", "po 3. 11. 2025 v 9:14 odesílatel A B <a@b.example> napsal:"),
    ("sk", "po 3. 11. 2025 o 9:14 A B <a@b.example> napísal(a):"),
    ("zh", "A B <a@b.example> 于2025年11月3日周一 09:14写道\uff1a"),
]


@pytest.mark.parametrize("headers", [pytest.param(text, id=name) for name, text in HEADERS])
def test_what_comes_after_the_headers_of_another_message_is_history(headers: str) -> None:
    mail = plain(f"Yes.\r\n\r\n{headers}\n\nOLD\n\n{headers}\nOLDER")
    assert mail == MailText("Yes.", 2, has_signature_cut=False)


@pytest.mark.parametrize("line", [pytest.param(text, id=name) for name, text in ATTRIBUTIONS])
@pytest.mark.parametrize("sign", [pytest.param("> ", id="quoted"), pytest.param("", id="bare")])
def test_what_comes_after_a_word_on_who_wrote_it_is_history(line: str, sign: str) -> None:
    assert plain(f"Yes.\n\n{line}\n{sign}OLD\n{sign}\n{sign}OLD") == MailText("Yes.", 1, has_signature_cut=False)


def test_messages_within_quotes_are_counted() -> None:
    mail = plain(
        "Yes.\n\nOn 3 Nov A wrote:\n> OLD\n> On 2 Nov B wrote:\n>> OLDER\n>> -----Original Message-----\n>> From: C"
    )
    assert mail == MailText("Yes.", 3, has_signature_cut=False)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("The train goes\nFrom: Rome\nTo: Milan\nDate: 5 May\nCoach: 4", id="timetable"),
        pytest.param("She wrote:\n\nNothing is lost.", id="no-date"),
        pytest.param("The rule is\n> quoted words\n> more of them", id="quote-of-a-text"),
        pytest.param("-- a dash\n\nText", id="dash"),
        pytest.param("Agenda:\n--\n" + "\n".join(f"point {n}" for n in range(30)), id="long-after-dashes"),
        pytest.param("This message is confidential.", id="short-and-secret"),
        pytest.param("Sent from my iPhone", id="nothing-but-a-telephone"),
        pytest.param("On 3 November we met.\nOn 4 we wrote", id="no-colon"),
        pytest.param("external auditors come on Monday", id="no-banner"),
        pytest.param("-----\nText", id="rule"),
    ],
)
def test_what_is_not_surely_history_or_signature_stays(body: str) -> None:
    assert plain(body).text == body
    assert plain(body).earlier == 0


@pytest.mark.parametrize(
    "above",
    [
        pytest.param("", id="nothing"),
        pytest.param("-- \nSam", id="signature"),
        pytest.param("FYI", id="says-so"),
        pytest.param("Bitte siehe unten, Antworten in Rot.", id="answers-are-below"),
        pytest.param("[EXTERNAL]", id="banner"),
    ],
)
@pytest.mark.parametrize("sign", [pytest.param("", id="bare"), pytest.param("> ", id="quoted")])
def test_a_forwarded_message_stays_and_what_is_before_it_goes(above: str, sign: str) -> None:
    old = "\n".join(f"{sign}{line}" for line in ("THE-MATTER", "", "On 2 Nov B wrote:", "> OLD"))
    mail = plain(f"{above}\n\nOn 3 Nov A wrote:\n{old}")
    assert "THE-MATTER" in mail.text
    assert "OLD" not in mail.text
    assert mail.earlier == 1


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("---------- Forwarded message ---------", id="gmail"),
        pytest.param("Begin forwarded message:", id="apple"),
        pytest.param("Anfang der weitergeleiteten Nachricht:", id="german"),
        pytest.param("-------- Message transféré --------", id="french"),
        pytest.param("---------- 转发的邮件 ---------", id="chinese"),
    ],
)
def test_a_message_that_is_said_to_be_forwarded_stays(line: str) -> None:
    headers = "From: A\nSubject: B\nDate: C\nTo: D"
    mail = plain(f"Long words on what to do about it.\n\n{line}\n{headers}\n\nTHE-MATTER\n\n{headers}\nOLD")
    assert "THE-MATTER" in mail.text
    assert "OLD" not in mail.text
    assert mail.earlier == 1


def test_answers_between_quotes_stay_with_the_end_of_what_they_answer() -> None:
    quoted = "\n".join(f"> line {number}" for number in range(9))
    mail = plain(f"On 3 Nov A wrote:\n{quoted}\nFirst answer\n> {'long ' * 100}\nSecond answer\n> the end")
    assert mail.text.startswith("On 3 Nov A wrote:\n> […]\n> line 6\n> line 7\n> line 8\nFirst answer\n> long")
    assert mail.text.endswith("…\nSecond answer")
    assert "line 5" not in mail.text


def test_an_answer_below_what_it_answers_stays() -> None:
    mail = plain("On 3 Nov A wrote:\n> When?\n\nAt nine.\n-- \nSam")
    assert mail == MailText("On 3 Nov A wrote:\n> When?\n\nAt nine.", 0, has_signature_cut=True)


def test_new_text_behind_a_marked_quote_stays() -> None:
    html = "<p>Hello</p><div class=yahoo_quoted>OLD</div><p>The answer is below the quote.</p>"
    assert "The answer" in mail_text(html, is_html=True).text


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("<p>Yes.</p><div class='protonmail_quote'>OLD</div>", id="proton"),
        pytest.param(
            "<p>Yes.</p><div id='ydp1yahoo_quoted_1' class='yahoo_quoted'><p>Tänään:</p>OLD</div>", id="yahoo"
        ),
        pytest.param("<p>Yes.</p><div id=x_x_appendonsend></div><p>OLD</p>", id="nothing-but-a-mark"),
        pytest.param("<p>Yes.</p><blockquote type=cite>OLD</blockquote>", id="cite"),
        pytest.param(
            "<p>Yes.</p><div style='border-top:solid #E1E1E1 1.0pt'><p>Kimden: A<br>Gönd: B<br>Konusu: C</p></div>OLD",
            id="headers-in-any-language",
        ),
    ],
)
def test_the_marks_of_mail_programs_are_enough(html: str) -> None:
    assert mail_text(html, is_html=True) == MailText("Yes.", 1, has_signature_cut=False)


def test_a_line_above_a_text_is_no_history() -> None:
    html = "<p>Yes.</p><div style='border-top:solid #E1E1E1 1.0pt'><p>Just a box</p></div>"
    assert mail_text(html, is_html=True).text.endswith("Just a box")


@pytest.mark.parametrize(
    "end",
    [
        pytest.param("-- \nSam\n+1 555 0100", id="dashes"),
        pytest.param("Sent from my iPhone", id="iphone"),
        pytest.param("Get Outlook for iOS<https://aka.ms/o0ukef>", id="outlook-for-ios"),
        pytest.param("Von meinem iPhone gesendet", id="german-telephone"),
        pytest.param("Envoyé de mon iPhone", id="french-telephone"),
        pytest.param("Enviado desde mi iPhone", id="spanish-telephone"),
        pytest.param("iPhoneから送信", id="japanese-telephone"),
        pytest.param(
            "This e-mail is confidential and intended only for the addressee. If you are somebody else, delete it.",
            id="disclaimer",
        ),
        pytest.param(
            "Diese E-Mail ist vertraulich. Wenn Sie nicht der richtige Adressat sind, löschen Sie sie bitte sogleich.",
            id="german-disclaimer",
        ),
        pytest.param("--\nSam\n\nSent from my iPad", id="several"),
    ],
)
def test_signatures_and_disclaimers_go(end: str) -> None:
    assert plain(f"The words.\n\n{end}") == MailText("The words.", 0, has_signature_cut=True)


def test_a_marked_signature_that_is_a_letter_stays() -> None:
    letter = "".join(f"<p>point {number}</p>" for number in range(40))
    assert "point 39" in mail_text(f"<p>Hello</p><div id=Signature>{letter}</div>", is_html=True).text


def test_a_mail_within_its_signature_stays() -> None:
    assert mail_text("<div id=Signature>All I say.</div>", is_html=True).text == "All I say."


@pytest.mark.parametrize(
    "banner",
    [
        pytest.param("[EXTERNAL]", id="word"),
        pytest.param(
            "CAUTION: This email originated from outside of the organization. Do not click links.", id="caution"
        ),
        pytest.param("EXTERNAL EMAIL\nDo not click links or open attachments.", id="two-lines"),
        pytest.param("You don't often get email from a@b.example. Learn why this is important", id="outlook"),
        pytest.param("ACHTUNG: Diese E-Mail stammt von einem externen Absender.", id="german"),
    ],
)
def test_the_banner_of_a_gateway_goes(banner: str) -> None:
    assert plain(f"{banner}\n\nThe words.") == MailText("The words.", 0, has_signature_cut=False)


WHOLE = "From: A <a@b.example>\nSent: Monday\nTo: C\nSubject: E"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("Agenda\n--\nitem one\nitem two", id="agenda"),
        pytest.param("Agenda:\n\n-- \nBudget\nHiring", id="agenda-with-a-colon"),
        pytest.param("The plan stands.\n\n--\n- Budget\n- Hiring", id="list-after-dashes"),
        pytest.param("The plan stands.\n\n--\nWill you come?", id="question-after-dashes"),
        pytest.param("The plan stands.\n\n-- \nThe invoice is due on Friday", id="sentence-after-dashes"),
        pytest.param("The plan stands.\n\nSent from my iPhone NEWA but I will call you", id="telephone-and-text"),
        pytest.param("Der Plan gilt.\n\nGesendet mit DHL am Freitag", id="parcel"),
        pytest.param("Il piano resta.\n\nInviato dal corriere ieri", id="courier"),
        pytest.param(
            "The plan stands.\n\nPlease send the confidential e-mail about the merger to its intended recipient, "
            "Dr Smith, before the end of this week, and delete it here.",
            id="new-words-on-secrets",
        ),
        pytest.param(
            "The plan stands.\n\nThis e-mail is confidential and intended only for the addressee. If you received it "
            "in error, delete it. The meeting moved to nine on Friday.",
            id="news-within-a-notice",
        ),
        pytest.param(
            "The plan stands.\n\nOn 3 May 2026 we met, and Ann wrote:\n\nNothing is lost.", id="who-wrote-in-prose"
        ),
        pytest.param(
            "The plan stands.\n\nOn 3 May 2026 at 10:00 we met, and Ann wrote:\nNothing is lost.", id="with-a-time"
        ),
        pytest.param(
            "The plan stands.\n\nFrom: Rome\nTo: Milan\nDate: 5 May\nSubject: Trip\n\nThat is all.", id="list"
        ),
        pytest.param(
            "The plan stands.\n\nFrom: Rome\nDate: 5 May\nTo: Milan\nSubject: Trip\n\nThat is all.", id="by-order"
        ),
        pytest.param("Fill in:\nFrom: Rome\nSent: 5 May\nTo: Milan\nSubject: Trip\n\nThat is all.", id="form"),
    ],
)
def test_new_words_in_the_shape_of_history_or_signature_stay(body: str) -> None:
    assert plain(body) == MailText(body, 0, has_signature_cut=False)


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("<p>Hello</p><p>--<br>The invoice is due on Friday\u2026</p>", id="dashes"),
        pytest.param("<p>Hi</p><div id=Signature>The invoice is due on Friday\u2026</div>", id="sentence-in-signature"),
        pytest.param("<div id=Signature>Invoice 9, due on Friday</div><p>Hello</p>", id="signature-above"),
        pytest.param("<p>Hi</p><div id=Signature>due on Friday<br>Can you pay?</div>", id="question-in-signature"),
    ],
)
def test_what_only_claims_to_be_a_signature_stays(html: str) -> None:
    mail = mail_text(html, is_html=True)
    assert "due on Friday" in mail.text
    assert not mail.has_signature_cut


def test_a_new_line_after_a_quote_that_speaks_of_writing_stays() -> None:
    mail = plain(
        "The plan stands.\n\nOn 3 Nov A wrote:\n> When?\n\nOn 3 May 2026 we met, and Ann wrote:\nNothing is lost."
    )
    assert mail.text.endswith("Nothing is lost.")


@pytest.mark.parametrize(
    ("line", "left"),
    [
        pytest.param(
            "CAUTION: This email originated from outside of the organization. Do not click links. Pay by Friday.",
            "Pay by Friday.",
            id="text-behind",
        ),
        pytest.param(
            "CAUTION: This email came from outside Contoso. Pay by Friday.", "Pay by Friday.", id="named-company"
        ),
        pytest.param(
            "This email is from outside of the organization and the invoice is due.",
            "This email is from outside of the organization and the invoice is due.",
            id="one-sentence",
        ),
        pytest.param(
            f"This email is from outside. {'Do not click. ' * 9}{'word ' * 70}",
            f"{'word ' * 70}".strip(),
            id="long-text-behind",
        ),
        pytest.param("EXTERNAL EMAIL\nDo not click links.\nPay by Friday.", "Pay by Friday.", id="next-line"),
        pytest.param(
            "CAUTION: This email originated from outside of the\norganization. Do not open attachments.\nPay.",
            "Pay.",
            id="broken-lines",
        ),
    ],
)
def test_of_a_banner_and_a_text_together_the_text_stays(line: str, left: str) -> None:
    assert plain(line).text == left
    assert plain(f"{line}\n\nThe words.").text == f"{left}\n\nThe words."


@pytest.mark.parametrize(
    "mark", ["FW:", "Fwd:", "WG:", "TR:", "RV:", "I:", "Doorst:", "VS:", "Vb:", "PD:", "转发\uff1a", "転送:"]
)
def test_what_the_subject_says_is_passed_on_stays(mark: str) -> None:
    body = f"Can you handle this one please?\n\n{WHOLE}\n\nTHE-MATTER\n\n{WHOLE}\nOLD"
    mail = mail_text(body, is_html=False, subject=f"[EXT] {mark} Invoice")
    assert "THE-MATTER" in mail.text
    assert "OLD" not in mail.text
    assert mail.earlier == 1


def test_a_sentence_on_who_wrote_what_may_be_said_to_be_below() -> None:
    body = "FYI\n\nOn 3 May we met, and Ann wrote:\nNothing is lost."
    assert plain(body) == MailText(body, 0, has_signature_cut=False)


def test_a_sentence_on_who_wrote_what_does_not_stand_for_the_message_that_is_passed_on() -> None:
    said = "Can you take it?\n\nOn 3 May we met, and Ann wrote:\nNothing."
    assert "THE-MATTER" in mail_text(f"{said}\n\n{WHOLE}\n\nTHE-MATTER", is_html=False, subject="FW: x").text


@pytest.mark.parametrize("subject", ["Re: Invoice", "RE: FW: Invoice", "Interview", "", "FWD"])
def test_below_other_subjects_history_goes(subject: str) -> None:
    mail = mail_text(f"Can you handle this?\n\n{WHOLE}\n\nOLD", is_html=False, subject=subject)
    assert mail == MailText("Can you handle this?", 1, has_signature_cut=False)


@pytest.mark.parametrize(
    ("above", "answer"),
    [
        pytest.param("Hi Ann,", "At nine.", id="greeting"),
        pytest.param("Hi Ann,\n\nBest regards\nSam Example", "At nine.", id="greeting-and-farewell"),
        pytest.param("Hi Ann, thank you.", "[Sam Example] At nine.", id="name-in-brackets"),
    ],
)
def test_answers_within_the_message_that_is_answered_stay(above: str, answer: str) -> None:
    assert answer in plain(f"{above}\n\n{WHOLE}\n\nWhen do you come?\n{answer}").text


@pytest.mark.parametrize(
    ("below", "is_cut"),
    [
        pytest.param("\n-- \nSam", True, id="signature"),
        pytest.param("\nSent from my iPhone", True, id="telephone"),
        pytest.param("\nOn 2 Nov B wrote:\n> OLDER\n\n-- \nSam", True, id="after-more-history"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_a_signature_below_the_history_is_told_of(below: str, is_cut: bool) -> None:
    mail = plain(f"Yes.\n\nOn 3 Nov A wrote:\n> OLD\n{below}")
    assert (mail.text, mail.has_signature_cut) == ("Yes.", is_cut)


def test_a_long_mail_is_cut_and_says_so() -> None:
    assert plain("word " * LONGEST).text.endswith(TOO_LONG)
    assert mail_text("word " * LONGEST, is_html=True, whole=True).text.endswith(TOO_LONG)


@pytest.mark.parametrize(
    "piece",
    [
        pytest.param("On 1 a@b wrote:\n> a\ntext\n", id="attributions"),
        pytest.param("From: a\n", id="headers"),
        pytest.param("Begin forwarded message:\n> x\n", id="forwards"),
        pytest.param("Sent from my iPhone\n", id="telephones"),
        pytest.param("--\n", id="dashes"),
        pytest.param(">" * 200 + "\n", id="quotes"),
        pytest.param("[EXTERNAL]\n", id="banners"),
        pytest.param("This email is from outside. Do not click links. ", id="sentences-of-banners"),
        pytest.param("1" * 300 + "yazdi\n:\n", id="digits"),
        pytest.param("This e-mail is confidential ", id="notices"),
        pytest.param("Sent from my iPhone mini mini mini mini mini mini mini mini mini\n", id="models"),
    ],
)
def test_hostile_repetition_is_read_to_the_end(piece: str) -> None:
    assert plain(piece * (20_000 // len(piece))).earlier >= 0


LINES = st.sampled_from(
    [
        *(
            "From: a",
            "Sent: b",
            "To: c",
            "Subject: d",
            "On 1 a@b wrote:",
            "> quoted",
            "",
            "--",
            "-- ",
            "text",
            "FYI",
            "-----",
        ),
        *(
            "Begin forwarded message:",
            "-----Original Message-----",
            "Sent from my iPhone",
            "[EXTERNAL]",
            "\0history",
            ">> >",
        ),
        *(
            "<div class=gmail_quote>",
            "</div>",
            "<blockquote type=cite>",
            "<div id=Signature>",
            "<div id=divRplyFwdMsg>",
        ),
    ]
)


@settings(max_examples=80)
@given(st.lists(LINES | st.text(max_size=10), max_size=25).map("\n".join), st.booleans(), st.booleans())
def test_any_body_at_all_becomes_some_text(body: str, is_html: bool, whole: bool) -> None:
    mail = mail_text(body, is_html=is_html, whole=whole)
    assert "\0" not in mail.text
    assert mail.earlier >= 0
