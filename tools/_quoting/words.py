"""How mail programs write what is not the message itself, in the languages that people use them in."""

from __future__ import annotations

import re

# The labels of a quoted message's header: English, German, French, Spanish, Italian, Portuguese, Dutch, Polish,
# Swedish, Danish, Norwegian, Finnish, Czech, Turkish, Russian, Hungarian, Japanese, Chinese (both scripts), Korean.
FROM = "From|Von|De|Da|Van|Od|Från|Fra|Lähettäjä|Kimden|От|Feladó|差出人|发件人|寄件者|보낸 사람"
SENT = (
    "Sent|Date|Gesendet|Datum|Envoyé|Enviado(?: el| em)?|Enviada(?: em)?|Fecha|Data|Inviato|Verzonden|Wysłano|"
    "Skickat|Sendt|Dato|Lähetetty|Odesláno|Gönderildi|Tarih|Отправлено|Дата|Elküldve|Küldve|Dátum|送信日時|日付|日時|发送时间|日期|"
    "寄件日期|보낸 날짜"
)
TO = "To|An|À|A|Para|Aan|Do|Till|Til|Vastaanottaja|Komu|Kime|Кому|Címzett|宛先|收件人|收件者|받는 사람"
SUBJECT = (
    "Subject|Betreff|Objet|Asunto|Oggetto|Assunto|Onderwerp|Temat|Ämne|Emne|Aihe|Předmět|Konu|Тема|Tárgy|件名|主题|主旨|"
    "제목"
)


def _label(names: str) -> re.Pattern[str]:
    return re.compile(rf"[*_]{{0,2}}(?:{names})[*_]{{0,2}}\s?[:\uff1a][*_]{{0,2}}(?:\s|$|[^\s/])", re.IGNORECASE)


FROM_LABEL, SENT_LABEL, TO_LABEL, SUBJECT_LABEL = map(_label, (FROM, SENT, TO, SUBJECT))
# Of a mail only: lists that people write say "Date".
SENT_SURELY = _label(
    "Sent|Gesendet|Envoyé|Enviado(?: el| em)?|Enviada(?: em)?|Inviato|Verzonden|Wysłano|Skickat|Sendt|Lähetetty|"
    "Odesláno|Gönderildi|Отправлено|Elküldve|Küldve|送信日時|发送时间|寄件日期|보낸 날짜"
)
ANY_LABEL = re.compile(r"[*_]{0,2}[^\W\d_][\w .'-]{0,24}[*_]{0,2}\s?[:\uff1a][*_]{0,2}\s{0,4}\S")

# Between dashes: "-----Original Message-----".
ORIGINAL = re.compile(
    r"[-_=\s]{2,40}(?:Original Message|Ursprüngliche Nachricht|Originalnachricht|Message d.origine|"
    r"Message original|Mensaje original|Messaggio originale|Mensagem original|Oorspronkelijk bericht|"
    r"Wiadomość oryginalna|Oryginalna wiadomość|Ursprungligt meddelande|Original meddelelse|Oprindelig meddelelse|"
    r"Opprinnelig melding|Alkuperäinen viesti|Původní zpráva|Исходное сообщение|元のメッセージ|Original-Nachricht|"
    r"Původní e-mail|Özgün İleti|Orijinal Mesaj|Eredeti üzenet|원본 메시지|원본 메일|原始邮件|原始郵件|邮件原件)"
    r"[-_=\s]{2,40}$",
    re.IGNORECASE,
)
FORWARDED = re.compile(
    r"[-_=\s]{0,40}(?:Begin forwarded message|Forwarded message|Forwarded by|"
    r"Anfang der weitergeleiteten (?:Nachricht|E-?Mail)|Weitergeleitete Nachricht|Début du message (?:réexpédié|"
    r"transféré)|Message transféré|Inicio del mensaje reenviado|Mensaje reenviado|Inizio messaggio inoltrato|"
    r"Messaggio inoltrato|Início da mensagem (?:reencaminhada|encaminhada)|Mensagem (?:encaminhada|reencaminhada)|"
    r"Begin doorgestuurd bericht|Doorgestuurd bericht|Wiadomość przekazana dalej|"
    r"Początek przekazywanej wiadomości|Vidarebefordrat (?:brev|meddelande)|Videresendt (?:meddelelse|besked|"
    r"melding)|Videresendte? melding|転送メッセージ|転送されたメッセージ|转发的邮件|转发邮件|"
    r"轉寄郵件)\b[^\n]{0,80}$",
    re.IGNORECASE,
)

# "On … wrote:", on one line; a date or an address must be in it, too.
ATTRIBUTION = re.compile(
    r"(?:On\b.{4,280}\bwrote|Am\b.{4,280}\bschrieb\b.{0,120}|Le\b.{4,280}\ba écrit|El\b.{4,280}\bescribió|(?:Il|"
    r"In data)\b.{4,280}\bha scritto|(?:Em|A|No dia)\b.{4,280}\bescreveu|Op\b.{4,280}\bschreef\b.{0,120}|"
    r"(?:W dniu|Dnia|Dn\.|\w{2,4}\.,).{4,280}\b(?:napisał(?:\(a\)|a)?|pisze)\b.{0,120}|(?:Den|"
    r"På)\b.{4,280}\bskrev\b.{0,120}|(?:.{0,120}\d.{0,160})(?:写道|寫道|のメール|さんは書きました|書きました)|"
    r"\d{4}年.{4,200}[>\uff1e]|.{2,280}(?:\b(?:kirjoitti|yazd\u0131|napsal(?:\(a\)|a)?|napísal(?:\(a\)|a)?|írta|"
    r"пишет|написал(?:\(\u0430\)|\u0430)?|a scris)|님이 작성|작성|님이 쓴 글)|.{2,120} ezt írta \(időpont: .{4,120}\)|"
    r".{2,120} kirjoitti .{0,120}\d.{0,80}|(?:Dne|Dňa)\b.{4,280}\b(?:napsal|napísal).{0,120}|"
    r"\w{2}, \d{1,2} .{4,200}@[^\s@]{1,200})\s?[:\uff1a]$",
    re.IGNORECASE,
)

# With so few words above it, what follows is the message: "FYI", "see below", "my answers in red".
POINTS_DOWN = re.compile(
    r"\b(?:fyi|fyr|fwd|forward(?:ing|ed)?|below(?=[\s.:;!)]*\Z)|"
    r"(?:see|as|from|e-?mails?|thread|chain|messages?|comments?|answers?|replies|details|request|note) below|in-?line|"
    r"in red|in blue|my comments|"
    r"see (?:the )?(?:attached )?thread|zur (?:info|kenntnis)|z\. ?k|unten|weiter(?:leitung|geleitet)|in rot|"
    r"pour (?:info|information)|ci-dessous|en rouge|más abajo|para (?:tu|su) (?:información|conocimiento)|abajo|"
    r"reenvío|in calce|qui sotto|di seguito|inoltr\w{1,4}|abaixo|encaminh\w{1,4}|hieronder|ter info|poniżej|nedan|"
    r"nedenfor|se under)\b|転送|以下|下記|下面|转发|如下|見下",
    re.IGNORECASE,
)

# A subject that says that the mail passes on another one: the author's own words may be few, and the matter is below.
PASSED_ON = re.compile(
    r"\s{0,5}(?:\[[^\]]{1,40}\]\s{0,5}){0,3}(?:FW|FWD|WG|TR|RV|I|Doorst|VS|VB|VL|PD|ENC|Fs|İLT|Továbbítás|Předáno|"
    r"Přep|ПЕР|전달|转发|轉寄|轉發|転送)\s?(?:\[\d{1,3}\])?\s?[:\uff1a]",
    re.IGNORECASE,
)

# Nobody sends these alone: the rest is among the lines below.
GREETING = re.compile(
    r"(?i:hi|hello|hey|dear|good (?:morning|afternoon|evening)|hallo|liebe[rs]?|sehr geehrte[rs]?|guten (?:tag|morgen)|"
    r"bonjour|bonsoir|hola|buenos días|ciao|buongiorno|olá|bom dia|dag|beste|cześć|dzień dobry|hej|hei|ahoj|merhaba)"
    r"(?:[ ,]{1,2}(?:all|team|both|everyone|zusammen|[^\W\da-z_][\w.'\u2019-]{0,30})){0,4}\s?[,!.:\u2013-]?"
)
CLOSING = re.compile(
    r"(?:(?:best|kind|warm) )?(?:regards|wishes)[,.!]?|best[,.!]?|cheers[,.!]?|(?:mit )?(?:freundlichen|besten|vielen|"
    r"viele|beste|liebe) (?:grüßen?|grüssen?)[,.!]?|cordialement[,.]?|bien à vous[,.]?|"
    r"(?:un )?(?:cordial )?saludos?[,.]?|cordiali saluti[,.]?|atenciosamente[,.]?|met vriendelijke groet(?:en)?[,.]?|"
    r"pozdrawiam[,.]?",
    re.IGNORECASE,
)
# Outlook puts a name in brackets before what is written into the message that is answered.
ANSWER_WITHIN = re.compile(
    r"\s{0,9}\[[^\W\da-z_][\w.'\u2019-]{1,30},?(?: [^\W\da-z_][\w.'\u2019-]{0,30}){1,3}\][:\s]{1,3}\S"
)
