"""The parent's side of the process that reads documents: started when first needed, killed when it takes too long."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import detector
from detector.io.documents.limits import DocumentError, Extracted, Limits

_TAIL = 4096  # bytes of standard error that hold its last line


class Worker:
    """One child process; it serves many documents, and a new one takes its place when it dies."""

    def __init__(self, memory: int) -> None:
        if not sys.executable:
            raise DocumentError("cannot be read here: no Python program is known to start the reading process with")
        home = str(Path(detector.__file__).parent.parent)
        # without empty entries, which stand for the folder we are in
        paths = [home, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OPENBLAS_NUM_THREADS": "1"}
        self.memory = memory
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process
        # -P: a file named like a library in the folder that is being scored must not be imported
        command = [sys.executable, "-P", "-m", "detector.io.documents.child", str(memory)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, env=environment
        )

    def ask(self, kind: str, data: bytes, limits: Limits) -> dict[str, Any]:
        """Return the answer of the child. Raises :class:`DocumentError` when it dies or is killed over this one."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        late = threading.Event()

        def stop() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(limits.seconds, stop)
        timer.start()
        reply: bytes | None = None
        try:
            header = {"kind": kind, "size": len(data), "limits": asdict(limits)}
            self._process.stdin.write(json.dumps(header).encode("ascii") + b"\n" + data)
            self._process.stdin.flush()
            reply = self._process.stdout.readline()
        except BrokenPipeError:
            reply = b""
        finally:
            timer.cancel()
            timer.join()  # either it never fires, or it has done so
            if reply is None:  # interrupted: what is still to come must not answer the next question
                self._process.kill()
        if reply.endswith(b"\n"):
            answer: dict[str, Any] = json.loads(reply)
            if late.is_set():  # the answer was there first; the next document needs another process all the same
                self.end()
            return answer
        self._process.kill()
        self._process.wait()
        why = f"took longer than {limits.seconds:g} seconds to read, and was given up" if late.is_set() else self._why()
        self.end()
        raise DocumentError(why)

    def is_alive(self) -> bool:
        """Say whether the process can serve another document."""
        return self._process.poll() is None

    def end(self) -> None:
        """Stop the process, wait for its end, and close what led to it."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            with contextlib.suppress(BrokenPipeError):  # what was still to be sent has no reader
                if stream is not None:
                    stream.close()

    def _why(self) -> str:
        """Return what the process said last, in one sentence."""
        size = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, size - _TAIL))
        lines = self._errors.read().decode("utf-8", "replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        if "MemoryError" in last or "bad_alloc" in last:
            return f"needs more than {self.memory // 1_000_000:,} MB of memory to read, and was given up"
        name, _, rest = last.partition(":")
        said = f"{name.rpartition('.')[2]}:{rest}" if rest else last
        return f"cannot be read: the file is damaged, or in a form that its reader does not know ({said or 'silent'})"


_lock = threading.Lock()
_workers: list[Worker] = []  # none, or the one that serves


def extract(kind: str, data: bytes, limits: Limits) -> Extracted:
    """Return the texts of a document of a ``kind`` that :data:`detector.io.documents.child.KINDS` names.

    Raises :class:`DocumentError`, one sentence, when it cannot be read within ``limits`` or the extra is missing.
    """
    with _lock:
        if _workers and not (_workers[0].is_alive() and _workers[0].memory == limits.memory):
            _workers.pop().end()
        if not _workers:
            _workers.append(Worker(limits.memory))
        answer = _workers[0].ask(kind, data, limits)
    if "error" in answer:
        raise DocumentError(answer["error"])
    return Extracted(tuple(answer["texts"]), tuple(answer["notes"]))


@atexit.register
def _end() -> None:
    while _workers:
        _workers.pop().end()
