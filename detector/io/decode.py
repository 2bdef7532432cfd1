"""Bytes to text, without changing a character: no newline is translated, no blank trimmed."""

from __future__ import annotations

import codecs

CP1252_NOTE = "not valid UTF-8; read as Windows-1252"

UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

# Everything below a space that prose does not hold: all but tab, line feed, vertical tab,
# form feed, carriage return and escape (coloured logs), and with delete.
_CONTROLS = bytes(set(range(32)) - {9, 10, 11, 12, 13, 27} | {127})
_MOST_CONTROLS = 0.10
# Random bytes hold about one in eight of these, Windows-1252 prose none at all.
_NOT_CP1252 = _CONTROLS + b"\x81\x8d\x8f\x90\x9d"
_MOST_NOT_CP1252 = 0.02


class NotTextError(ValueError):
    """The bytes are no text; the message is one sentence without the name of the file."""


def decode(data: bytes) -> tuple[str, tuple[str, ...]]:
    """Return the text of ``data`` and notes on how it was read.

    UTF-8 (a byte-order mark is dropped), UTF-16 with its mark, else Windows-1252 with
    a note. Raises :class:`NotTextError` when the bytes look binary.
    """
    if data.startswith(UTF16_MARKS):
        return _utf16(data), ()
    controls = _share(data, _CONTROLS)
    if controls > _MOST_CONTROLS:
        raise NotTextError(
            f"looks binary ({controls:.0%} control characters), or UTF-16 without a byte-order mark;"
            " expected text, best as UTF-8"
        )
    try:
        return data.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        if b"\0" in data or _share(data, _NOT_CP1252) > _MOST_NOT_CP1252:
            raise NotTextError(
                "looks binary, or in an encoding other than UTF-8 and Windows-1252;"
                " expected text, best as UTF-8"
            ) from None
        # Five bytes mean nothing in Windows-1252; they become U+FFFD, one for one.
        return data.decode("cp1252", "replace"), (CP1252_NOTE,)


def _share(data: bytes, characters: bytes) -> float:
    """Return the share of ``data`` that ``characters`` make up."""
    return (len(data) - len(data.translate(None, characters))) / max(len(data), 1)


def _utf16(data: bytes) -> str:
    try:
        text = data.decode("utf-16")
    except UnicodeDecodeError as error:
        raise NotTextError(
            f"starts with a UTF-16 mark but is not valid UTF-16 ({error.reason}); save it as UTF-8"
        ) from None
    if text.count("\0") > _MOST_CONTROLS * len(text):
        raise NotTextError("looks binary (NUL characters after a UTF-16 mark); expected text, best as UTF-8")
    return text
