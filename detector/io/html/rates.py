"""The measured error rates of the model card, as a table of the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

HEADING = "## Error rates by genre"
_RULE = re.compile(r"\|[\s|:-]+\|?\s*$")


def rates(card: str) -> Iterator[str]:
    """Yield the section of ``card`` on error rates by genre as HTML; nothing if the card has none."""
    _, found, rest = card.partition(HEADING)
    if not found:
        return
    section = re.split(r"^## ", rest, maxsplit=1, flags=re.MULTILINE)[0]
    words, rows = [], []
    for line in section.splitlines():
        if not line.startswith("|"):
            words.append(line.strip())
        elif not _RULE.match(line):
            rows.append([cell.strip() for cell in line.strip().strip("|").split("|")])
    if not rows:
        return
    yield '<details class="rates"><summary>How often it is wrong, as measured</summary>'
    yield f"<p>{escape(' '.join(filter(None, words))).replace('`', '')}</p><table><thead>"
    for place, row in enumerate(rows):
        cell = "th" if place == 0 else "td"
        yield f"<tr>{''.join(f'<{cell}>{escape(text)}</{cell}>' for text in row)}</tr>"
        if place == 0:
            yield "</thead><tbody>"
    yield "</tbody></table></details>"
