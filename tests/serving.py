"""A real ``detector serve`` process for tests: started, asked over sockets, watched through its log, stopped."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import detector
from detector import Scorer

PATIENCE = 60.0  # seconds; only a hung server reaches it
PACKAGE = str(Path(detector.__file__).parents[1])
EXAMPLES = Path(PACKAGE) / "detector" / "examples"
PADDED = (EXAMPLES / "padded.txt").read_text(encoding="utf-8")
FULL = (EXAMPLES / "full.txt").read_text(encoding="utf-8")
JSON, PLAIN, NDJSON = "application/json", "text/plain", "application/x-ndjson"
IN_PROGRESS = "detector_requests_in_progress"


def as_sent(text: str, id: str | None = None, *, sentences: bool = False) -> Any:
    """Return the record of ``text`` as the library gives it, as JSON turns it round."""
    return json.loads(json.dumps(Scorer().score(text).to_dict(id, sentences=sentences)))


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.body.splitlines()]

    @property
    def error(self) -> str:
        return str(self.json["error"])


class Server:
    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self._log = log
        self.url = str(self.event("listening")["url"])

    def log(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def events(self, name: str) -> list[dict[str, Any]]:
        # the last line may still be being written
        lines = self.log().rpartition("\n")[0].splitlines()
        return [event for event in map(json.loads, lines) if event["event"] == name]

    def event(self, name: str, number: int = 1) -> dict[str, Any]:
        """Wait for the event ``name`` to be logged ``number`` times and return the last of them."""

        def enough() -> bool:
            assert self.process.poll() is None or name in ("drained", "stopped"), self.log()
            return len(self.events(name)) >= number

        wait_until(enough)
        return self.events(name)[number - 1]

    def worker_ids(self) -> list[int]:
        """Return the process ids of all workers that were ever started, oldest first."""
        return [event["pid"] for event in self.events("worker started")]

    def connect(self) -> http.client.HTTPConnection:
        host = urlsplit(self.url)
        assert host.hostname is not None
        return http.client.HTTPConnection(host.hostname, host.port, timeout=PATIENCE)

    def ask(
        self, method: str, path: str, body: bytes | Iterator[bytes] | None = None, kind: str = "", **headers: str
    ) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if kind:
            sent["Content-Type"] = kind
        connection = self.connect()
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, **headers)

    def post(self, path: str, content: Any, **headers: str) -> Answer:
        return self.ask("POST", path, json.dumps(content).encode(), "application/json", **headers)

    def score(self, text: str, **headers: str) -> Answer:
        return self.post("/v1/score", {"text": text}, **headers)

    def metric(self, name: str, **headers: str) -> float:
        """Return one figure of /metrics, named with its labels as there, 0 when it is not there yet."""
        for line in self.get("/metrics", **headers).body.decode().splitlines():
            if line.startswith(f"{name} "):
                return float(line.rpartition(" ")[2])
        return 0.0


class Later:
    """A call on another thread, whose outcome is asked for later."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self._outcome: list[Any] = []
        self._thread = threading.Thread(target=lambda: self._outcome.append(call()), daemon=True)
        self._thread.start()

    @property
    def done(self) -> bool:
        return bool(self._outcome)

    def result(self) -> Any:
        self._thread.join(PATIENCE)
        assert self._outcome, "no answer"
        return self._outcome[0]


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@contextmanager
def stopped(*pids: int) -> Iterator[None]:
    """Hold processes still, so that what they were asked stays unanswered until they go on."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in filter(runs, pids):
            os.kill(pid, signal.SIGCONT)


@contextmanager
def serving(folder: Path, *options: str, path: str = "", **environment: str) -> Iterator[Server]:
    """Run ``detector serve`` on a free port with its log in ``folder``; ``path`` comes first where it imports from."""
    log = folder / f"serve-{time.monotonic_ns()}.log"
    command = [sys.executable, "-m", "detector", "serve", "--port", "0", *options]
    paths = os.pathsep.join(filter(None, (path, PACKAGE)))
    variables = {name: value for name, value in os.environ.items() if name != "DETECTOR_TOKEN"}
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command, cwd=folder, stderr=stream, stdout=stream, env=variables | {"PYTHONPATH": paths} | environment
        )
    try:
        yield Server(process, log)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
