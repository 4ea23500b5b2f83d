"""How mail programs write what is not the message itself, in the languages that people use them in."""

from __future__ import annotations

import re

# The labels of a quoted message's header: English, German, French, Spanish, Italian, Portuguese, Dutch, Polish,
# Swedish, Danish, Norwegian, Finnish, Czech, Turkish, Russian, Japanese, Chinese (both scripts), Korean.
FROM = "From|Von|De|Da|Van|Od|Från|Fra|Lähettäjä|Kimden|От|差出人|发件人|寄件者|보낸 사람"
SENT = (
    "Sent|Date|Gesendet|Datum|Envoyé|Enviado(?: el| em)?|Enviada(?: em)?|Fecha|Data|Inviato|Verzonden|Wysłano|"
    "Skickat|Sendt|Dato|Lähetetty|Odesláno|Gönderildi|Tarih|Отправлено|Дата|送信日時|日付|日時|发送时间|日期|"
    "寄件日期|보낸 날짜"
)
TO = "To|An|À|A|Para|Aan|Do|Till|Til|Vastaanottaja|Komu|Kime|Кому|宛先|收件人|收件者|받는 사람"
SUBJECT = (
    "Subject|Betreff|Objet|Asunto|Oggetto|Assunto|Onderwerp|Temat|Ämne|Emne|Aihe|Předmět|Konu|Тема|件名|主题|主旨|제목"
)


def _label(names: str) -> re.Pattern[str]:
    return re.compile(rf"[*_]{{0,2}}(?:{names})[*_]{{0,2}}\s?[:\uff1a][*_]{{0,2}}(?:\s|$|[^\s/])", re.IGNORECASE)


FROM_LABEL, SENT_LABEL, TO_LABEL, SUBJECT_LABEL = map(_label, (FROM, SENT, TO, SUBJECT))
ANY_LABEL = re.compile(r"[*_]{0,2}[^\W\d_][\w .'-]{0,24}[*_]{0,2}\s?[:\uff1a][*_]{0,2}\s{0,4}\S")

# Between dashes: "-----Original Message-----".
ORIGINAL = re.compile(
    r"[-_=\s]{2,40}(?:Original Message|Ursprüngliche Nachricht|Originalnachricht|Message d.origine|"
    r"Message original|Mensaje original|Messaggio originale|Mensagem original|Oorspronkelijk bericht|"
    r"Wiadomość oryginalna|Oryginalna wiadomość|Ursprungligt meddelande|Original meddelelse|Oprindelig meddelelse|"
    r"Opprinnelig melding|Alkuperäinen viesti|Původní zpráva|Исходное сообщение|元のメッセージ|Original-Nachricht|"
    r"原始邮件|原始郵件|邮件原件)[-_=\s]{2,40}$",
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
    r"\d{4}年.{4,200}[>\uff1e])\s?[:\uff1a]$",
    re.IGNORECASE,
)

PHONE = re.compile(
    r"(?:Sent (?:from|with|via) (?:my )?(?:i(?:Phone|Pad|OS)|Mac|Android|Samsung|Galaxy|Huawei|Pixel|BlackBerry|"
    r"mobile|phone|Outlook|Mail for|Yahoo|Proton|Gmail|Windows|Xperia|Xiaomi|Nokia|OnePlus)|Get Outlook for|"
    r"Download Outlook|Von (?:meinem|meiner) .{1,40} gesendet|Gesendet (?:von|mit|über) |"
    r"Outlook für .{1,20} (?:herunterladen|beziehen)|Envoyé (?:de|depuis|à partir de) |(?:Obtenez|"
    r"Télécharger) Outlook|Enviado (?:desde|do|a partir do|de) mi?e?u? ?|Obtener Outlook|Obter o Outlook|"
    r"Inviato d(?:a|al) |(?:Ottieni|Scarica) Outlook|Verzonden (?:vanaf|vanuit|met) |"
    r"Outlook voor .{1,20} downloaden|Wysłan[eoy] z |Pobierz (?:aplikację )?Outlook|Skickat från |Hämta Outlook|"
    r"Sendt fra |Hent Outlook|Få Outlook|(?:iPhone|iPad|Android)から送信|Outlook.{1,20}を入手|从我的.{1,12}发送|"
    r"發自我的|发自我的|获取.{0,12}Outlook|取得.{0,12}Outlook)[^\n]{0,80}$",
    re.IGNORECASE,
)

# A disclaimer says all three: that it is secret, that it speaks of this mail, and for whom it was.
SECRET = re.compile(
    r"confiden|privileged|vertrauliche|vertraulich|riservat|vertrouwelijk|poufn|konfiden|fortrolig|機密|秘密|机密|"
    r"保密",
    re.IGNORECASE,
)
THIS_MAIL = re.compile(
    r"e-?mail|message|transmission|nachricht|courriel|mensaje|messaggio|mensagem|correo|bericht|wiadomoś|"
    r"meddelande|meddelelse|melding|e-?post|メール|電子メール|邮件|郵件",
    re.IGNORECASE,
)
FOR_WHOM = re.compile(
    r"intended (?:only|solely|recipient|for)|sole use|addressee|received (?:it|this|the).{0,40} (?:in error|"
    r"by mistake)|empfänger|adressat|irrtümlich|destinataire|destinatari|par erreur|por error|per errore|"
    r"por engano|geadresseerde|bestemd voor|adresat|mottagare|modtager|mottaker|受信者|宛先|收件人|收件者",
    re.IGNORECASE,
)

# What a gateway or Outlook itself puts above mail from outside.
BANNER = re.compile(
    r"(?:\W{0,6}(?:external|extern|externe|externo|externa|esterno)(?: e-?mail| message| sender)?\W{0,6}$)|"
    r"(?:\W{0,6}(?:(?:caution|warning|attention|notice|external(?: e-?mail| sender| message)?|achtung|vorsicht|"
    r"extern(?:e e-?mail)?|atención|attenzione|atenção|let op|uwaga)\b\W{1,8}){0,3}(?:this (?:e-?mail|"
    r"message) (?:has )?(?:was sent |originat\w{1,4} |came |comes |is )?(?:from )?(?:an? )?(?:external|outside)|"
    r"this is an external e-?mail|external e-?mail:|you don.t often get e-?mail from|"
    r"some people who received this message don.t often|diese (?:e-?mail|nachricht) (?:stammt|kommt|"
    r"wurde) .{0,60}(?:extern|außerhalb)|sie erhalten nicht (?:oft|häufig) e-?mail|ce (?:courriel|message|"
    r"mail) .{0,60}(?:externe|l.extérieur)|este (?:correo|mensaje|e-?mail) .{0,60}extern|questa (?:e-?mail|"
    r"messaggio) .{0,60}estern))",
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
