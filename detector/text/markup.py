"""Markdown and HTML remains: what to remove from a text so that its words stay and its marks do not.

Each stage reads a text and returns edits, and spans of it that the marks call headings or list items. All
patterns use possessive quantifiers or stop at the next mark: every stage takes linear time on any text.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator

from detector.text.html import html
from detector.text.marks import Marks, compiled
from detector.text.unicode import LONG_DASH, Edit, doubled

Stage = Callable[[str], Marks]

_LINE_MARK = re.compile(r"\n[ \t]*+(?:[#>*+•|=~_:-]|\d{1,3}[.)][ \t]|\([A-Za-z0-9]{1,5}\)[ \t]|[A-Za-z]\)[ \t])")
_BLANKED = str.maketrans(dict.fromkeys("*_~`#[]<>|&\\=+\u2022", " "))


def stages(text: str) -> Iterator[Stage]:
    """Name the stages that `text` may need, in order; each is to be given the text the one before it left.

    Most texts need none, and finding that out is much of what normalising them costs: a search for one
    character takes a tenth of the time of a search for two, so the doubled characters are looked up once
    and for all.
    """
    twice = doubled(text)
    indented = (" " in twice and "\n    " in text) or ("\t" in text and "\n\t" in text)
    if "`" in twice or "~" in twice or indented or text.lstrip()[:3] in ("---", "+++"):
        yield blocks
    tagged = "<" in text or "&" in text
    if tagged:
        yield html
    if tagged or _LINE_MARK.search(text) or _LINE_MARK.match("\n" + text[:200]):
        yield lines
    if (
        "*" in text
        or "_" in text
        or "`" in text
        or "\\" in text
        or ("[" in text and ("](" in text or "[^" in text or "][" in text or "]:" in text))
        or "-" in twice
        or "'" in twice
        or "~" in twice
    ):
        yield inline


def blanked(text: str) -> str:
    """`text` with every mark character made a blank, for texts that hide marks in marks without end."""
    return text.translate(_BLANKED)


# Blocks that are not prose

_FENCE = r"(?m)^[ \t]*+(?:>[ \t]*+)*+(`{3,}+|~{3,}+)([^`\n]*+)$"
_PROSE_FENCE = {"markdown", "md", "text", "txt", "html", "plaintext", "plain"}
_FRONT = r"\s*+(---|\+\+\+)[ \t]*+\n"
_FRONT_LINE = {
    "---": r"[ \t]*+(?:[\w.-]++[ \t]*+:(?:[ \t].*+)?|#.*+|-(?:[ \t].*+)?)?|[ \t]++\S.*+",
    "+++": r"[ \t]*+(?:[\w.\"-]++[ \t]*+=.*+|\[.*+|\].*+|#.*+|\".*+)?",
}
_LOOKS_MARKDOWN = r"(?m)^(?:#{1,6} \S|```|~~~)|\]\(https?:"
_INDENTED = r"(?m)(?:\A|(?<=\n\n))(?:(?: {4}|\t)[^\n]*+(?:\n|\Z)(?:[ \t]*+\n(?= {4}|\t))*+)++"
_ITEM_START = r"[ \t]*+(?:[-*+•]|\d{1,3}[.)])[ \t]"


def blocks(text: str) -> Marks:
    """Front matter, fenced code and, in a text that is otherwise Markdown, indented code."""
    marks = Marks()
    at = _front_matter(text, marks)
    at = _fences(text, at, marks)
    if ("\n    " in text or "\n\t" in text) and compiled(_LOOKS_MARKDOWN).search(text):
        _indented(text, marks)
    return marks


def _front_matter(text: str, marks: Marks) -> int:
    """Mark the front matter, if the text begins with one; where the text goes on."""
    opening = compiled(_FRONT).match(text)
    if not opening:
        return 0
    kind, at, keys = opening[1], opening.end(), 0
    for line in text[at : at + 20_000].split("\n")[:200]:
        if line.rstrip() in (kind, "..."):
            if not keys:
                return 0
            marks.edits.append((0, at + len(line), ""))
            marks.found["front matter"] += 1
            return at + len(line)
        if not compiled(_FRONT_LINE[kind]).fullmatch(line):
            return 0
        keys += (":" if kind == "---" else "=") in line
        at += len(line) + 1
    return 0


def _fences(text: str, at: int, marks: Marks) -> int:
    """Mark fenced code from `at` on; fences around prose lose only their own lines."""
    fences = list(compiled(_FENCE).finditer(text, at))
    longest: dict[str, list[int]] = {"`": [0], "~": [0]}  # closing fences from the end on
    for m in reversed(fences):
        for kind, best in longest.items():
            closes = m[1][0] == kind and not m[2].strip()
            best.append(max(best[-1], len(m[1]) if closes else 0))
    opening: re.Match[str] | None = None
    for k, m in enumerate(fences):
        if opening is None:
            if longest[m[1][0]][len(fences) - k - 1] >= len(m[1]):
                opening = m
            else:
                marks.edits.append((*m.span(), ""))
        elif m[1][0] == opening[1][0] and len(m[1]) >= len(opening[1]) and not m[2].strip():
            whole = opening.start() <= at + 2 and not text[m.end() :].strip()
            language = opening[2].strip().lower()
            if language in _PROSE_FENCE or (whole and not language):
                marks.edits += [(*opening.span(), ""), (*m.span(), "")]
            else:
                marks.edits.append((opening.start(), m.end(), ""))
                marks.found["code"] += 1
            opening = None
    return fences[-1].end() if fences else at


def _indented(text: str, marks: Marks) -> None:
    """Mark indented code: it follows an empty line but no list item, and is not marked already."""
    taken = list(marks.edits)
    starts = [edit[0] for edit in taken]
    for m in compiled(_INDENTED).finditer(text):
        k = bisect_left(starts, m.end())
        if k and taken[k - 1][1] > m.start():
            continue
        last = m.start()
        while last and text[last - 1] in " \t\n":
            last -= 1
        above = text.rfind("\n", 0, last) + 1
        in_item = text[above : above + 1] in (" ", "\t") or compiled(_ITEM_START).match(text, above)
        if m[0].strip() and not in_item:
            marks.edits.append((m.start(), m.end(), "\n"))
            marks.found["code"] += 1
    marks.edits.sort()


# Lines

_RULE = r"[ \t]*+([-*_=~+#—])(?:[ \t]*+\1)*+[ \t]*+"
_UNDERLINE = r"[ \t]*+(?:={2,}+|-{2,}+)[ \t]*+"
_DELIMITERS = r"[ \t]*+(?=[^\n]*?\|)(?=[^\n]*?-)[|:\- \t]++"
_PREFIX = (
    r"[ \t]*+(?:(?:>[ \t]?+|#{1,6}[ \t]++|[-*+•][ \t]++(?:\[[ xX]\][ \t]++)?+|\d{1,3}[.)][ \t]++"
    r"|\((?:[A-Za-z]|\d{1,2}|[ivx]{1,5})\)[ \t]++|[A-Za-z]\)[ \t]++)[ \t]*+)++(?=\S)"
)
_HASHES = r"[ \t]++#++[ \t]*+$"
_STRONG_LINE = r"[ \t]*+(\*\*|__)(?![\s*_])[^*_]{1,120}+(?<![\s.!?,;])\1:?[ \t]*+"


def lines(text: str) -> Marks:
    """Headings, underlines, rules, list marks, quotation marks of Markdown, and tables."""
    marks = Marks()
    start = 0
    above, above_start, above_alone, in_table = "", 0, True, False
    for line in text.split("\n"):
        end = start + len(line)
        body = line.strip(" \t")
        alone = not above
        if body and _starts_mark(body):
            if compiled(_UNDERLINE).fullmatch(line) and above and above_alone and len(above) <= 120:
                marks.headings.append((above_start, above_start + len(above)))
                marks.edits.append((start, end, ""))
                body = ""
            elif (rule := compiled(_RULE).fullmatch(line)) and body.count(rule[1]) >= 3:
                marks.edits.append((start, end, ""))
                body = ""
            elif not body.strip("> \t"):
                marks.edits.append((start, end, ""))  # an empty line of a quotation
                body = ""
            elif compiled(_DELIMITERS).fullmatch(line):
                if "|" in above and not in_table:
                    _pipes(text, above_start, above_start + len(above), marks)
                marks.edits.append((start, min(end + 1, len(text)), ""))
                in_table = True
            else:
                in_table = _pipes(text, start, end, marks) if _is_row(body, in_table) else False
                if not in_table:
                    _prefix(text, start, end, above, marks)
        elif body and in_table and "|" in body:
            _pipes(text, start, end, marks)
        else:
            in_table = False
        above, above_start, above_alone = body and line, start, alone
        start = end + 1
    marks.edits.sort()
    return marks


def _starts_mark(body: str) -> bool:
    first = body[0]
    return first in "#>*+•|=~_:-—(" or first.isdigit() or body[1:2] == ")" or body[-1] == "|"


def _is_row(body: str, in_table: bool) -> bool:
    return (body[0] == "|" and body.count("|") > 1) or (in_table and "|" in body)


def _pipes(text: str, start: int, end: int, marks: Marks) -> bool:
    at = text.find("|", start, end)
    while at >= 0:
        marks.edits.append((at, at + 1, " "))
        at = text.find("|", at + 1, end)
    return True


def _prefix(text: str, start: int, end: int, above: str, marks: Marks) -> None:
    """Mark the quotation marks, hashes, bullets and numbers before the words of one line."""
    m = compiled(_PREFIX).match(text, start, end)
    begin = start
    if m:
        prefix = m[0].replace(">", " ").strip()
        wrapped = len(above) > 40 and above.rstrip()[-1:].isalnum() and not compiled(_PREFIX).match(above)
        if prefix[:1].isdigit() and wrapped:
            return  # a wrapped sentence that goes on with a figure
        begin = m.end()
        marks.edits.append((start, begin, ""))
        if "#" in prefix:
            marks.headings.append((begin, end))
            if closing := compiled(_HASHES).search(text, max(begin, end - 50), end):
                marks.edits.append((*closing.span(), ""))
            return
        if prefix:
            marks.items.append((begin, end))
            return
    if compiled(_STRONG_LINE).fullmatch(text, begin, end):
        marks.headings.append((begin, end))


# Inside lines

_NO_GAP = r"(?:[^{0}\n]|\n(?![ \t]*+\n))*+"
_IMAGE = r"!\[[^\[\]]*+\]\((?:[^()\n]|\([^()\n]*+\))*+\)"
_LINK = r"\[([^\[\]]*+)\](?:\((?:[^()\n]|\([^()\n]*+\))*+\)|\[[^\[\]\n]*+\])"
_DEFINITION = r"(?m)^[ \t]*+\[[^\[\]\n]++\]:[ \t]*+\S++[^\n]*+$"
_FOOTNOTE = r"\[\^[^\[\]\s]++\]:?"
# Patterns begin with the mark itself, and look behind it from there, so that the search can leap from mark
# to mark.
_CODE = r"(`(?<!``)`?+)(?!`)[^`\n]++(\1)(?!`)"
_TICKS = r"``*+"
_TICKS_READ = {1: "'", 2: '"'}  # typed as opening quotation marks
_STARS = r"(\*(?<![\w*]\*)\*{0,2}+)(?![\s*])" + _NO_GAP.format("*") + r"(?<!\s)(\1)(?!\*)(?:(?<=\*\*)|(?!\w))"
_UNDERSCORES = r"(_(?<!\w_)_{0,2}+)(?![\s_])" + _NO_GAP.format("_") + r"(?<!\s)(\1)(?!\w)"
_STRIKES = r"(~~(?<!~~~))(?![\s~])" + _NO_GAP.format("~") + r"(?<!\s)(\1)(?!~)"
_ESCAPES = r"\\(?<!\\\\)\\*+(?=[*_#\[\]()<>~`|+.!{}-])"
_DASHES = r"--(?<!<!--)(?:(?<=[ \n]--)-?+(?=[ \n])|(?<=[\w.,;!?'\")]--)-?+(?=[\w'\"( \n]))"
_APOSTROPHES = r"'''*+"


def inline(text: str) -> Marks:
    """Images, links, code marks, emphasis, escapes, and dashes and quotes typed as two characters."""
    marks = Marks()
    edits = marks.edits
    if "[" in text:
        _links(text, marks)
    if "`" in text:
        marked = [m.span(group) for m in compiled(_CODE).finditer(text) for group in (1, 2)]
        edits += [(*span, "") for span in marked]
        starts = {start for start, _ in marked}
        ticks = (m for m in compiled(_TICKS).finditer(text) if m.start() not in starts)
        edits += [(*m.span(), _TICKS_READ.get(len(m[0]), "")) for m in ticks]
    for mark, pattern in (("*", _STARS), ("_", _UNDERSCORES), ("~~", _STRIKES)):
        if mark in text:
            edits += [(*m.span(group), "") for m in compiled(pattern).finditer(text) for group in (1, 2)]
    for mark, pattern, new in (("\\", _ESCAPES, ""), ("--", _DASHES, LONG_DASH), ("''", _APOSTROPHES, '"')):
        if mark in text:
            edits += [(*m.span(), new) for m in compiled(pattern).finditer(text)]
    marks.edits = _apart(edits)
    return marks


def _links(text: str, marks: Marks) -> None:
    """Mark images, link targets, definitions of links, and footnote marks."""
    edits = marks.edits
    if "![" in text:
        edits += [(*m.span(), "") for m in compiled(_IMAGE).finditer(text)]
        marks.found["image"] += len(edits)
    if "]:" in text:
        edits += [(*m.span(), "") for m in compiled(_DEFINITION).finditer(text)]
    if "[^" in text:
        edits += [(*m.span(), "") for m in compiled(_FOOTNOTE).finditer(text)]
    if "](" in text or "][" in text:
        for m in compiled(_LINK).finditer(text):
            edits += [(m.start(), m.start() + 1, ""), (m.end(1), m.end(), "")]


def _apart(edits: list[Edit]) -> list[Edit]:
    """Sort the edits and drop those that overlap an earlier one; the next round finds what is then left."""
    kept: list[Edit] = []
    for edit in sorted(edits, key=lambda e: (e[0], -e[1])):
        if not kept or edit[0] >= kept[-1][1]:
            kept.append(edit)
    return kept
