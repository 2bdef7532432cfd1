"""Generate `detector/text/unicode.npz`, the one-to-one folds of the Unicode code points.

Run `python -m detector.training.unicode_tables`. The file is shipped rather than computed at start-up so
that a score does not depend on the Unicode version of the running Python, and no start pays for 1.1 million
look-ups.
"""

import sys
import unicodedata
from pathlib import Path

import numpy as np

from detector.text.unicode import BULLET, EN_DASH, EXPANSIONS, HIDDEN, LONG_DASH, LOOKALIKES

TARGET = Path(__file__).parent.parent / "text" / "unicode.npz"

SINGLE_QUOTES = (
    "\u2018\u2019\u201a\u201b\u2032\u2035\u2039\u203a\u00b4\u02b9\u02bb\u02bc\u02c8\u055a\u275b\u275c\uff07\uff40"
)
DOUBLE_QUOTES = (
    "\u201c\u201d\u201e\u201f\u2033\u2036\u00ab\u00bb\u02ba\u275d\u275e\u300c\u300d\u300e\u300f\u301d\u301e\u301f\uff02"
)
HYPHENS = "\u2010\u2011\u2012\u2212\ufe63\uff0d\u02d7\u1806\u2796"
# The en dash is missing on purpose: what it stands for depends on its neighbours, see `unicode.settle`.
LONG_DASHES = "\u2014\u2015\u2e3a\u2e3b\ufe31\ufe32\ufe58\u2500\u2501"
BLANKS = (
    "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\u2800"
)
LINE_BREAKS = "\x0b\x0c\x85\u2028\u2029"
BULLETS = (
    "\u2023\u2043\u204c\u204d\u2219\u25a0\u25aa\u25b6\u25b8\u25ba\u25c6\u25cf\u25cb\u25e6\u2756\u27a4\u27a2\uf0b7"
)

# Tags of a compatibility mapping that say "the same character in another dress". Left out are <super>,
# <sub> and <fraction>, which change what a number means, and the Arabic presentation forms, which no
# English text needs.
SAME_CHARACTER = {"<font>", "<wide>", "<narrow>", "<compat>", "<noBreak>"}
DRESSED_LETTER = {"<circle>", "<square>"}


def fold_of(character: str) -> str:
    """Return the one character that stands for `character`, or `character` itself."""
    parts = unicodedata.decomposition(character).split()
    if not parts:
        return character
    folded = unicodedata.normalize("NFKC", character)
    if len(folded) != 1:
        return character
    if not parts[0].startswith("<") or parts[0] in SAME_CHARACTER:
        return folded
    if parts[0] in DRESSED_LETTER and folded.isascii() and folded.isalpha():
        return folded
    return character


def folds() -> dict[int, int]:
    """Every one-to-one fold, source code point to target code point; targets are not themselves folded."""
    table = {
        code: ord(folded)
        for code in range(0x80, sys.maxunicode + 1)
        if not 0xD800 <= code <= 0xDFFF and (folded := fold_of(chr(code))) != chr(code)
    }
    for code in range(0x80, 0xA0):  # Windows-1252 read as Latin-1: nobody means these controls
        meant = bytes([code]).decode("cp1252", "ignore")
        if meant:
            table[code] = ord(meant)
    for characters, target in (
        (SINGLE_QUOTES, "'"),
        (DOUBLE_QUOTES, '"'),
        (HYPHENS, "-"),
        (LONG_DASHES, LONG_DASH),
        (BLANKS, " "),
        (LINE_BREAKS, "\n"),
        (BULLETS, BULLET),
    ):
        for character in characters:
            table[ord(character)] = ord(target)
    for code in [*map(ord, EXPANSIONS), *map(ord, LOOKALIKES), *HIDDEN, ord(LONG_DASH), ord(EN_DASH)]:
        table.pop(code, None)
    while any(target in table for target in table.values()):
        table = {code: table.get(target, target) for code, target in table.items()}
    dropped = {code for code, target in table.items() if target in HIDDEN or chr(target) in EXPANSIONS}
    return {code: target for code, target in sorted(table.items()) if code not in dropped}


def main() -> None:
    """Write the file."""
    table = folds()
    np.savez_compressed(
        TARGET,
        source=np.array(list(table), np.uint32),
        target=np.array(list(table.values()), np.uint32),
    )
    print(f"{TARGET}: {len(table)} folds of Unicode {unicodedata.unidata_version}")


if __name__ == "__main__":
    main()
