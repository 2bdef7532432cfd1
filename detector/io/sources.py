"""From command-line arguments to the files they mean, in a fixed order."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

STDIN = "-"
_OPEN_PIPES = ("/dev/fd/", "/proc/self/fd/", "/dev/stdin")  # what a shell's <(command) hands over


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read (``-`` is standard input), or the sentence that says why it cannot be."""

    path: str
    error: str | None = None


def expand(arguments: Iterable[str], extensions: tuple[str, ...]) -> list[Source]:
    """Return the sources that ``arguments`` name, in order.

    A directory stands for the files below it with one of ``extensions``, sorted;
    hidden files and folders and links to folders are passed over. A pattern that names
    no file itself stands for the files it matches. What cannot be found or entered is
    a source with an error, in its place.
    """
    return [source for argument in arguments for source in _expand(argument, extensions)]


def _expand(argument: str, extensions: tuple[str, ...]) -> Iterable[Source]:
    if argument == STDIN:
        return [Source(STDIN)]
    if not argument or "\0" in argument:
        return [Source(argument, "is no path; give a file, a folder, a pattern or - for standard input")]
    if os.path.isdir(argument):
        return _walk(argument, extensions)
    if os.path.lexists(argument) or not glob.has_magic(argument):
        return [Source(argument)]
    found = (path for path in glob.glob(argument, recursive=True) if not os.path.isdir(path))
    return [Source(path) for path in sorted(found, key=_parts)] or [
        Source(argument, "no file matches this pattern")
    ]


def _walk(folder: str, extensions: tuple[str, ...]) -> list[Source]:
    found: list[Source] = []

    def unreadable(error: OSError) -> None:
        found.append(Source(str(error.filename), unreadable_sentence(error)))

    for parent, folders, names in os.walk(folder, onerror=unreadable):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found.extend(
            Source(os.path.join(parent, name))
            for name in names
            if not name.startswith(".") and name.lower().endswith(extensions)
        )
    if not found:
        known = " ".join(extensions)
        return [Source(folder, f"this folder holds no file with a known extension ({known})")]
    return sorted(found, key=lambda source: _parts(source.path))


def _parts(path: str) -> list[str]:
    return path.split(os.sep)


def refuse_special(path: str) -> str | None:
    """Return why ``path`` must not be opened, or None; raises OSError when it cannot be looked at.

    A named pipe without a writer would wait for ever, a device could be endless.
    """
    mode = os.stat(path).st_mode
    if stat.S_ISREG(mode) or path.startswith(_OPEN_PIPES):
        return None
    if stat.S_ISDIR(mode):
        return "is a folder; expected a file"
    kind = "a named pipe" if stat.S_ISFIFO(mode) else "a device or socket"
    return f"is {kind}, not a file; pipe its content to standard input instead"


def unreadable_sentence(error: OSError) -> str:
    """Return one sentence for an input that the operating system refuses."""
    if isinstance(error, FileNotFoundError):
        return "no such file or folder"
    return f"cannot be read: {(error.strerror or str(error)).lower()}"


def is_input(path: str, sources: Iterable[Source]) -> bool:
    """Return whether ``path`` is the same file as one of ``sources``."""
    return os.path.exists(path) and any(_same(path, source.path) for source in _files(sources))


def _files(sources: Iterable[Source]) -> Iterator[Source]:
    return (source for source in sources if source.error is None and source.path != STDIN)


def _same(first: str, second: str) -> bool:
    try:
        return os.path.samefile(first, second)
    except OSError:
        return False
