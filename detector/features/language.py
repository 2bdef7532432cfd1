"""Whether a text is English, from its letters, its function words and the words that are known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from detector.features.view import View
from detector.text.document import Flags, Hashes, hash_words
from detector.text.lookup import Lookup
from detector.text.unicode import codes_of

# Frequent function words of other languages in Latin script. Words that are also English, and those that
# stand in more than one of 400 English texts (de, la, el, un, mit: names and borrowings), are left out.
_LISTED = {
    "de": "der und das nicht ein eine einen einem einer eines ist sind sie ich wir ihr auf für dem des zu "
    "zum zur auch sich wird wurde werden haben hatte bei nach aus wenn aber oder noch nur als vom "
    "über unter kein doch dann dieser diese",
    "nl": "het een niet dat zijn voor aan ook maar wij jij hij zij ze deze dit naar bij uit nog wel geen "
    "worden wordt werd heeft hebben kunnen kan moet zich hun haar onze uw je ik er te om toen toch "
    "omdat alle",
    "af": "nie het dat wat vir sy hulle ons jou ek aan ook maar hierdie sal kan moet deur wees oor nog baie "
    "jy julle hy haar se sê dit uit na soos elke omdat terwyl geen hê daar kon moes alles",
    "sv": "och att det som är inte jag av på med för ett han hon har hade kan ska skulle var eller när där "
    "från om vid sig sina deras alla mycket också bara blir blev efter utan ni eftersom denna något "
    "detta vill",
    "da": "og det er ikke jeg af på med til han hun har havde kan skal skulle var eller når der fra om ved "
    "sig deres alle meget også kun bliver blev efter uden hvis hvor være vi denne dette noget",
    "no": "og det er ikke jeg av på med til han hun har hadde kan skal skulle var eller når der fra om ved "
    "seg deres alle mye også blir ble etter uten hvis hvor være vi noen kunne mellom denne dette noe "
    "mer fordi",
    "fr": "les des une est dans que qui pas sur ce cette ces avec il elle ils elles nous vous je se sa ses "
    "leur leurs mais où sont été être avait par au aux ne très sans tout comme c'est d'un d'une qu'il "
    "n'est cela entre encore aussi fait",
    "es": "una unos que se por con para su sus lo es está fue pero como más este esta ese esa si muy sobre "
    "también cuando porque nos les hasta desde fueron ser tiene entre ella ellos donde quien todo eso "
    "tan",
    "it": "il lo gli che di una è con della dei delle nel nella sono si anche più questo questa ha non alla "
    "dal dalla su sul sulla se ci loro quando perché essere stato dopo ho hanno aveva ogni tutti cui "
    "così abbiamo",
    "pt": "os um uma que da dos das na nos nas é para não por se mais mas ao à pelo pela foi são está seu "
    "sua seus como ou ele ela muito já também quando até sem isso esta este ser tem pode entre depois "
    "só você eu meu ainda",
    "ro": "și în cu pe nu este sunt că din pentru mai fost se au ale lui ei sau dar după până când fără "
    "această acest să ar fi doar prin despre foarte într cele unui astfel fiecare avea nici dacă",
    "pl": "na że się nie jest jak ale po tak za od przez dla tego przy oraz już tylko był była było być są "
    "może który która które ich jego jej nad gdy kiedy bardzo czy ze jednak bez tu mnie nas",
    "tr": "bir bu da için ile çok ama daha gibi olarak olan değil var yok ne biz siz onlar kadar sonra önce "
    "şey mı ki veya diye göre ise oldu olduğu bunu sadece bütün böyle hiç artık bunun çünkü olduğunu "
    "bana yeni",
    "id": "yang di ini itu dengan untuk dari pada tidak ada akan adalah ke juga sudah saya kami kita anda "
    "mereka dia bisa dalam oleh karena atau tetapi lebih telah belum bukan hanya seperti agar namun "
    "saat para tersebut kalau jadi harus setelah secara sebagai hari",
}

# Stretches of Unicode by script: from each code point on, letters of this kind. Coarse on purpose: the signs
# and digits of other scripts count as their letters, for they speak against English as well.
_NO_LETTER, _IS_LATIN, _IS_FOREIGN = 0, 1, 2
_STRETCHES = {
    0x80: _NO_LETTER, 0xC0: _IS_LATIN, 0x2B0: _NO_LETTER, 0x370: _IS_FOREIGN, 0x1D00: _IS_LATIN,
    0x1DC0: _NO_LETTER, 0x1E00: _IS_LATIN, 0x1F00: _IS_FOREIGN, 0x2000: _NO_LETTER, 0x2C00: _IS_FOREIGN,
    0x2C60: _IS_LATIN, 0x2C80: _IS_FOREIGN, 0x2E00: _NO_LETTER, 0x2E80: _IS_FOREIGN, 0x3000: _NO_LETTER,
    0x3005: _IS_FOREIGN, 0xA720: _IS_LATIN, 0xA800: _IS_FOREIGN, 0xAB30: _IS_LATIN, 0xAB70: _IS_FOREIGN,
    0xD800: _NO_LETTER, 0xF900: _IS_FOREIGN, 0xFB00: _IS_LATIN, 0xFB07: _IS_FOREIGN, 0xFE00: _NO_LETTER,
    0xFE70: _IS_FOREIGN, 0xFF00: _NO_LETTER, 0xFF21: _IS_LATIN, 0xFF5B: _NO_LETTER, 0xFF66: _IS_FOREIGN,
    0xFFE0: _NO_LETTER, 0x10000: _IS_FOREIGN, 0x1D000: _NO_LETTER, 0x20000: _IS_FOREIGN, 0xE0000: _NO_LETTER,
}  # fmt: skip
_EDGES = np.array(list(_STRETCHES), np.uint32)
_KINDS = np.array([_NO_LETTER, *_STRETCHES.values()])

# What one word says for English. Between English corpora and texts in 14 other languages the log odds are
# +2.3 for an English function word, -5.7 for one of another language, -3.0 for an unknown word and +0.9 for
# any other. The last two count less here: names, jargon and misspellings are unknown in English too, loans
# are known in any language, and the answer should not hang on the size of the vocabulary.
_ENGLISH, _OTHER, _KNOWN, _UNKNOWN = 2.0, -4.0, 0.2, -0.5
_CREDIT = 4.0  # what it takes to deny that a text is English: nine unknown words, or two listed ones
_LEAST_LATIN = 0.5


@dataclass(frozen=True, slots=True)
class Signs:
    """What a text shows of its language.

    ``words`` counts the words that are not numbers. As shares of them (0 to 1, and 0 without any),
    ``english`` are English function words, ``other`` those of another language, ``known`` the rest
    of the vocabulary, ``unknown`` what remains. ``latin`` is the share of letters that are Latin ones, 1
    without letters.
    """

    words: int
    english: float
    other: float
    known: float
    unknown: float
    latin: float


def is_english(view: View) -> list[bool]:
    """Whether each text is English, as far as one can tell: a text without words counts as English."""
    return [verdict(found) for found in signs(view)]


def verdict(found: Signs) -> bool:
    """Whether a text with these signs is English.

    At least half of its letters are Latin, and its words do not clearly speak against it. A short text of
    names or of misspelt words stays English, for its few votes do not use up the credit.
    """
    return found.latin >= _LEAST_LATIN and votes(found) >= -_CREDIT


def votes(found: Signs) -> float:
    """Return the sum of what the words say for English, -4 to 2 for each word."""
    mean = _ENGLISH * found.english + _OTHER * found.other + _KNOWN * found.known + _UNKNOWN * found.unknown
    return mean * found.words


def signs(view: View) -> list[Signs]:
    """Count the signs of a language in each text of ``view``."""
    is_word = (~view.number).nonzero()[0]
    text = view.text[view.sentence[is_word]]
    function = view.list("function_words")[is_word]
    other = _is_other(view.hash[is_word])
    known = view.known[is_word] & ~(function | other)
    kinds = (np.ones(len(is_word), np.bool_), function, other, known)
    counts = [np.bincount(text[kind], minlength=view.n_texts).tolist() for kind in kinds]
    latin = [_latin(source.text) for source in view.document.sources]
    return [_signs(*row) for row in zip(*counts, latin, strict=True)]


def _signs(words: int, function: int, other: int, known: int, latin: float) -> Signs:
    least = max(words, 1)
    unknown = words - function - other - known
    return Signs(words, function / least, other / least, known / least, unknown / least, latin)


def _is_other(hashes: Hashes) -> Flags:
    """Tell which words are function words of another language."""
    return _table().find(hashes) >= 0


def _latin(text: str) -> float:
    """Return the share of letters that are Latin; 1 for a text without letters."""
    if text.isascii():
        return 1.0
    codes = codes_of(text)
    lowered = codes | 0x20  # of the codes below 0x80, only letters fall between a and z
    plain = int(np.count_nonzero((lowered >= ord("a")) & (lowered <= ord("z"))))
    kinds = np.bincount(_KINDS[np.searchsorted(_EDGES, codes[codes >= 0x80], side="right")], minlength=3)
    latin = plain + int(kinds[_IS_LATIN])
    letters = latin + int(kinds[_IS_FOREIGN])
    return latin / letters if letters else 1.0


@cache
def _table() -> Lookup:
    """Return the table of the listed words."""
    words = {word for listed in _LISTED.values() for word in listed.split()}
    return Lookup.of(np.sort(hash_words(sorted(words))))
