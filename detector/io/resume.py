"""Output in numbered parts beside its place, so that a run that was stopped goes on where its last whole part ended.

``.NAME.parts/`` holds ``job.json`` (what is scored, by what, how), and for each part ``N.part`` (the records) and
``N.json`` (what it holds). A part counts when its ``N.json`` is there; each file is on the disk before it has its name.
At the end the parts are joined beside the output, moved into its place, and the folder goes.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from detector.io.output import OutputError, one_sentence, replaced, settle
from detector.io.records import Item, Record
from detector.io.sources import Source
from detector.io.writers import Writer

PART_TEXTS = 10_000  # a part is closed after so many texts
PART_SECONDS = 10.0  # or after this time, whichever comes first: what a kill can cost
_TAIL = 1 << 16
_JOINED = "joined.tmp"  # among the parts, so that a kill leaves it where the next run clears up
_OURS = re.compile(r"(\d{6}\.(part|json)|job\.json)(\.tmp)?|joined\.tmp|lock")


class PartFormat(Protocol):
    """How records are written in parts and how these become one file."""

    def open(self, stream: BinaryIO) -> PartWriter:
        """Return a writer of one part."""
        ...

    def join(self, parts: Sequence[Path], stream: BinaryIO) -> None:
        """Write the records of all parts, in order, as the output."""
        ...


class PartWriter(Protocol):
    """Writes one part."""

    def add(self, record: Record) -> None:
        """Take one record."""
        ...

    def end(self) -> None:
        """Write what was waiting; the stream stays open."""
        ...


@dataclass(frozen=True, slots=True)
class Done:
    """Where the finished parts end: ``row`` items of source number ``source`` are in them, and all sources before.

    ``counts`` are the caller's, over all ``texts`` so far.
    """

    parts: int = 0
    texts: int = 0
    source: int = 0
    row: int = 0
    counts: Mapping[str, int] | None = None


@dataclass(slots=True)
class _Stretch:
    """Items of one source: the first is number ``first`` of all and ``row`` of the source."""

    source: int
    first: int
    row: int
    given: int = 0
    ended: bool = False


class Trail:
    """Passes items on and remembers how many each source gave, to say where a number of records ends."""

    def __init__(self, sources: Sequence[Source], done: Done) -> None:
        self._sources = sources
        self._stretches = deque([_Stretch(done.source, done.texts, done.row)])

    def items(self, read: Callable[[Source, int], Iterable[Item]]) -> Iterator[Item]:
        """Yield what is left of the sources; ``read`` gives the items of one from a row on."""
        now = self._stretches[0]
        while now.source < len(self._sources):
            source = self._sources[now.source]
            for item in read(source, now.row):
                now.given += 1
                # a failure of the file itself is its last item, at whatever row it stands
                now.ended = item.error is not None and item.id == source.path
                yield item
            now = _Stretch(now.source + 1, now.first + now.given, 0)
            self._stretches.append(now)

    def place(self, texts: int) -> tuple[int, int]:
        """Return the source, and the row of it, of the item that follows the first ``texts``."""
        while len(self._stretches) > 1 and self._stretches[1].first <= texts:
            self._stretches.popleft()
        now = self._stretches[0]
        taken = texts - now.first
        return (now.source + 1, 0) if now.ended and taken == now.given else (now.source, now.row + taken)


@dataclass(frozen=True, slots=True)
class Parts:
    """The folder of parts of one output."""

    output: str
    folder: Path
    done: Done

    def write(
        self, records: Iterable[Record], form: PartFormat, state: Callable[[int], tuple[int, int, Mapping[str, int]]]
    ) -> Iterator[Record]:
        """Write ``records`` in parts, yielding each once it is taken.

        ``state`` is asked at the end of a part where so many texts end, and for the counts until there.
        Raises :class:`OutputError` if the disk refuses.
        """
        left = iter(records)
        number, texts = self.done.parts, self.done.texts
        for first in left:
            path = self.folder / f"{number:06}.part"
            until = time.monotonic() + PART_SECONDS
            with _placed(path, self.output) as stream:
                writer = form.open(stream)
                for record in chain([first], islice(left, PART_TEXTS - 1)):
                    with one_sentence(self.output):
                        writer.add(record)
                    texts += 1
                    yield record
                    if time.monotonic() >= until:
                        break
                with one_sentence(self.output):
                    writer.end()
            number += 1
            source, row, counts = state(texts)
            told = {**asdict(Done(number, texts, source, row, counts)), "bytes": path.stat().st_size}
            with _placed(path.with_suffix(".json"), self.output) as stream:
                stream.write(json.dumps(told).encode())

    def join(self, form: PartFormat) -> None:
        """Make the output of all finished parts, and remove them."""
        paths = sorted(self.folder.glob("*.part"))
        with replaced(self.output, str(self.folder / _JOINED)) as stream, one_sentence(self.output):
            form.join(paths, stream)
        shutil.rmtree(self.folder)

    @property
    def finished(self) -> int:
        """The number of texts in finished parts, as the disk has it."""
        return _finished(self.folder).texts if self.folder.is_dir() else 0


@contextlib.contextmanager
def open_parts(output: str, job: Mapping[str, Any], *, resume: bool, keep: bool = True) -> Iterator[Parts]:
    """Give the parts of ``output``, those of an earlier run with ``resume``.

    When the block ends early, they stay; a folder without a finished part goes, and any folder without ``keep``.

    ``job`` says, in JSON-ready values, what makes an earlier part worth keeping. Raises :class:`OutputError` if the
    parts there are of another job, are damaged, are being written by another run, or would be lost without ``resume``.
    """
    folder = parts_folder(output)
    with one_sentence(str(folder)):
        folder.mkdir(exist_ok=True)
        lock = (folder / "lock").open("wb")
    with lock:
        _lock(lock, output)
        done = _taken_up(folder, dict(job), resume)
        try:
            yield Parts(output, folder, done)
        finally:
            if folder.is_dir() and not (keep and any(folder.glob("??????.json"))):
                shutil.rmtree(folder)


def parts_folder(output: str) -> Path:
    """Return the folder of the parts of ``output``."""
    target = Path(os.path.realpath(output))
    return target.with_name(f".{target.name[:200]}.parts")


def fingerprint(sources: Iterable[Source]) -> str:
    """Return a digest of the inputs: path, size, time of change and last 64 kB of each."""
    import hashlib  # not needed by most scores, and slow to load

    digest = hashlib.sha256()
    for source in sources:
        found = b"not there"
        with contextlib.suppress(OSError, ValueError):
            status = os.stat(source.path)
            with open(source.path, "rb") as stream:
                stream.seek(max(0, status.st_size - _TAIL))
                found = f"{status.st_size} {status.st_mtime_ns} ".encode() + stream.read(_TAIL)
        digest.update(os.fsencode(source.path) + b"\0" + hashlib.sha256(found).digest())
    return digest.hexdigest()


def _taken_up(folder: Path, job: dict[str, Any], resume: bool) -> Done:
    """Return what the folder holds of ``job``, after removing what is not whole."""
    strange = [path.name for path in folder.iterdir() if not _OURS.fullmatch(path.name)]
    if strange:
        raise OutputError(f"{folder} holds what no run writes ({strange[0]}); move it away")
    done = _finished(folder)
    if done.parts:
        changed = _changed(folder, job)
        if changed is not None:
            raise OutputError(
                f"cannot go on: {changed} changed since the {done.texts} texts in {folder} were scored;"
                " remove that folder to start anew"
            )
        if not resume:
            raise OutputError(
                f"{done.texts} texts of an earlier run are in {folder}; go on with --resume,"
                " or remove that folder to start anew"
            )
    for path in folder.iterdir():
        number = path.name.partition(".")[0]
        if path.name.endswith(".tmp") or (number.isdigit() and int(number) >= done.parts):
            path.unlink()
    if not done.parts:
        with _placed(folder / "job.json", str(folder)) as stream:
            stream.write(json.dumps(job).encode())
    return done


def _changed(folder: Path, job: dict[str, Any]) -> str | None:
    """Return the first thing about the job that is not what it was, None if all is."""
    try:
        then = json.loads((folder / "job.json").read_bytes())
    except (OSError, ValueError):
        return "something (job.json cannot be read)"
    now = json.loads(json.dumps(job))
    return next((name for name in {**now, **then} if now.get(name) != then.get(name)), None)


def _finished(folder: Path) -> Done:
    """Return where the whole parts end. Raises :class:`OutputError` if one among them is damaged or gone."""
    done = Done()
    for number, path in enumerate(sorted(folder.glob("??????.json"))):
        part = path.with_suffix(".part")
        try:
            told = json.loads(path.read_bytes())
            whole = int(path.stem) == number and part.stat().st_size == told.pop("bytes")
            done = Done(**told)
        except (OSError, ValueError, TypeError, KeyError):
            whole = False
        if not whole:
            raise OutputError(f"part {number} in {folder} is damaged or gone; remove that folder to start anew")
    return done


@contextlib.contextmanager
def _placed(path: Path, name: str) -> Iterator[BinaryIO]:
    """Give a file that is called ``path`` once it is whole and on the disk; ``name`` is what the user calls it."""
    part = path.with_name(f"{path.name}.tmp")
    with one_sentence(name):
        stream = part.open("wb")
    try:
        yield stream
        with one_sentence(name):
            settle(stream)
            part.replace(path)
            _settle_folder(path.parent)
    finally:
        with contextlib.suppress(OSError):  # a full disk has been reported already
            stream.close()
        part.unlink(missing_ok=True)


def _settle_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _lock(stream: BinaryIO, output: str) -> None:
    """Refuse to work beside another run; the lock goes with the process."""
    try:
        import fcntl
    except ModuleNotFoundError:  # not a POSIX system
        return
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise OutputError(f"another run is writing {output}; wait for it, or give -o another name") from None


class Lines:
    """Records as lines, such as JSONL: a part is a piece of the file."""

    def __init__(self, start: Callable[[], Writer]) -> None:
        self._start = start

    def open(self, stream: BinaryIO) -> PartWriter:
        """Return a writer of one part."""
        return _LinesPart(self._start(), stream)

    def join(self, parts: Sequence[Path], stream: BinaryIO) -> None:
        """Write the parts one after the other."""
        for path in parts:
            with path.open("rb") as part:
                shutil.copyfileobj(part, stream, 1 << 20)


class _LinesPart:
    def __init__(self, writer: Writer, stream: BinaryIO) -> None:
        self._writer = writer
        self._stream = stream

    def add(self, record: Record) -> None:
        lines = self._writer.lines(record)
        self._stream.writelines(line.encode("utf-8", "backslashreplace") + b"\n" for line in lines)

    def end(self) -> None:
        self._stream.writelines(line.encode("utf-8", "backslashreplace") + b"\n" for line in self._writer.end())
