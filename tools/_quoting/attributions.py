"""Whether a line says who wrote what is below it in just the words of a mail program, or is a sentence of a letter."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"[<(\[]?(?:mailto:)?[^\s<>()@]{1,100}@[^\s<>()@]{1,200}[>)\]]?")
_TIME = re.compile(r"\b\d{1,2}[:.h]\d{2}\b")
_WORD = re.compile(r"[^\W\d_]{1,60}")
# What nobody writes into a date or between a name and an address.
_STOPS = re.compile(r"[\u3001\u3002\uff0c;!?]|我们|我們")

_VERBS = (
    "wrote schrieb a écrit escribió ha scritto escreveu schreef napisał napisała pisze skrev kirjoitti şunu yazd\u0131 "
    "napsal napsala napísal napísala ezt írta пишет написал написала scris"
)
_BETWEEN = (
    "at am pm um uhr à h las giorno alle ore às de op om o kl klo den på v ve la le odesílatel időpont keltezéssel "
    "tarihinde von van der del di da bin al du dos das ten ter af zu via no na dia on el il in data em a w dniu dnia "
    "dne the th st nd rd"
)
_WORDS = frozenset(f"{_VERBS} {_BETWEEN}".split())
# How the names of days and months begin, in the languages of those words.
_DATES = re.compile(
    r"(?:jan|feb|mar|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez|janv|fév|avr|juin|juil|aoû|déc|ene|abr|ago|dic|gen|mag|"
    r"giu|lug|set|ott|fev|out|mrt|maa|mei|maj|sty|lut|kwi|cze|lip|sie|wrz|paź|lis|gru|led|úno|bře|dub|kvě|čer|srp|zář|říj|pro|"
    r"tam|hel|huh|tou|kes|hei|elo|syy|lok|mars|joul|oca|şub|nis|haz|tem|ağu|eyl|eki|kas|ara|szept|sze|már|ápr|máj|jún|júl|"
    r"янв|фев|мар|апр|мая|июн|июл|авг|сен|окт|ноя|дек|iul|iun|noi|"
    r"mon|tue|wed|thu|fri|sat|sun|lun|mer|jeu|ven|sam|dim|mié|jue|vie|sáb|dom|gio|seg|ter|qua|qui|sex|pon|wto|śro|czw|pią|sob|"
    r"nie|mån|tis|ons|tor|fre|lör|sön|man|tir|lør|søn|maan|tiis|kesk|torst|perj|lauan|sunn|poz|ned|úte|stř|čtv|pát|"
    r"пн|вт|\u0441\u0440|чт|пт|\u0441\u0431|вс|\u0433|\u0432)\w{0,10}|(?:ma|di|wo|do|vr|za|zo|ti|ke|to|pe|la|su|po|út|st|čt|pá|so|ne|śr|wt|pt|nd|mi|jo|vi|du|"
    r"h|k|sz|cs|p|v)"
)


def is_exact(line: str) -> bool:
    """Whether an attribution has an address or a time, and no word that only a sentence has."""
    if not (_ADDRESS.search(line) or _TIME.search(line)) or _STOPS.search(line):
        return False
    words = _WORD.findall(_ADDRESS.sub(" ", line))
    return all(_may_be(word) for word in words)


def _may_be(word: str) -> bool:
    """Whether a word is a name's, a date's, or one of those around them."""
    return not word.islower() or word in _WORDS or _DATES.fullmatch(word) is not None
