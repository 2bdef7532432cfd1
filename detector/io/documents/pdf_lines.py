"""Lines of a printed page back to paragraphs: what the printer added is taken out, what it broke is joined."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

_EDGE = 3  # lines at the head and foot of a page that may be running lines
_GAP = 1.25  # of the usual distance between lines: more begins a paragraph
_SHORT = 0.8  # of the usual length of a line: less may end a paragraph
_LARGER, _SMALLER = 1.1, 0.96  # of the usual size: a heading, a footnote
_HEADING = 14  # words: a longer line in large letters is an introduction
_LEAST_BODY = 3  # lines of small print at the foot of a page that may be more than a footnote on their own
_PAGE_NUMBER = re.compile(r"\W*(?:page\s+)?(?:\d{1,4}|[ivxlc]{1,6})(?:\s*(?:of|/|\|)\s*\d{1,4})?\W*", re.IGNORECASE)
_NOTE = re.compile(r"(?:\d{1,3}|[*†‡])\s*\S")
_BULLET = re.compile(r"([•▪◦‣●○–\uf095\uf0b7\uf0a7])\s+(?=\S)")
_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "ft", "ﬆ": "st"})
_SOFT = "\u00ad\ufffe\x02"  # how a hyphen that only breaks a line is written
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_DIGITS = re.compile(r"\d+")
_BLANKS = re.compile(r"[ \t\xa0]+")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page, the size of most of its letters in points, and its height on the page."""

    text: str
    size: float
    height: float


def paragraphs(pages: Sequence[Sequence[Line]]) -> list[str]:
    """Return the paragraphs of ``pages`` in reading order, headings and list items in Markdown, footnotes last."""
    pages = [[_clean(line) for line in page] for page in pages]
    pages = _without_running_lines(pages)
    lines = [line for page in pages for line in page]
    if not lines:
        return []
    size = _usual(line.size for line in lines for _ in range(len(line.text)))
    body: list[Line | None] = []  # None: a page ends
    notes: list[Line] = []
    for page in pages:
        text, small = _split_notes(page, size)
        body += [*text, None]
        notes += small
    known = {word.lower() for line in lines for word in _WORD.findall(line.text)}
    return [*_joined(body, size, known), *_joined(list(notes), 0.0, known, notes=True)]


def _clean(line: Line) -> Line:
    return Line(_BLANKS.sub(" ", line.text.translate(_LIGATURES)).strip(), line.size, line.height)


def _without_running_lines(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """Drop page numbers, and what stands at the edge of at least half the pages (of two at least)."""
    seen = Counter(key for page in pages for key in {_key(line) for line in (*page[:_EDGE], *page[-_EDGE:])})
    often = max(2, (len(pages) + 1) // 2)
    kept = []
    for page in pages:
        last = len(page) - _EDGE
        kept.append(
            [
                line
                for place, line in enumerate(page)
                if not ((place < _EDGE or place >= last) and (seen[_key(line)] >= often or _is_number(line)))
            ]
        )
    return kept


def _key(line: Line) -> str:
    return _DIGITS.sub("#", line.text.lower())


def _is_number(line: Line) -> bool:
    return _PAGE_NUMBER.fullmatch(line.text) is not None


def _usual(values: Iterator[float]) -> float:
    return Counter(values).most_common(1)[0][0]


def _split_notes(page: Sequence[Line], size: float) -> tuple[list[Line], list[Line]]:
    """Part a page into its text and the small print at its foot that begins as a footnote does."""
    first = len(page)
    while first and page[first - 1].size < _SMALLER * size:
        first -= 1
    while first < len(page) and not _NOTE.match(page[first].text):
        first += 1
    if first == 0 and len(page) > _LEAST_BODY:  # all in small print: a page of notes, read as it stands
        return list(page), []
    return list(page[:first]), list(page[first:])


def _joined(lines: Sequence[Line | None], size: float, known: set[str], *, notes: bool = False) -> Iterator[str]:
    """Yield paragraphs: a line goes on with the next one unless place, size or length speak against it."""
    real = [line for line in lines if line is not None]
    if not real:
        return
    length = sorted(len(line.text) for line in real)[int(0.75 * (len(real) - 1))]
    pitch = _pitch(lines)
    text, before, turned = "", None, False
    for line in lines:
        if line is None:
            turned = True
            continue
        if before is not None and _breaks(before, line, size, length, None if turned else pitch, notes=notes):
            yield _marked(text, before, size)
            text = ""
        text = _glued(text, _BULLET.sub("- ", line.text, count=1) if _BULLET.match(line.text) else line.text, known)
        before, turned = line, False
    if before is not None:
        yield _marked(text, before, size)


def _pitch(lines: Sequence[Line | None]) -> float:
    """Return the usual distance between a line and the next one, 0 when none is known."""
    steps = [
        round(first.height - second.height, 1)
        for first, second in pairwise(lines)
        if first is not None and second is not None and first.height > second.height
    ]
    return Counter(steps).most_common(1)[0][0] if steps else 0.0


def _breaks(first: Line, second: Line, size: float, length: int, pitch: float | None, *, notes: bool) -> bool:
    """Tell whether a paragraph ends between two lines; ``pitch`` is None over the end of a page."""
    if _BULLET.match(second.text) or (notes and _NOTE.match(second.text)):
        return True
    if abs(first.size - second.size) > (_LARGER - 1) * max(first.size, second.size):
        return True
    if first.text[-1:] == "-" or first.text[-1:] in _SOFT:
        return False
    step = first.height - second.height
    if pitch and step > _GAP * pitch * max(1.0, first.size / size if size else 1.0):
        return True
    is_short = len(first.text) < _SHORT * length
    if pitch is None:  # over a page: only a full stop on a short line is an end
        return is_short and first.text[-1:] in ".!?\"'”’"
    starts = not second.text[:1].islower()
    return is_short and starts and (first.text[-1:] not in ",;" or bool(_BULLET.match(first.text)))


def _marked(text: str, line: Line, size: float) -> str:
    """Return a paragraph, as a Markdown heading when it is short and in large letters."""
    if size and line.size > _LARGER * size and len(text.split()) <= _HEADING:
        return f"# {text}"
    return text


def _glued(text: str, line: str, known: set[str]) -> str:
    """Return ``text`` with the next line, a word broken between them made whole."""
    if not text:
        return line
    if text[-1] in _SOFT:
        return text[:-1] + line
    if text[-1] != "-" or text[-2:-1].isspace():
        return f"{text} {line}"
    head, tail = _WORD.findall(text[:-1].rpartition(" ")[2]), _WORD.match(line)
    if not head or tail is None or not line[0].islower() or text[-2].isdigit():
        return text + line
    broken = f"{head[-1]}-{tail[0]}".lower()
    whole = f"{head[-1]}{tail[0]}".lower()
    keeps = broken in known and whole not in known  # written with a hyphen elsewhere in this document
    return (text if keeps else text[:-1]) + line
