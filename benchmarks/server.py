"""The service under load on this machine, beside a bare endpoint of the same framework: a table in Markdown.

    apt-get install wrk; pip install -e '.[server]'
    python benchmarks/server.py [--seconds 8] [--requests 100000] [-o benchmarks/README-server.md]

wrk keeps 1, 16 and 64 connections busy. The bare endpoint is FastAPI under uvicorn that answers a constant without
reading the body. wrk, the server and its workers share the cores of one machine, so every figure is a lower bound.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from detector import Scorer

ROOT = Path(__file__).parent.parent
TEXT = ROOT / "detector" / "examples" / "full.txt"
CLIENTS = (1, 16, 64)
BARE = """
import sys, uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import Response
app = FastAPI()
async def constant(request: Request) -> Response:
    return Response(b'{"score": 0.5}', media_type="application/json")
app.add_api_route("/v1/score", constant, methods=["POST"])
uvicorn.run(app, port=int(sys.argv[1]), log_config=None, access_log=False)
"""
UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


@dataclass(frozen=True)
class Load:
    """What wrk measured: milliseconds, and how many answers were no success."""

    requests: int
    rate: float
    median: float
    p99: float
    errors: int


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    clients: int
    load: Load


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextmanager
def running(command: list[str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the block ends; its log goes to a file, as in service."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stderr=log, stdout=log, cwd=ROOT)
        try:
            if not answers(port, process):
                log.seek(0)
                sys.exit(log.read().decode() + "the server did not start; is filler-detector[server] installed?")
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def answers(port: int, process: subprocess.Popen[bytes]) -> bool:
    """Wait until ``port`` takes connections; False when the process ends or a minute passes first."""
    for _ in range(600):
        if process.poll() is not None:
            return False
        with socket.socket() as sock:
            if sock.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.1)
    return False


def wrk(port: int, clients: int, seconds: float, body: bytes) -> Load:
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write('wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\n')
        script.write(f"wrk.body = {lua(body)}\n")
        script.flush()
        command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds:g}s", "--timeout", "20s", "--latency"]
        command += ["-s", script.name, f"http://127.0.0.1:{port}/v1/score"]
        shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    socket_errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", shown)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", shown)
    errors = sum(map(int, socket_errors.groups())) if socket_errors else 0
    return Load(
        requests=int(found(r"(\d+) requests in", shown)),
        rate=float(found(r"Requests/sec:\s+([\d.]+)", shown)),
        median=milliseconds(found(r"(?m)^\s+50%\s+(\S+)", shown)),
        p99=milliseconds(found(r"(?m)^\s+99%\s+(\S+)", shown)),
        errors=errors + (int(refused.group(1)) if refused else 0),
    )


def lua(body: bytes) -> str:
    return '"' + "".join(f"\\{byte:03d}" for byte in body) + '"'


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        sys.exit(f"wrk did not print {pattern!r}:\n{text}")
    return match.group(1)


def milliseconds(value: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)([a-z]+)", value).groups()  # type: ignore[union-attr]
    return float(number) * UNITS[unit]


def one_text(text: str) -> float:
    """Return the median milliseconds to score ``text`` and write its record, in one process and alone."""
    scorer = Scorer()
    times = []
    for _ in range(40):
        start = time.perf_counter()
        json.dumps(scorer.score(text).to_dict(sentences=False))
        times.append(1000 * (time.perf_counter() - start))
    return sorted(times)[len(times) // 2]


def megabytes(process: int) -> tuple[float, float]:
    """Return the resident memory of the server and of its workers together."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    pages = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in (process, *map(int, children))]
    sizes = [count * os.sysconf("SC_PAGE_SIZE") / 1e6 for count in pages]
    return sizes[0], sum(sizes[1:])


def serve(port: int, workers: int) -> list[str]:
    return [sys.executable, "-m", "detector", "serve", "--port", str(port), "--workers", str(workers)]


def measure(body: bytes, seconds: float) -> list[Row]:
    rows = []
    kinds = [("bare endpoint", lambda port: [sys.executable, "-c", BARE, str(port)])]
    kinds += [
        (f"detector, {count} worker{'s' * (count > 1)}", lambda port, count=count: serve(port, count))
        for count in (1, 2)
    ]
    for name, command in kinds:
        port = free_port()
        with running(command(port), port):
            wrk(port, 4, 1, body)  # warm
            rows += [Row(name, clients, wrk(port, clients, seconds, body)) for clients in CLIENTS]
    return rows


def endure(body: bytes, requests: int) -> tuple[int, int, list[tuple[float, float]]]:
    """Send at least ``requests`` and return how many, how many failed, and the memory at the tenths of the way."""
    port = free_port()
    done = failures = 0
    with running(serve(port, 2), port) as process:
        wrk(port, 16, 3, body)
        memory = [megabytes(process.pid)]
        while done < requests:
            load = wrk(port, 16, 10, body)
            done, failures = done + load.requests, failures + load.errors
            memory.append(megabytes(process.pid))
            print(f"{done} requests, {failures} failed", file=sys.stderr)
    return done, failures, memory


def table(rows: list[Row], alone: float) -> Iterator[str]:
    yield "| server | clients | requests/s | p50, ms | p99, ms | errors |"
    yield "|---|---:|---:|---:|---:|---:|"
    for row in rows:
        load = row.load
        cells = (row.name, row.clients, f"{load.rate:.0f}", f"{load.median:.1f}", f"{load.p99:.1f}")
        yield f"| {' | '.join(map(str, cells))} | {load.errors} of {load.requests} |"
    bare = next(row.load for row in rows if row.clients == 16)
    limit = 3 * bare.p99 + alone
    yield ""
    yield f"Scoring this text alone, in one process: {alone:.1f} ms."
    for row in rows:
        if row.clients == 16 and row.load is not bare:
            verdict = "met" if row.load.p99 <= limit else "**missed**"
            yield (
                f"Target for {row.name}, p99 at 16 clients ≤ 3 × {bare.p99:.1f} + {alone:.1f} = {limit:.1f} ms: "
                f"{row.load.p99:.1f} ms, {verdict}."
            )


def main() -> None:
    parser = argparse.ArgumentParser(description="Load the service on this machine and print a table.")
    parser.add_argument("--seconds", type=float, default=8, help="for each line of the table")
    parser.add_argument("--requests", type=int, default=100_000, help="of the long run; 0: none")
    parser.add_argument("--text", type=Path, default=TEXT, help="what every request asks about")
    parser.add_argument("-o", "--output", type=Path, help="write the table there too")
    given = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed: apt-get install wrk")
    text = given.text.read_text(encoding="utf-8")
    body = json.dumps({"text": text}).encode()
    alone = one_text(text)
    lines = [
        "# The service under load",
        "",
        f"`python benchmarks/server.py` on {os.cpu_count()} cores ({platform.machine()}), "
        f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f} before the start. "
        f"Every request asks for the record of {given.text.name} ({len(text.split())} words) without sentences. "
        "wrk, the server and its workers share the cores.",
        "",
        *table(measure(body, given.seconds), alone),
    ]
    if given.requests:
        done, failures, memory = endure(body, given.requests)
        server, workers = ([round(step[part]) for step in memory] for part in (0, 1))
        lines += [
            "",
            f"Long run, 2 workers, 16 clients: {done:,} requests, {failures} failed. Memory from first to last: "
            f"server {server[0]} to {server[-1]} MB (most {max(server)}), both workers together "
            f"{workers[0]} to {workers[-1]} MB (most {max(workers)}).",
        ]
    shown = "\n".join(lines) + "\n"
    print(shown)
    if given.output:
        given.output.write_text(shown, encoding="utf-8")


if __name__ == "__main__":
    main()
