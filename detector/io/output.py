"""Where lines go: standard output, or a file that is whole or not there at all."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Callable, Iterator
from typing import BinaryIO

Write = Callable[[list[str]], None]


class OutputError(Exception):
    """The output cannot be written; the message is one sentence."""


@contextlib.contextmanager
def open_output(path: str | None) -> Iterator[Write]:
    """Give a function that writes lines to ``path``, or to standard output for None and ``-``.

    A file is written beside its place and moved there when all went well, so that a
    failure leaves what stood there before. Lone surrogates are written as JSON escapes them.
    Raises :class:`OutputError`; a broken pipe stays a ``BrokenPipeError``.
    """
    if path in (None, "-"):
        if sys.stdout is None:
            raise OutputError("standard output is closed; give -o FILE")
        try:
            yield _writer(sys.stdout.buffer, _screen_encoding(), "standard output", flush=True)
        except (BrokenPipeError, OutputError):
            _forget_stdout()
            raise
        return
    assert path is not None
    refusal = refuse_output(path)
    if refusal is not None:
        raise OutputError(refusal)
    with replaced(path) as stream:
        yield _writer(stream, "utf-8", path)


def refuse_output(path: str) -> str | None:
    """Return why ``path`` cannot be written, or None when nothing speaks against it."""
    target = os.path.realpath(path)
    if os.path.isdir(target):
        return f"cannot write {path}: it is a folder; give the name of a file"
    folder = os.path.dirname(target)
    if not os.path.isdir(folder):
        return f"cannot write {path}: there is no folder {folder}; make it first"
    return None


@contextlib.contextmanager
def replaced(path: str, part: str | None = None) -> Iterator[BinaryIO]:
    """Give a file that takes the place of ``path``, on the disk, if the block ends without an error.

    Until then it is called ``part``, on the same disk, by default a hidden name beside ``path``. What is no
    file, such as /dev/null, is written directly. Raises :class:`OutputError`.
    """
    target = os.path.realpath(path)
    if os.path.exists(target) and not os.path.isfile(target):
        with one_sentence(path), open(target, "wb") as stream:
            yield stream
        return
    folder, name = os.path.split(target)
    part = part or os.path.join(folder, f".{name[:100]}.{os.getpid()}.part")
    with one_sentence(path):
        stream = os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666), "wb")
    try:
        yield stream
        with one_sentence(path):
            settle(stream)
            if os.path.exists(target):
                os.chmod(part, stat.S_IMODE(os.stat(target).st_mode))
            os.replace(part, target)
    finally:
        with contextlib.suppress(OSError):  # a full disk has been reported already
            stream.close()
        with contextlib.suppress(FileNotFoundError):  # moved into place
            os.unlink(part)


def settle(stream: BinaryIO) -> None:
    """Close ``stream`` when its content is on the disk, not only on its way there."""
    stream.flush()
    os.fsync(stream.fileno())
    stream.close()


def _writer(stream: BinaryIO, encoding: str, name: str, *, flush: bool = False) -> Write:
    def write(lines: list[str]) -> None:
        with one_sentence(name):
            stream.writelines(line.encode(encoding, "backslashreplace") + b"\n" for line in lines)
            if flush and lines:
                stream.flush()

    return write


def _forget_stdout() -> None:
    """Send what is still to be flushed nowhere, or the interpreter complains as it ends."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _screen_encoding() -> str:
    """Return what a terminal understands; files and pipes are always UTF-8."""
    return (sys.stdout.encoding or "utf-8") if sys.stdout.isatty() else "utf-8"


@contextlib.contextmanager
def one_sentence(name: str) -> Iterator[None]:
    """Turn an error of the operating system into an :class:`OutputError`; a broken pipe stays what it is."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"cannot write {name}: {(error.strerror or str(error)).lower()}") from error
