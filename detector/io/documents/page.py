"""The main text of a web page, without menus, comments and advertising: trafilatura."""

from __future__ import annotations

from detector.extras import need
from detector.io.documents.limits import DocumentError, Extracted, Limits

NO_TEXT = "no main text was found in this page; --html whole reads everything that is on it"


def extract(data: bytes, limits: Limits) -> Extracted:
    """Return the article of the page ``data``, headings and list items in Markdown.

    Raises :class:`DocumentError` when there is none.
    """
    need("lxml_html_clean", "html")  # part of lxml once; without it the next line fails, but not with what to install
    trafilatura = need("trafilatura", "html")
    text = trafilatura.extract(data, output_format="markdown", include_comments=False, include_formatting=True)
    if not text or not text.strip():
        raise DocumentError(NO_TEXT)
    return Extracted((text,))
