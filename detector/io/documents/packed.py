"""DOCX and EPUB are zip archives: what is inside is looked at before anything is unpacked."""

from __future__ import annotations

import io
import zipfile

from detector.io.documents.limits import DocumentError, Limits

_MOST_PARTS = 20_000


def open_packed(data: bytes, kind: str, limits: Limits) -> zipfile.ZipFile:
    """Return the archive ``data`` of a ``kind`` of file. Raises :class:`DocumentError` if it must not be unpacked."""
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise DocumentError(
            f"is no {kind} file but an old Office file or one protected by a password; save it as a plain {kind}"
        )
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile as error:
        raise DocumentError(f"is no {kind} file, or a damaged one: {str(error).lower()}") from error
    parts = archive.infolist()
    size = sum(part.file_size for part in parts)  # zipfile never unpacks more of a part than it says it has
    if size > limits.unpacked or len(parts) > _MOST_PARTS:
        raise DocumentError(
            f"unpacks to {size / 1e6:,.0f} MB in {len(parts):,} parts;"
            f" at most {limits.unpacked / 1e6:,.0f} MB in {_MOST_PARTS:,} are read"
        )
    if any(part.flag_bits & 1 for part in parts):
        raise DocumentError("is protected by a password; save a copy without one")
    return archive


def table(rows: list[list[str]]) -> str:
    """Return a Markdown table, which is read as a table and not as prose; one cell is a frame around its text."""
    rows = [row for row in rows if any(row)]
    if not rows:
        return ""
    if all(len(row) == 1 for row in rows):
        return "\n\n".join(row[0] for row in rows)
    lines = ["| " + " | ".join(" ".join(cell.replace("|", "/").split()) for cell in row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + " --- |" * len(rows[0]), *lines[1:]])
