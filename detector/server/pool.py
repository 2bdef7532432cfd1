"""The worker processes: who is idle, who is late, who has died and is replaced.

Pipes to plain processes, not a ``ProcessPoolExecutor``: with that, one killed worker breaks the pool for all others, a
late one cannot be ended alone, and each text crosses three threads of the process that speaks HTTP.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import detector
from detector.calibration import Calibration
from detector.server import frames
from detector.server.errors import RefusalError
from detector.server.logs import log

_START_SECONDS = 120.0
_END_SECONDS = 5.0
_LONGEST_PAUSE = 30.0  # seconds between attempts to start a worker
_PIPE_BUFFER = 1 << 20
_ATTEMPTS = 2  # a text whose worker was killed is given to one other, alone
_TOGETHER = 16  # texts that a worker may be given at once when they wait: together they take much less time
_TOGETHER_BYTES = 100_000
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


@dataclass(slots=True, eq=False)
class Job:
    """One text on its way: what is sent for it, whether it goes alone, and what comes of it.

    ``outcome`` is the answer, or the exit status of a worker that ended instead. ``worker`` and ``company``, the
    number of texts given together, are set when ``begun`` is.
    """

    frame: bytes
    alone: bool
    begun: asyncio.Event
    outcome: asyncio.Future[Answer | int]
    worker: Worker | None = None
    company: int = 1


async def launch(settings: bytes) -> tuple[Worker, dict[str, Any]]:
    """Start a worker and return it with what it says of its model. Raises ModelRefusedError.

    ``settings`` is the frame that tells it what to score with: calibrations may be too long for an argument.
    """
    folder = str(Path(detector.__file__).parents[1])  # the worker runs the same copy of the package
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    paths = os.pathsep.join(filter(None, (folder, *given)))  # an empty entry would stand for the folder we are in
    # one thread each: the workers are the parallelism
    environment = dict.fromkeys(_THREADS, "1") | os.environ | {"PYTHONPATH": paths}
    environment.pop("DETECTOR_TOKEN", None)
    # -P: the folder it is started from is no place to import from
    command = (sys.executable, "-P", "-m", "detector.server.worker")
    process = await asyncio.create_subprocess_exec(
        *command, stdin=PIPE, stdout=PIPE, limit=_PIPE_BUFFER, env=environment
    )
    assert process.stdin is not None
    assert process.stdout is not None
    worker = Worker(process, process.stdout, process.stdin)
    try:
        async with asyncio.timeout(_START_SECONDS):
            worker.sink.write(settings)
            await worker.sink.drain()
            head, _ = await frames.receive(worker.source)
    except (*Gone, TimeoutError) as error:
        worker.kill()
        raise ModelRefusedError("a worker process ended before it had read the model; see the lines above") from error
    if "error" in head:
        raise ModelRefusedError(head["error"])
    return worker, head


class Workers:
    """``count`` worker processes. A text goes to an idle one at once; texts that wait are given out together."""

    def __init__(
        self,
        count: int,
        *,
        model: str | None,
        prior: float | None,
        calibration: Sequence[Calibration] = (),
        lost: Callable[[], None] = lambda: None,
    ) -> None:
        self.count = count
        self.description: dict[str, Any] = {}
        # what the files held at the start, for those that are started later too
        held = [one.to_dict() for one in calibration]
        self._settings = frames.pack({"model": model, "prior": prior, "calibration": held})
        self._idle: deque[Worker] = deque()
        self._waiting: deque[Job] = deque()
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
        for attempt in range(_ATTEMPTS):
            job = Job(frame, attempt > 0, asyncio.Event(), asyncio.get_running_loop().create_future())
            outcome = await self._outcome(job, seconds)
            if isinstance(outcome, Answer):
                return outcome
            if job.company > 1:
                continue  # another of its texts may have been the cause
            if outcome is None:
                sentence = f"the text took longer than {seconds:g} seconds to score; send it in shorter parts"
                raise RefusalError(504, sentence)
            if outcome > 0:  # an exit status: a bug, which would only happen again
                raise RefusalError(500, "scoring this text failed, which is a bug in the detector; its log says where")
        raise RefusalError(503, "the processes that scored this text were killed; send it again", retry=1)

    async def _outcome(self, job: Job, seconds: float) -> Answer | int | None:
        """Return what comes of ``job``, None if it took too long. Raises RefusalError if no worker became free."""
        self._waiting.append(job)
        self._give_out()
        try:
            async with asyncio.timeout(seconds):
                await job.begun.wait()
        except TimeoutError:
            raise RefusalError(503, f"no worker became free in {seconds:g} seconds; send it again", retry=1) from None
        finally:
            if job.worker is None:
                job.outcome.cancel()  # nobody waits for it any more
        # Whoever asked may go away: the answer leaves the pipe all the same, for the future belongs to the job.
        await asyncio.wait({job.outcome}, timeout=seconds)
        if not job.outcome.done():
            assert job.worker is not None
            job.worker.kill()
            return None
        return job.outcome.result()

    def _give_out(self) -> None:
        """Give what waits to idle workers."""
        while self._idle and (jobs := self._next_jobs()):
            worker = self._idle.popleft()
            if worker.gone:  # its watcher brings another
                self._waiting.extendleft(reversed(jobs))
                continue
            for job in jobs:
                job.worker, job.company = worker, len(jobs)
                job.begun.set()
            self._keep(self._ask(worker, jobs))

    def _next_jobs(self) -> list[Job]:
        """Take the texts that go to one worker: its share of those that wait, or one that goes alone."""
        waiting = self._waiting = deque(job for job in self._waiting if not job.outcome.done())
        most = min(_TOGETHER, -(-len(waiting) // max(self.alive, 1)))
        jobs: list[Job] = []
        size = 0
        while waiting and len(jobs) < most and (not jobs or not (jobs[0].alone or waiting[0].alone)):
            size += len(waiting[0].frame)
            if jobs and size > _TOGETHER_BYTES:
                break
            jobs.append(waiting.popleft())
        return jobs

    async def _ask(self, worker: Worker, jobs: Sequence[Job]) -> None:
        """Let ``worker`` score the texts of ``jobs``; one that ends instead gives its exit status to all of them."""
        try:
            worker.sink.write(frames.pack({"texts": len(jobs)}) + b"".join(job.frame for job in jobs))
            await worker.sink.drain()
            for job in jobs:
                head, body = await frames.receive(worker.source)
                _settle(job, Answer(body, **head))
        except Gone:
            status = await worker.process.wait()
            for job in jobs:
                _settle(job, status)
            return
        self._idle.append(worker)
        self._give_out()

    def _take_in(self, worker: Worker) -> None:
        log("worker started", pid=worker.process.pid)
        self._alive.add(worker)
        self._idle.append(worker)
        self._keep(self._watch(worker))
        self._give_out()

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


def _settle(job: Job, outcome: Answer | int) -> None:
    if not job.outcome.done():
        job.outcome.set_result(outcome)
