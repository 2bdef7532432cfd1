"""Changes to a text that should not change what is said about it, with the labelled segments carried along.

An attack returns edits of the text, so that every span of the text before has its place in the text after. It is a pure
function of the text and of the generator of random numbers it is given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Literal

from detector.training.sources import Article

Edit = tuple[int, int, str]  # what to put in place of text[start:end]
Edits = list[Edit]
Group = Literal["marks", "layout", "characters", "words"]

_WORD = re.compile(r"[A-Za-z]+")
_LONG_WORD = re.compile(r"[A-Za-z]{5,}")
_PARAGRAPH = re.compile(r"(?:^|\n\s*)(?=\S)")
_BREAK = re.compile(r"[ \t]*\n\s*")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"'“‘])")
_HEADINGS = ("Background", "The details", "What happened", "Further notes", "In brief", "Context", "The outlook")
_HIDDEN = "\u200b\u200c\u200d\u2060\ufeff"
# Cyrillic and Greek letters that common fonts draw like a Latin one, which comes first in each group.
_LOOKALIKE = {
    group[0]: group[1:]
    for group in """
    aа cсϲ dԁ eе hһ iі jј lӏ oоο pр sѕ xх yу
    AАΑ BВΒ CСϹ EЕΕ HНΗ IІΙ JЈ KКΚ MМΜ NΝ OОΟ PРΡ SЅ TТΤ XХΧ YУΥ ZΖ
    """.split()
}

# American and British forms; each is swapped for the other. Own list: common words whose two spellings differ.
SPELLINGS = dict(
    pair.split("/")
    for pair in """
    color/colour colors/colours favor/favour favorite/favourite honor/honour labor/labour neighbor/neighbour
    neighbors/neighbours behavior/behaviour rumor/rumour humor/humour center/centre centers/centres meter/metre
    theater/theatre liter/litre fiber/fibre defense/defence offense/offence license/licence analyze/analyse
    analyzed/analysed organize/organise organized/organised organization/organisation organizations/organisations
    realize/realise realized/realised recognize/recognise recognized/recognised criticize/criticise
    criticized/criticised emphasize/emphasise apologize/apologise apologized/apologised minimize/minimise
    maximize/maximise traveled/travelled traveling/travelling canceled/cancelled labeled/labelled modeling/modelling
    fulfill/fulfil enroll/enrol program/programme programs/programmes gray/grey tire/tyre plow/plough check/cheque
    jewelry/jewellery catalog/catalogue dialog/dialogue skeptical/sceptical toward/towards afterward/afterwards
    learned/learnt burned/burnt dreamed/dreamt aging/ageing judgment/judgement airplane/aeroplane mom/mum
    """.split()
)
# Words that can stand for each other in most sentences. Own list; each is swapped for the other.
SYNONYMS = dict(
    pair.split("/")
    for pair in """
    big/large begin/start began/started help/aid helps/aids show/reveal shows/reveals showed/revealed buy/purchase
    bought/purchased get/obtain got/obtained important/significant many/numerous use/employ used/employed make/create
    makes/creates made/created need/require needs/requires needed/required quick/rapid quickly/rapidly job/position
    said/stated says/states told/informed think/believe thinks/believes thought/believed kids/youngsters end/finish
    ended/finished enough/sufficient hard/difficult easy/simple often/frequently also/additionally but/however
    about/regarding idea/notion ideas/notions problem/issue problems/issues people/individuals place/location
    house/residence money/funds work/labour small/little smart/clever happy/glad sad/unhappy child/youngster
    children/youngsters different/distinct change/alteration changes/alterations whole/entire main/principal
    near/close maybe/perhaps keep/retain kept/retained give/provide gives/provides gave/provided ask/enquire
    asked/enquired answer/reply answered/replied try/attempt tried/attempted likely/probable biggest/largest
    """.split()
)


@dataclass(frozen=True, slots=True)
class Attack:
    """A named attack and what ought to survive it.

    Under ``marks`` every score should stay the same, under ``layout`` nearly; ``characters`` and ``words`` change what
    is written, so there the loss is measured.
    """

    name: str
    group: Group
    edits: Callable[[str, Random], Edits]

    def __call__(self, article: Article, seed: int = 0) -> Article:
        """Return the attacked article, its segments moved with the text; equal for equal seeds."""
        return edited(article, self.edits(article.text, Random(f"{seed} {self.name} {article.id}")))


def edited(article: Article, edits: Sequence[Edit]) -> Article:
    """Return ``article`` with ``edits`` made, which must be in order and must not overlap.

    What is put in at the border of a segment stands outside it. Raises ValueError for edits out of order.
    """
    place = moved(article.text, edits)
    segments = tuple((place(start, True), place(end, False)) for start, end in article.segments)
    return replace(article, text=apply(article.text, edits), segments=segments)


def apply(text: str, edits: Sequence[Edit]) -> str:
    """Return ``text`` with ``edits`` made."""
    pieces, before = [], 0
    for start, end, new in edits:
        if not before <= start <= end <= len(text):
            raise ValueError(f"the edit {(start, end, new)!r} overlaps the one before or lies outside the text")
        pieces += [text[before:start], new]
        before = end
    return "".join([*pieces, text[before:]])


def moved(text: str, edits: Sequence[Edit]) -> Callable[[int, bool], int]:
    """Return a function from a place in ``text`` to its place after ``edits``.

    Its second argument tells whether the place begins a span: then what is put in there comes before it.
    """
    from bisect import bisect_left, bisect_right

    starts, ends = [e[0] for e in edits], [e[1] for e in edits]
    shifts = [0]
    for start, end, new in edits:
        shifts.append(shifts[-1] + len(new) - (end - start))

    def place(at: int, begins: bool) -> int:
        done = bisect_right(ends, at) if begins else min(bisect_right(ends, at), bisect_left(starts, at))
        if done < len(edits) and starts[done] < at < ends[done]:
            # Inside a replaced stretch: as far into the new one as it was into the old, at most to its end.
            return starts[done] + shifts[done] + min(at - starts[done], len(edits[done][2]))
        return at + shifts[done]

    return place


def _some(found: Iterator[re.Match[str]], share: float, random: Random) -> Iterator[re.Match[str]]:
    return (match for match in found if random.random() < share)


def _insertions(text: str, pattern: re.Pattern[str], marks: str, share: float, random: Random) -> Edits:
    edits = []
    for word in _some(pattern.finditer(text), share, random):
        at = random.randrange(word.start() + 1, word.end())
        edits.append((at, at, random.choice(marks)))
    return edits


def hidden_characters(text: str, random: Random) -> Edits:
    """Put zero-width characters into a third of the longer words."""
    return _insertions(text, _LONG_WORD, _HIDDEN, 0.33, random)


def soft_hyphens(text: str, random: Random) -> Edits:
    """Put soft hyphens into a third of the longer words."""
    return _insertions(text, _LONG_WORD, "\u00ad", 0.33, random)


def lookalikes(text: str, random: Random) -> Edits:
    """Write a tenth of the letters that have a Cyrillic or Greek double as that double."""
    found = _some(re.finditer(f"[{''.join(_LOOKALIKE)}]", text), 0.1, random)
    return [(match.start(), match.end(), random.choice(_LOOKALIKE[match[0]])) for match in found]


def curly_quotes(text: str, random: Random) -> Edits:
    """Write straight quotes and apostrophes as curly ones, opening after a blank or a bracket."""
    edits = []
    for match in re.finditer("[\"']", text):
        opens = match.start() == 0 or text[match.start() - 1] in " \n\t([{-—"
        edits.append((match.start(), match.end(), {'"': "”“", "'": "’‘"}[match[0]][opens]))
    return edits


def straight_quotes(text: str, random: Random) -> Edits:
    """Write curly quotes and apostrophes as straight ones."""
    return [(m.start(), m.end(), '"' if m[0] in "“”„" else "'") for m in re.finditer("[“”„‘’‚]", text)]


def blanks(text: str, random: Random) -> Edits:
    """Double half of the blanks and end lines with blanks."""
    edits = [(m.end(), m.end(), " ") for m in _some(re.finditer("(?<! ) (?! )", text), 0.5, random)]
    edits += [(m.start(), m.start(), random.choice((" ", "  ", "\t"))) for m in re.finditer(r"(?<=\S)(?:\n|\Z)", text)]
    return sorted(edits)


def crlf(text: str, random: Random) -> Edits:
    """End lines with carriage return and line feed."""
    return [(m.start(), m.start(), "\r") for m in re.finditer(r"(?<!\r)\n", text)]


def emphasis(text: str, random: Random) -> Edits:
    """Set a tenth of the words in Markdown emphasis."""
    edits = []
    for word in _some(re.finditer(r"(?<![\w*_'’-])[A-Za-z]{2,}(?![\w*_'’-])", text), 0.1, random):
        mark = random.choice(("*", "**", "_", "***"))
        edits += [(word.start(), word.start(), mark), (word.end(), word.end(), mark)]
    return edits


def lower_case(text: str, random: Random) -> Edits:
    """Write everything in lower case."""
    return [(m.start(), m.end(), m[0].lower()) for m in re.finditer(r"[^\W\d_]", text) if m[0].lower() != m[0]]


def upper_case(text: str, random: Random) -> Edits:
    """Write everything in capitals."""
    return [(m.start(), m.end(), m[0].upper()) for m in re.finditer(r"[^\W\d_]", text) if m[0].upper() != m[0]]


def one_paragraph(text: str, random: Random) -> Edits:
    """Put a blank in place of every line break, and of empty lines."""
    return [(m.start(), m.end(), " ") for m in _BREAK.finditer(text) if m.start() and m.end() < len(text)]


def _openings(text: str) -> list[int]:
    """Return where paragraphs begin or, in a text of one or two, where every third sentence does."""
    paragraphs = [match.end() for match in _PARAGRAPH.finditer(text)]
    if len(paragraphs) > 2:
        return paragraphs
    return sorted({*paragraphs, *[match.end() for match in _SENTENCE.finditer(text)][2::3]})


def _set_off(text: str, at: int) -> str:
    """Return the line breaks that are wanting before a paragraph that is to begin at ``at``."""
    before = text[:at].rstrip(" \t")
    return "" if not before or before.endswith("\n\n") else "\n" if before.endswith("\n") else "\n\n"


def marked_headings(text: str, random: Random) -> Edits:
    """Put Markdown headings before every other paragraph."""
    return [(at, at, f"{_set_off(text, at)}## {random.choice(_HEADINGS)}\n\n") for at in _openings(text)[::2]]


def plain_headings(text: str, random: Random) -> Edits:
    """Put headings before every other paragraph, as lines without marks."""
    return [(at, at, f"{_set_off(text, at)}{random.choice(_HEADINGS)}\n\n") for at in _openings(text)[::2]]


def bullets(text: str, random: Random) -> Edits:
    """Begin every paragraph with a bullet."""
    mark = random.choice(("- ", "* ", "• "))
    return [(at, at, _set_off(text, at)[:1] + mark) for at in _openings(text)]


def misspellings(text: str, random: Random) -> Edits:
    """Swap, drop or double a letter inside every twentieth word of five letters or more."""
    edits = []
    for word in _some(_LONG_WORD.finditer(text), 0.05, random):
        at = random.randrange(word.start() + 1, word.end() - 1)
        pair = text[at : at + 2]
        edits.append((at, at + 2, random.choice((pair[::-1], pair[1], pair[0] + pair))))
    return edits


def articles_deleted(text: str, random: Random) -> Edits:
    """Leave out half of the words a, an and the."""
    found = _some(re.finditer(r"\b(?:a|an|the|A|An|The) (?=\w)", text), 0.5, random)
    return [(match.start(), match.end(), "") for match in found]


def numbers_swapped(text: str, random: Random) -> Edits:
    """Replace half of the digits by others."""
    found = _some(re.finditer("[0-9]", text), 0.5, random)
    return [(m.start(), m.end(), random.choice("0123456789".replace(m[0], ""))) for m in found]


def _both_ways(pairs: dict[str, str]) -> dict[str, str]:
    return {new: old for old, new in pairs.items()} | pairs


def _swaps(text: str, pairs: dict[str, str], share: float, random: Random) -> Edits:
    edits = []
    for word in _WORD.finditer(text):
        new = pairs.get(word[0].lower())
        if new is not None and random.random() < share:
            edits.append((word.start(), word.end(), new.capitalize() if word[0][0].isupper() else new))
    return edits


def alternative_spelling(text: str, random: Random) -> Edits:
    """Write American spellings the British way and the other way round."""
    return _swaps(text, _both_ways(SPELLINGS), 1.0, random)


def synonyms(text: str, random: Random) -> Edits:
    """Put a synonym in place of half of the words that have one in a short list."""
    return _swaps(text, _both_ways(SYNONYMS), 0.5, random)


ATTACKS = (
    Attack("zero-width characters", "marks", hidden_characters),
    Attack("soft hyphens", "marks", soft_hyphens),
    Attack("homoglyphs", "marks", lookalikes),
    Attack("curly quotes", "marks", curly_quotes),
    Attack("straight quotes", "marks", straight_quotes),
    Attack("doubled and trailing blanks", "marks", blanks),
    Attack("CRLF", "marks", crlf),
    Attack("emphasis marks", "marks", emphasis),
    Attack("all lower case", "layout", lower_case),
    Attack("all capitals", "layout", upper_case),
    Attack("paragraph breaks removed", "layout", one_paragraph),
    Attack("headings added, marked", "layout", marked_headings),
    Attack("headings added, plain", "layout", plain_headings),
    Attack("bullets added", "layout", bullets),
    Attack("misspelling", "characters", misspellings),
    Attack("number swap", "characters", numbers_swapped),
    Attack("alternative spelling", "characters", alternative_spelling),
    Attack("article deletion", "words", articles_deleted),
    Attack("synonym swaps", "words", synonyms),
)
