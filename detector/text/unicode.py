"""Folds of single characters: quotes, dashes, blanks, hidden ones, accents, look-alikes of Latin letters.

Positions are code points. An edit `(start, end, replacement)` replaces `text[start:end]`; edits are sorted
and do not overlap. Folds that keep the length are done in place and need no edit.
"""

import re
import unicodedata
from collections import Counter
from functools import cache
from os.path import dirname, join
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Edit = tuple[int, int, str]
Codes = NDArray[np.uint32]

EN_DASH = "\u2013"
LONG_DASH = "\u2014"
BULLET = "\u2022"

EXPANSIONS = {
    "\u2026": "...", "\u2025": "..", "\u203c": "!!", "\u2047": "??", "\u2048": "?!", "\u2049": "!?",
    "\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl",
    "\ufb05": "st", "\ufb06": "st",
}  # fmt: skip

_HIDDEN_RANGES = {
    "soft hyphen": [(0xAD, 0xAD)],
    "zero-width space": [(0x200B, 0x200B)],
    "zero-width non-joiner": [(0x200C, 0x200C)],
    "zero-width joiner": [(0x200D, 0x200D)],
    "word joiner": [(0x2060, 0x2060)],
    "byte order mark": [(0xFEFF, 0xFEFF)],
    "direction mark": [(0x61C, 0x61C), (0x200E, 0x200F), (0x202A, 0x202E), (0x2066, 0x2069)],
    "variation selector": [(0x180B, 0x180F), (0xFE00, 0xFE0F), (0xE0100, 0xE01EF)],
    "tag character": [(0xE0000, 0xE007F)],
    "invisible filler": [
        (0x34F, 0x34F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x2061, 0x2065), (0x206A, 0x206F),
        (0x3164, 0x3164), (0xFFA0, 0xFFA0), (0xFFF9, 0xFFFB), (0x1D173, 0x1D17A),
    ],
}  # fmt: skip
HIDDEN = {c: name for name, spans in _HIDDEN_RANGES.items() for a, b in spans for c in range(a, b + 1)}
HIDDEN_NAMES = tuple(_HIDDEN_RANGES)

# Drawn alike in common fonts. Greek alpha, gamma, nu and their like are missing on purpose: "TNFα" hides
# nothing.
LOOKALIKES = dict(
    zip(
        "АВЕЅІЈКМНОРСТУХԌԚԜҮҺаеѕіјкорсухԁԛԝһӏѵΑΒΕΖΗΙΚΜΝΟΡΤΥΧοϲϹϳοսոհցօԼՕՏՍɑɡɩⲟⲣⲤⲥ",
        "ABESIJKMHOPCTYXGQWYhaesijkopcyxdqwhlvABEZHIKMNOPTYXocCjounhgoLOSUagiopCc",
        strict=True,
    )
)
# Alike enough inside a word of Latin letters, and letters in their own right elsewhere.
NEAR_LOOKALIKES = dict(zip("αγεηικνρτυχωкмнтв", "ayenikvptuxwkmhtb", strict=True))
_LEAST_SMALL = 2  # small Latin letters of a word in which they are folded: "TNFα" has none
_LATIN_END = 0x250
_REMOVE, _EXPAND, _CONTROL = 0, 1, 2  # stand-ins in the table; real control characters never survive it
_WORD = r"[^\W\d_]+"
_CLUSTER = r"[^\u0300-\u036f\u3099\u309a][\u0300-\u036f\u3099\u309a]++"


class Folded(NamedTuple):
    """The code points of a text after a fold, the edits still to make in it, and what was found, by name."""

    codes: Codes
    edits: list[Edit]
    found: Counter[str]


def codes_of(text: str) -> Codes:
    """Code points of `text`, lone surrogates included."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def text_of(codes: Codes) -> str:
    """Inverse of `codes_of`."""
    return codes.tobytes().decode("utf-32-le", "surrogatepass")


@cache
def _tables() -> tuple[Codes, Codes, Codes]:
    """Read a table for the code points below 65536, and sorted sources and targets for those above."""
    with np.load(join(dirname(__file__), "unicode.npz"), allow_pickle=False) as data:
        source, target = data["source"], data["target"]
    hidden = np.array(sorted(HIDDEN), np.uint32)
    low = np.arange(0x10000, dtype=np.uint32)
    for start, end in ((0, 9), (0xE, 0x20), (0x7F, 0xA0), (0xD800, 0xE000), (0xFFFE, 0x10000)):
        low[start:end] = _CONTROL
    low[source[source < 0x10000]] = target[source < 0x10000]
    low[hidden[hidden < 0x10000]] = _REMOVE
    low[[ord(c) for c in EXPANSIONS]] = _EXPAND
    hidden = hidden[hidden >= 0x10000]
    high = np.concatenate((source[source >= 0x10000], hidden))
    high_to = np.concatenate((target[source >= 0x10000], np.full(hidden.size, _REMOVE, np.uint32)))
    order = np.argsort(high)
    return low, high[order], high_to[order]


def doubled(text: str) -> str:
    """Return the characters of `text` that stand directly before themselves, with repetitions."""
    codes = np.frombuffer(text.encode(), np.uint8) if text.isascii() else codes_of(text)
    twice = codes[1:][codes[1:] == codes[:-1]]
    return twice.tobytes().decode() if twice.itemsize == 1 else text_of(twice)


def is_plain(text: str) -> bool:
    """Say whether `text` is ASCII without control characters but tab and line feed: no fold changes it."""
    if not text.isascii():
        return False
    codes = np.frombuffer(text.encode("ascii"), np.uint8)
    low = np.count_nonzero(codes < 32)
    return low == (text.count("\n") + text.count("\t") if low else 0) and "\x7f" not in text


def fold(text: str) -> Folded:
    """Fold every character by itself; hidden ones, ligatures and carriage returns are left to the edits."""
    low, high, high_to = _tables()
    codes = codes_of(text)
    folded = low.take(codes, mode="clip")
    if codes.size and codes.max() > 0xFFFF:
        at = np.flatnonzero(codes > 0xFFFF)
        wide = codes[at]
        place = np.minimum(np.searchsorted(high, wide), high.size - 1)
        folded[at] = np.where(high[place] == wide, high_to[place], wide)
    found: Counter[str] = Counter()
    edits: list[Edit] = []
    if folded.size and folded.min() < 9:
        control = folded == _CONTROL
        found["control"] = int(np.count_nonzero(control))
        folded[control] = 32
        for i in np.flatnonzero(folded < 9).tolist():
            if folded[i] == _REMOVE:
                edits.append((i, i + 1, ""))
                if not _belongs_to_emoji(codes, i):
                    found[HIDDEN[int(codes[i])]] += 1
            else:
                edits.append((i, i + 1, EXPANSIONS[text[i]]))
    if "\r" in text:
        returns = np.flatnonzero(folded == 13)
        before_feed = np.append(folded[1:], 0)[returns] == 10
        folded[returns[~before_feed]] = 10
        edits = sorted(edits + [(i, i + 1, "") for i in returns[before_feed].tolist()])
    return Folded(folded, edits, found)


def _belongs_to_emoji(codes: Codes, i: int) -> bool:
    """Whether the selector or joiner at `i` only shapes a pictograph: nothing is hidden by it."""
    return codes[i] in (0xFE0F, 0x200D) and i > 0 and (codes[i - 1] >= 0x203C or codes[i - 1] in (0xA9, 0xAE))


def settle(codes: Codes) -> Folded:
    """Fold what depends on neighbours: accents, the en dash, and letters that only look Latin.

    Expects a text that went through `fold` with its edits made. Accents that wait for their edits come
    first, alone.
    """
    high = codes[codes >= _LATIN_END]
    present = set(text_of(high if high.size < 1000 else np.unique(high))) - {LONG_DASH, BULLET}
    found: Counter[str] = Counter()
    if not present:
        return Folded(codes, [], found)
    if any("\u0300" <= c <= "\u036f" or c in "\u3099\u309a" for c in present):
        clusters = re.finditer(_CLUSTER, text_of(codes))
        composed = [(*m.span(), unicodedata.normalize("NFC", m[0])) for m in clusters]
        edits = [edit for edit in composed if len(edit[2]) < edit[1] - edit[0]]
        if edits:
            return Folded(codes, edits, found)
    if EN_DASH in present:
        codes = _en_dashes(codes)
    if not (present.isdisjoint(LOOKALIKES) and present.isdisjoint(NEAR_LOOKALIKES)):
        codes, found["lookalike"] = _latin(codes)
    return Folded(codes, [], found)


def _en_dashes(codes: Codes) -> Codes:
    """Read an en dash in a word or range as a hyphen, at the start of a line as a bullet, else as a dash."""
    padded = np.concatenate(([10], codes, [10])).astype(np.uint32)
    at = np.flatnonzero(codes == ord(EN_DASH))
    around = zip(text_of(padded[at]), text_of(padded[at + 2]), strict=True)
    joins = [(a.isalnum() and b.isalnum()) or (a == "\n" and b == " ") for a, b in around]
    codes = codes.copy()
    codes[at] = np.where(joins, ord("-"), ord(LONG_DASH))
    return codes


def _script(word: str) -> str:
    """`latin`, `mixed` (Latin letters and look-alikes), `alike` (look-alikes only) or `other`."""
    if word.isascii():
        return "latin"
    alike = near = latin = small = other = 0
    for c in word:
        if c in LOOKALIKES:
            alike += 1
        elif c in NEAR_LOOKALIKES:
            near += 1
        elif ord(c) < _LATIN_END or 0x1E00 <= ord(c) < 0x1F00:
            latin += 1
            small += "a" <= c <= "z"
        else:
            other += 1
    if not alike + near + other:
        return "latin"
    if latin and (alike or (near and small >= _LEAST_SMALL)):
        return "mixed"
    return "other" if near or other else "alike"


def _latin(codes: Codes) -> tuple[Codes, int]:
    """Fold look-alikes to Latin in a text that is mostly Latin; the count of letters folded.

    A word of look-alikes alone is left when a neighbouring word is plainly of another script.
    """
    text = text_of(codes)
    words = list(re.finditer(_WORD, text))
    scripts = [_script(m[0]) for m in words]
    length: Counter[str] = Counter()
    for m, script in zip(words, scripts, strict=True):
        length[script] += m.end() - m.start()
    if length["latin"] + length["mixed"] <= length["alike"] + length["other"]:
        return codes, 0
    codes, count = codes.copy(), 0
    for k, (m, script) in enumerate(zip(words, scripts, strict=True)):
        if script == "mixed" or (script == "alike" and "other" not in scripts[max(0, k - 1) : k + 2]):
            for i in range(*m.span()):
                letter = LOOKALIKES.get(text[i]) or NEAR_LOOKALIKES.get(text[i])
                if letter is not None:
                    codes[i] = ord(letter)
                    count += 1
    return codes, count
