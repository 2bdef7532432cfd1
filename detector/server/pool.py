"""The worker processes: who is idle, who is late, who has died and is replaced.

Pipes to plain processes, not a ``ProcessPoolExecutor``: with that, one killed worker breaks the pool for all others, a
late one cannot be ended alone, and each text crosses three threads of the process that speaks HTTP.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import detector
from detector.server import frames
from detector.server.errors import RefusalError
from detector.server.logs import log

_START_SECONDS = 120.0
_END_SECONDS = 5.0
_LONGEST_PAUSE = 30.0  # seconds between attempts to start a worker
_PIPE_BUFFER = 1 << 20
_ATTEMPTS = 2  # a text whose worker was killed is given to one other
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

T = TypeVar("T")
Gone = (asyncio.IncompleteReadError, BrokenPipeError, ConnectionResetError)


class ModelRefusedError(ValueError):
    """The workers cannot use the model; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one text: the record as JSON, and what is counted of it."""

    body: bytes
    label: str
    score: float | None
    machine_score: float | None
    words: int


@dataclass(frozen=True, slots=True, eq=False)
class Worker:
    """One process and the two ends of its pipes."""

    process: Process
    source: asyncio.StreamReader
    sink: asyncio.StreamWriter

    @property
    def gone(self) -> bool:
        """Whether it can be asked no more."""
        return self.process.returncode is not None or self.source.at_eof()

    def kill(self) -> None:
        """End it at once."""
        if self.process.returncode is None:
            self.process.kill()


async def launch(settings: str) -> tuple[Worker, dict[str, Any]]:
    """Start a worker and return it with what it says of its model. Raises ModelRefusedError."""
    folder = str(Path(detector.__file__).parents[1])  # the worker runs the same copy of the package
    paths = os.pathsep.join(filter(None, (folder, os.environ.get("PYTHONPATH"))))
    # one thread each: the workers are the parallelism
    environment = dict.fromkeys(_THREADS, "1") | os.environ | {"PYTHONPATH": paths}
    environment.pop("DETECTOR_TOKEN", None)
    # -P: the folder it is started from is no place to import from
    command = (sys.executable, "-P", "-m", "detector.server.worker", settings)
    process = await asyncio.create_subprocess_exec(
        *command, stdin=PIPE, stdout=PIPE, limit=_PIPE_BUFFER, env=environment
    )
    assert process.stdin is not None
    assert process.stdout is not None
    worker = Worker(process, process.stdout, process.stdin)
    try:
        async with asyncio.timeout(_START_SECONDS):
            head, _ = await frames.receive(worker.source)
    except (*Gone, TimeoutError) as error:
        worker.kill()
        raise ModelRefusedError("a worker process ended before it had read the model; see the lines above") from error
    if "error" in head:
        raise ModelRefusedError(head["error"])
    return worker, head


class Workers:
    """``count`` worker processes; each scores one text at a time."""

    def __init__(
        self, count: int, *, model: str | None, prior: float | None, lost: Callable[[], None] = lambda: None
    ) -> None:
        self.count = count
        self.description: dict[str, Any] = {}
        self._settings = json.dumps({"model": model, "prior": prior})
        self._idle: asyncio.Queue[Worker] = asyncio.Queue()
        self._alive: set[Worker] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._lost = lost
        self._stopping = False

    @property
    def alive(self) -> int:
        """How many workers have read the model and run."""
        return sum(not worker.gone for worker in self._alive)

    @property
    def model(self) -> str:
        """The name of the model, empty before the start."""
        return str(self.description.get("model", ""))

    async def start(self) -> None:
        """Start all workers and wait for them. Raises ModelRefusedError."""
        started = await asyncio.gather(*(launch(self._settings) for _ in range(self.count)), return_exceptions=True)
        failures = [outcome for outcome in started if isinstance(outcome, BaseException)]
        for outcome in started:
            if not isinstance(outcome, BaseException):
                worker, self.description = outcome
                self._take_in(worker)
        if failures:
            await self.stop()
            raise failures[0]

    async def stop(self) -> None:
        """End all workers; one that does not end by itself is killed."""
        self._stopping = True
        for worker in self._alive:
            worker.sink.close()
        ends = [asyncio.ensure_future(worker.process.wait()) for worker in self._alive]
        if ends:
            _, late = await asyncio.wait(ends, timeout=_END_SECONDS)
            if late:
                for worker in self._alive:
                    worker.kill()
                await asyncio.wait(late)
        for task in self._tasks:
            task.cancel()

    async def score(self, text: str, head: Mapping[str, Any], *, seconds: float) -> Answer:
        """Return the record of ``text``. Raises a RefusalError (500, 503, 504) when there is none.

        ``head`` is what the worker is told of it. ``seconds`` is the limit for scoring; waiting for a worker may
        take as long again.
        """
        frame = frames.pack(head, text.encode("utf-8", "surrogatepass"))
        for _ in range(_ATTEMPTS):
            worker = await self._next_idle(seconds)
            # a task of its own: whoever asked may go away, the answer must leave the pipe all the same
            task = self._keep(self._ask(worker, frame))
            await asyncio.wait({task}, timeout=seconds)
            if not task.done():
                worker.kill()
                sentence = f"the text took longer than {seconds:g} seconds to score; send it in shorter parts"
                raise RefusalError(504, sentence)
            answer = task.result()
            if isinstance(answer, Answer):
                return answer
            if answer > 0:  # an exit status: a bug, which would only happen again
                raise RefusalError(500, "scoring this text failed, which is a bug in the detector; its log says where")
        raise RefusalError(503, "the processes that scored this text were killed; send it again", retry=1)

    async def _next_idle(self, seconds: float) -> Worker:
        try:
            async with asyncio.timeout(seconds):
                while (worker := await self._idle.get()).gone:
                    pass  # its watcher brings another
        except TimeoutError:
            raise RefusalError(503, f"no worker became free in {seconds:g} seconds; send it again", retry=1) from None
        return worker

    async def _ask(self, worker: Worker, frame: bytes) -> Answer | int:
        """Return the answer, or the exit status of a worker that ended instead of answering."""
        try:
            worker.sink.write(frame)
            await worker.sink.drain()
            head, body = await frames.receive(worker.source)
        except Gone:
            return await worker.process.wait()
        self._idle.put_nowait(worker)
        return Answer(body, **head)

    def _take_in(self, worker: Worker) -> None:
        log("worker started", pid=worker.process.pid)
        self._alive.add(worker)
        self._idle.put_nowait(worker)
        self._keep(self._watch(worker))

    async def _watch(self, worker: Worker) -> None:
        """Wait for the end of ``worker`` and put another in its place."""
        status = await worker.process.wait()
        if self._stopping:
            return
        self._alive.discard(worker)
        self._lost()
        log("worker lost", logging.WARNING, pid=worker.process.pid, status=status)
        pause = 1.0
        while not self._stopping:
            try:
                other, _ = await launch(self._settings)
            except (ModelRefusedError, OSError) as error:
                log("worker not started", logging.ERROR, why=str(error), next_attempt_seconds=pause)
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                self._take_in(other)
                return

    def _keep(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)  # the loop itself holds tasks weakly
        task.add_done_callback(self._tasks.discard)
        return task
