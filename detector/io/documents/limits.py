"""How much one document may ask for, and what an extraction gives back."""

from __future__ import annotations

from dataclasses import dataclass

_MEGA = 1_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that reading one document may take; beyond any of these it is an error, never cut.

    ``bytes``: size of the file; ``unpacked``: bytes of what a DOCX or EPUB packs; ``pages`` of a PDF;
    ``characters`` of text that come out; ``seconds`` of clock time; ``memory``: bytes of address space of the
    process that reads (where the system can limit it).
    """

    bytes: int = 64 * _MEGA
    unpacked: int = 256 * _MEGA
    pages: int = 3_000
    characters: int = 10 * _MEGA
    seconds: float = 60.0
    memory: int = 3_000 * _MEGA


@dataclass(frozen=True, slots=True)
class Extracted:
    """The texts of a document, one item each (an EPUB has one a chapter), and notes on what was left out."""

    texts: tuple[str, ...]
    notes: tuple[str, ...] = ()


class DocumentError(ValueError):
    """A document cannot be read; the message is one sentence without the name of the file."""


def check_length(texts: tuple[str, ...], limits: Limits) -> None:
    """Raise :class:`DocumentError` when ``texts`` have more characters than allowed."""
    total = sum(map(len, texts))
    if total > limits.characters:
        raise DocumentError(f"holds {total:,} characters of text; at most {limits.characters:,} are read from one file")


def first_line(error: BaseException) -> str:
    """Return what an error of a library says first, without a full stop; the rest is for its developers."""
    said = error.args[0] if isinstance(error, KeyError) and error.args else error  # a KeyError shows quotes of its own
    return (str(said).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
