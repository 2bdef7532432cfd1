"""Inline comments that switch the judgement off: ``<!-- detector: off -->`` … ``<!-- detector: on -->``.

They are HTML comments because Markdown and HTML hide those and plain text bears them. What
stands between is masked by blanks, one for one, so that offsets still index the text as given.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from detector.io.show import visible
from detector.io.width import shorten

Span = tuple[int, int]

_COMMENT = re.compile(r"<!--\s*+detector\b([^<>]{0,100}?)-->", re.IGNORECASE)
_FENCE = re.compile(r"(?m)^[ \t]*+(?:>[ \t]*+)*+(`{3,}+|~{3,}+)([^`\n]*+)$")
_MASKED = re.compile(r"[^\n]")
_SHOWN = 40
_MOST_NOTES = 5


@dataclass(frozen=True, slots=True)
class Masked:
    """A text with its switched-off parts blank: as long as the one given, with notes on what was done.

    ``spans`` are the parts, comments and all.
    """

    text: str
    spans: tuple[Span, ...] = ()
    notes: tuple[str, ...] = ()


def mask(text: str) -> Masked:
    """Return ``text`` with blanks in the place of what its comments switch off.

    Comments inside code are examples and do nothing. An ``off`` that is never closed runs to the end.
    """
    if "<!--" not in text or "detector" not in text.lower():
        return Masked(text)
    notes: list[str] = []
    spans: list[Span] = []
    opened = -1
    for found in _comments(text):
        word = found[1].strip(" \t\r\n:-").lower()
        if word == "off":
            opened = found.start() if opened < 0 else opened
        elif word == "on":
            if opened >= 0:
                spans.append((opened, found.end()))
            opened = -1
        elif found[1].lstrip()[:1] in (":", "-") and len(notes) < _MOST_NOTES:
            comment = shorten(visible(found[0]), _SHOWN)
            notes.append(f'line {_line(text, found.start())}: "{comment}" says neither off nor on, and does nothing')
    if opened >= 0:
        spans.append((opened, len(text)))
        notes.append(f"the detector: off comment of line {_line(text, opened)} is never closed: it runs to the end")
    if spans:
        words = sum(_words(text[start:end]) for start, end in spans)
        notes.insert(0, f"{words} words are switched off by detector: off comments and were not judged")
    return Masked(_blanked(text, spans), tuple(spans), tuple(notes))


def switches(part: str) -> bool:
    """Say whether a comment to the detector stands in ``part`` of a text."""
    return "<!--" in part and _COMMENT.search(part) is not None


def _comments(text: str) -> Iterator[re.Match[str]]:
    """Find the comments that stand in no code block and in no code span."""
    code = list(_code_blocks(text)) if "```" in text or "~~~" in text else []
    starts = [block[0] for block in code]
    for found in _COMMENT.finditer(text):
        start, end = found.span()
        quoted = text[start - 1 : start] == "`" == text[end : end + 1]
        block = bisect_right(starts, start) - 1
        if not quoted and (block < 0 or start >= code[block][1]):
            yield found


def _code_blocks(text: str) -> Iterator[Span]:
    """Find fenced blocks; a fence that is never closed opens none."""
    opening: re.Match[str] | None = None
    for fence in _FENCE.finditer(text):
        if opening is None:
            opening = fence
        elif fence[1].startswith(opening[1]) and not fence[2].strip():
            yield opening.start(), fence.end()
            opening = None


def _words(part: str) -> int:
    return len(_COMMENT.sub(" ", part).split())


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _begins_block(text: str, at: int) -> bool:
    """Say whether nothing stands before ``at`` on its line, nor on the line above."""
    line = text.rfind("\n", 0, at) + 1
    above = text.rfind("\n", 0, max(line - 1, 0)) + 1
    return not text[above:at].strip()


def _blanked(text: str, spans: list[Span]) -> str:
    pieces: list[str] = []
    before = 0
    for start, end in spans:
        blank = _MASKED.sub(" ", text[start:end])
        if _begins_block(text, start):
            blank = blank[:-1] + "\n"  # or four blanks before the words that follow would read as code
        pieces += (text[before:start], blank)
        before = end
    return "".join([*pieces, text[before:]])
