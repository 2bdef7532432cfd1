"""The main text of a web page, fifteen times faster and a little less exact: resiliparse."""

from __future__ import annotations

from detector.extras import need
from detector.io.documents.limits import DocumentError, Extracted, Limits
from detector.io.documents.page import NO_TEXT


def extract(data: bytes, limits: Limits) -> Extracted:
    """Return the article of the page ``data`` as plain text. Raises :class:`DocumentError` when there is none."""
    encoding = need("resiliparse.parse.encoding", "html")
    reader = need("resiliparse.extract.html2text", "html")
    page = encoding.bytes_to_str(data, encoding.detect_encoding(data, from_html_meta=True))
    text = reader.extract_plain_text(page, main_content=True, alt_texts=False, comments=False, post_meta=False)
    if not text.strip():
        raise DocumentError(NO_TEXT)
    return Extracted((text,))
