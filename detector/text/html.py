"""HTML remains: tags, bodies that are not prose, and character references."""

import re
from collections.abc import Iterable, Iterator

from detector.text.marks import Marks, compiled

_BODY = r"(?i)<!--|-->|<(/?)(script|style|pre|svg|template|noscript|iframe)\b[^<>]*+>"
_BODY_NAME = {"script": "script", "style": "script", "pre": "code", "<!--": "comment"}
_IN_TEXT = (
    r"<(?P<close>/?)(?P<name>[A-Za-z][\w:-]*+)(?:\s[^<>]*+|/)?>|<![A-Za-z\[][^<>]*+>|<\?[^<>]*+>"
    r"|&(?:amp;)*+(?P<reference>#[0-9]{1,7}+|#[xX][0-9a-fA-F]{1,6}+|[A-Za-z][A-Za-z0-9]{1,30}+);|&(?:amp;)++"
)
_IN_PAGE = _IN_TEXT + r"|\n"
_TAGS = {  # what a tag is read as: the elements of HTML, with those no longer in use
    "\n\n": "address article aside blockquote body div figcaption figure footer form h1 h2 h3 h4 h5 h6 head "
    "header html main nav p pre section table title",
    "\n": "br dd dl dt hr li ol option tr ul",
    " ": "img td th",
    "": "a abbr acronym area audio b base big button canvas caption center cite code col colgroup data "
    "datalist del details dfn dialog em embed fieldset font frame frameset i iframe input ins kbd label "
    "legend link map mark meta meter noscript object optgroup output param picture progress q rp rt "
    "ruby s samp script select small source span strike strong style sub summary sup svg tbody template "
    "textarea tfoot thead time track tt u var video wbr",
}
_READ_AS = {name: new for new, names in _TAGS.items() for name in names.split()}
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6", "title"}


def html(text: str) -> Marks:
    """Comments, scripts, tags and character references."""
    marks = Marks()
    bodies = list(_bodies(text)) if "<" in text else []
    for start, end, name in bodies:
        marks.edits.append((start, end, "\n" if name == "pre" else ""))
        if name in _BODY_NAME:
            marks.found[_BODY_NAME[name]] += 1
    page = "<" in text and re.match(r"(?i)\s*+<(?:!doctype html|html|body)\b", text) is not None
    pieces = compiled(_IN_PAGE if page else _IN_TEXT)
    starts, ends = [0, *(body[1] for body in bodies)], [*(body[0] for body in bodies), len(text)]
    found = (m for start, end in zip(starts, ends, strict=True) for m in pieces.finditer(text, start, end))
    _tags(found, text, marks)
    marks.edits.sort()
    return marks


def _bodies(text: str) -> Iterator[tuple[int, int, str]]:
    """Find what holds no prose: start, end and name of each; an opening never closed opens nothing."""
    tokens = list(compiled(_BODY).finditer(text))
    closings: dict[str, int] = {}
    for m in tokens:
        if m[0] == "-->":
            closings["<!--"] = m.start()
        elif m[1]:
            closings[m[2].lower()] = m.start()
    opening, name = -1, ""
    for m in tokens:
        this = m[2].lower() if m[2] else m[0]
        if opening < 0:
            if not m[1] and this != "-->" and closings.get(this, -1) > m.start():
                opening, name = m.start(), this
        elif (this == "-->" and name == "<!--") or (m[1] and this == name):
            yield opening, m.end(), name
            opening = -1


def _tags(pieces: Iterable[re.Match[str]], text: str, marks: Marks) -> None:
    """Mark tags and references, and the line breaks of a page, which are only blanks there."""
    closed = set(re.findall(r"</([A-Za-z][\w:-]*+)", text)) if "</" in text else set()
    heading = item = -1
    for m in pieces:
        if m[0] == "\n":
            marks.edits.append((*m.span(), " "))
            continue
        if m[0][0] == "&":
            if (decoded := _decoded(m["reference"])) is not None:
                marks.edits.append((*m.span(), decoded))
            continue
        # A name that HTML does not know may still be a tag, but "<Marriott>" is none.
        name = (m["name"] or "").lower()
        if not (name in _READ_AS or not name or m["close"] or m["name"] in closed or "=" in m[0]):
            continue
        marks.edits.append((*m.span(), _READ_AS.get(name, "")))
        marks.found["image"] += name == "img"
        if name in ("li", "ul", "ol"):
            if 0 <= item < m.start():
                marks.items.append((item, m.start()))
            item = m.end() if name == "li" and not m["close"] else -1
        elif name in _HEADINGS:
            if 0 <= heading < m.start():
                marks.headings.append((heading, m.start()))
            heading = -1 if m["close"] else m.end()
    if 0 <= item < len(text):
        marks.items.append((item, len(text)))


def _decoded(reference: str | None) -> str | None:
    """Return the characters of a reference, `None` if there is no such name."""
    if not reference:
        return "&"
    if reference[0] == "#":
        code = int(reference[2:], 16) if reference[1] in "xX" else int(reference[1:])
        if 0x80 <= code < 0xA0:  # meant, and read by browsers, as Windows-1252
            return bytes([code]).decode("cp1252", "replace")
        return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else " "
    from html.entities import html5  # a large dictionary, for texts that need it

    return html5.get(reference + ";")
