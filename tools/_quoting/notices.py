"""What lawyers, telephones and gateways add to a mail; each is known by its set words alone."""

from __future__ import annotations

import re

_LEAST_NOTICE = 100
_LONGEST_NOTICE = 4000
_LEAST_PHRASES = 3
_LONGEST_ADVERTISEMENT = 300


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


# The four things that a legal notice says: that this mail is secret, for whom it was, what if it strayed, and then.
_SECRET = _any(
    r"this (?:e-?mail|message|communication|transmission)\b[^.]{0,100}\b(?:is|are|be|contains?)\b[^.]{0,60}"
    r"\b(?:confidential|privileged|intended)",
    r"dieser? (?:e-?mail|nachricht)[^.]{0,100}vertraulich",
    r"\bce(?:t|tte)? (?:message|courriel|e-?mail|mail)[^.]{0,100}confidentiel",
    r"\best[ea] (?:mensaje|correo|e-?mail|mensagem)[^.]{0,100}confiden[cs]ia",
    r"\bquest[oa] (?:messaggio|e-?mail|comunicazione)[^.]{0,100}(?:confidenzial|riservat)",
    r"\b(?:dit|deze) (?:e-?mail)?(?:bericht)?[^.]{0,100}vertrouwelijk",
    r"\b(?:ta|niniejsza) wiadomość[^.]{0,100}poufn",
    r"\b(?:detta|dette|denne|denna) (?:e-?post)?(?:meddel\w{3,5}|melding|e-?mail|mail)?[^.]{0,100}"
    r"(?:konfiden|fortrolig)",
    r"(?:本|この|此)(?:電子)?(?:メール|邮件|郵件)[^。]{0,80}(?:機密|秘密|机密|保密)",
)
_FOR_WHOM = _any(
    r"intended (?:only|solely|exclusively) for|intended for the (?:sole|exclusive|named|addressee|use)",
    r"\b(?:sole|exclusive) use of the|not (?:be )?the (?:intended|named|right|correct) (?:recipient|addressee)",
    r"if you are somebody else",
    r"nicht der (?:richtige |beabsichtigte |vorgesehene )?(?:adressat|empfänger)|ausschließlich für (?:den|die)",
    r"n.êtes pas (?:le|un) (?:bon )?destinataire|exclusivement (?:destiné|à l)|usage exclusif",
    r"no es (?:usted )?el destinatario|(?:exclusiv|únic)amente (?:a|para) (?:su|el)",
    r"non (?:è|siete|foste) (?:il|i) destinatari|esclusivamente (?:a|per)",
    r"não (?:é|for|seja) o destinatário|exclusivamente (?:ao|para)",
    r"niet de (?:beoogde )?(?:geadresseerde|ontvanger)|uitsluitend bestemd",
    r"nie (?:jest|są)[^.]{0,20} adresat|wyłącznie dla",
    r"(?:inte|ikke)[^.]{0,20}(?:rette?|rätta?|avsedda?|tiltenkte) (?:mottagare|modtager|mottaker)",
    r"受信者以外|宛先以外|非(?:指定)?收件人|不是(?:预期|指定)?的?收件人",
)
_ASTRAY = _any(
    r"received (?:this|it|the)[^.]{0,50} (?:in error|by mistake)|irrtümlich|versehentlich erhalten",
    r"reçu[^.]{0,40} par erreur|recibido[^.]{0,40} por error|ricevuto[^.]{0,40} per errore",
    r"recebid[ao] [^.]{0,40} por engano",
    r"ten onrechte|per abuis|omyłkow|przez pomyłkę|av misstag|ved en (?:fejl|feil)|誤って|误收|誤收",
)
_THEN = _any(
    r"\bdelete (?:it|this|the|all)|notify the sender|destroy (?:it|this|all)",
    r"(?:copying|disclosure|distribution|dissemination|use|review)[^.]{0,120}(?:prohibited|unlawful|not permitted)",
    r"löschen sie|vernichten sie|nicht gestattet|supprim|détrui|elimin|bórr?e|cancell|distrugg|apag[au]",
    r"verwijder|vernietig|usun|skasow|radera|\bslet|削除|破棄|删除|刪除",
)
_ASIDE = _any(
    r"confidential|privileged|recipient|addressee|liab|virus|views|opinions|disclos|unauthori[sz]ed|prohibited",
    r"before printing|environment|haft|viren|verboten|responsab|umwelt|aansprakelijk|ansvar",
)
_PERSONAL = re.compile(r"[?\uff1f]|\bI\b|\bI['\u2019]|\b[Ii]ch\b")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|(?<=[\u3002\uff01\uff1f])")


def sentences(text: str) -> list[str]:
    """A text's sentences, each with its end."""
    return [found for each in _SENTENCE.split(text) if (found := each.strip())]


def is_notice(paragraph: str) -> bool:
    """Whether a paragraph is a legal notice: several set phrases, and no sentence that is of something else."""
    if not _LEAST_NOTICE <= len(paragraph) <= _LONGEST_NOTICE or _PERSONAL.search(paragraph):
        return False
    phrases = (_SECRET, _FOR_WHOM, _ASTRAY, _THEN)
    if sum(bool(phrase.search(paragraph)) for phrase in phrases) < _LEAST_PHRASES:
        return False
    return all(any(phrase.search(each) for phrase in (*phrases, _ASIDE)) for each in sentences(paragraph))


_DEVICE = (
    r"iPhone|iPad|iPod|iOS|Mac|Android|Samsung|Galaxy|Huawei|Honor|Pixel|BlackBerry|Xperia|Xiaomi|Redmi|Nokia|OnePlus|"
    r"Oppo|Motorola|Verizon|mobile|phone|smartphone|Handy|Smartphone|Outlook|Mail|Yahoo|Proton|Gmail|GMX|Windows|Web"
)
_MORE = (
    rf"{_DEVICE}|\d{{1,2}}[a-z]?|[5-9]G|LTE|S\d{{1,2}}|Pro|Max|Plus|Ultra|mini|SE|XR|XS|Note|device|tablet|App|secure|email|"
    r"for|on|an?|für|auf|pour|sur|para|per|su|voor|op|dla|na|för|för|til|Desktop|Phone|AT&T|T-Mobile"
)
_THE = (
    r"(?:my|the|an?|mein(?:em|er)|der|mon|ma|mi|meu|minha|mio|mia|mijn|mojego|mojej|min|mitt|můj|mého|моего|"
    r"l.application) "
)
_WHAT = rf"(?:{_THE})?(?:{_DEVICE})(?:(?:, |[ -])(?:{_MORE})){{0,8}}"
_SENT_FROM = (
    r"Sent (?:from|with|via|using)|Gesendet (?:von|mit|über)|Envoyé (?:de|depuis|à partir de)|Enviado (?:desde|do|da|"
    r"de|a partir do)|Inviato d(?:a|al|alla)|(?:Verzonden|Verstuurd) (?:vanaf|vanuit|met|via)|Wysłan[eoy] z|"
    r"Skickat från|Sendt fra|Odesláno z|Отправлено \u0441"
)
_GET = (
    r"Get|Download|Obtenez|Télécharger|Obtener|Obter o|Ottieni|Scarica|Pobierz(?: aplikację)?|Hämta|Hent|Få|Hanki|"
    r"Získejte|Скачать"
)
_ADVERTISEMENT = _any(
    rf"(?:(?:{_SENT_FROM}) {_WHAT}|(?:{_GET}) Outlook(?: (?:{_MORE})){{0,4}}|Von {_WHAT} (?:gesendet|aus gesendet)|"
    r"Outlook (?:für|voor) (?:iOS|Android|Mac|Windows) (?:herunterladen|beziehen|downloaden)|Wysłane z iPhone.a|"
    r"Lähetetty iPhonesta|iPhone.umdan gönderildi|나의 iPhone에서 보냄|(?:iPhone|iPad|Android)から送信|"
    r"Outlook for (?:iOS|Android) ?を入手|从我的 ?(?:iPhone|iPad|Android|手机|华为手机|小米手机) ?发送|"
    r"[發发]自我的 ?(?:iPhone|iPad|Android|手机|手機)|(?:获取|取得) ?Outlook(?: for| 的)? ?(?:iOS|Android)(?: 版)?)"
    r"\s{0,3}[.!]?(?:\s{0,3}[<(\[]https?:[^\s<>]{1,250}[>)\]])?\s{0,3}[.!]?"
)


def is_advertisement(line: str) -> bool:
    """Whether a line is what a telephone or its program adds, with nothing behind it."""
    return len(line) <= _LONGEST_ADVERTISEMENT and _ADVERTISEMENT.fullmatch(line) is not None


# What a gateway or Outlook itself puts above mail from outside.
_BANNER_ALONE = _any(r"\W{0,6}(?:external|externe?|externo|externa|esterno)(?: e-?mail| message| sender)?\W{0,6}")
_BANNER = _any(
    r"\W{0,6}(?:(?:caution|warning|attention|notice|external(?: e-?mail| sender| message)?|achtung|vorsicht|"
    r"extern(?:e e-?mail)?|atención|attenzione|atenção|let op|uwaga)\b\W{1,8}){0,3}(?:this (?:e-?mail|"
    r"message) (?:has )?(?:was sent |originat\w{1,4} |came |comes |is )?(?:from )?(?:an? )?(?:external|outside)|"
    r"this is an external e-?mail|you don.t often get e-?mail from|"
    r"some people who received this message don.t often get e-?mail from|diese (?:e-?mail|nachricht) (?:stammt|kommt|"
    r"wurde) (?:von )?(?:einem |einer )?(?:extern\w{0,2}|außerhalb)|sie erhalten nicht (?:oft|häufig) e-?mails? von|"
    r"ce (?:courriel|message|mail) (?:provient|vient|a été envoyé) (?:de |d.une? )?(?:\w{1,12} )?(?:externe|"
    r"l.extérieur)|este (?:correo|mensaje|e-?mail) (?:\w{1,12} ){0,4}extern\w|quest[ao] (?:e-?mail|"
    r"messaggio) (?:\w{1,12} ){0,4}estern\w)"
)
_BANNER_GOES_ON = _any(
    r"(?:please )?(?:do not|don.t|never|avoid) (?:click|open|reply|respond|follow)",
    r"(?:please )?(?:be careful|be cautious|(?:use|exercise) caution|take care) (?:when|with|before|if|opening|as)\b",
    r"learn why this is important|report (?:it|this|any) .{0,20}(?:phish|suspicious)",
    r"recogni[sz]e the sender|know the content is safe",
    r"(?:bitte )?(?:klicken sie (?:nicht|keine)|öffnen sie (?:nicht|keine)|seien sie vorsichtig)",
    r"erfahren sie, warum dies wichtig ist|ne cliquez pas|n.ouvrez pas|no haga clic|non (?:cliccare|aprire)",
)
_WORDS_OF_BANNERS = (
    "of from the your our an a this organization organisation company network sender senders source address system "
    "domain tenant university business institution e-mail email side en em er es de des la le l der dem den einer "
    "eines ihrer unserer absender absenders organisation unternehmens firma quelle votre notre expéditeur entreprise "
    "remitente empresa organización su nuestra mittente organizzazione azienda fuente origen origine"
)
_BANNER_WORDS = frozenset(_WORDS_OF_BANNERS.split()) | {""}
_NAMED = re.compile(r"\b(?:of|outside|from)(?: the)? [A-Z][\w&-]{1,30}(?: [A-Z][\w&-]{1,30})?")
_LONGEST_SENTENCE = 300


def without_banner_in(line: str) -> str | None:
    """What a line says behind the banner that it begins with; None if it begins with none."""
    bare = line.strip(" *|")
    if len(bare) < 60 and _BANNER_ALONE.fullmatch(bare):
        return ""
    first, *rest = sentences(line) or [""]
    return without_more_banner(" ".join(rest)) if _is_banner(first.strip(" *|")) else None


def without_more_banner(line: str) -> str:
    """What a line says behind the sentences that a banner goes on with."""
    said = sentences(line)
    past = next((at for at, each in enumerate(said) if not _goes_on(each)), len(said))
    return " ".join(said[past:]) if past else line


def _is_banner(sentence: str) -> bool:
    found = _BANNER.match(sentence[:_LONGEST_SENTENCE])
    if not found or len(sentence) > _LONGEST_SENTENCE:
        return False
    return _is_of_banner(_NAMED.sub(" ", f"of{sentence[found.end() :]}"))


def _is_of_banner(words: str) -> bool:
    return all("@" in word or word.strip(".,!:;()[]*|").lower() in _BANNER_WORDS for word in words.split())


def _goes_on(sentence: str) -> bool:
    if len(sentence) > _LONGEST_SENTENCE:
        return False
    bare = sentence.strip(" *|[]()<>")
    return bool(_BANNER_GOES_ON.match(bare)) or _is_banner(bare) or (bare.endswith(".") and _is_of_banner(bare))
