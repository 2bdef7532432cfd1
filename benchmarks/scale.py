"""Rows a second of the plain command, Spark and Ray on this machine, memory over a long stream, and what follows.

Usage: python benchmarks/scale.py [--rows N] [--engines command,spark,ray] [--memory N] [--write]

Every way of scoring is timed on few rows from a cold start, again on few, and on many: the difference of the last two
gives the rate, and the first what it takes to start. ``--write`` puts the tables into SCALE.md.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).parent
STORIES = HERE.parent / "data" / "stories" / "stories.jsonl"
PAGE = HERE / "SCALE.md"
BEGIN, END = "<!-- numbers: scale -->", "<!-- end of numbers -->"
FEW = 64  # rows of the short run
SIZES = {"10 million": 1e7, "1 billion": 1e9, "250 billion": 2.5e11}
CORES = (16, 1000, 20_000)
# Documents a second on one core (Zen 4, 2.6 GHz, fp32, cut at 512 tokens), texts of about 500 words: architecture of
# the detector with random weights, without the time of its tokeniser.
NEURAL = {
    "RoBERTa-base (OpenAI's base detector)": 0.76,
    "RoBERTa-large (OpenAI's large detector, RADAR)": 0.19,
    "DeBERTa-v3-large (desklib)": 0.13,
    "GPT-2 124M perplexity": 0.38,
    "GPT-Neo 2.7B (Fast-DetectGPT)": 0.04,
}
NEURAL_WORDS = 500


@dataclass
class Timed:
    """One way to score: seconds for ``few`` rows from a cold start, then for ``few`` and ``many`` rows.

    ``worker_mb`` and ``total_mb`` are the largest resident sizes of one Python process, and of all processes together.
    """

    few: int
    many: int
    cold_seconds: float
    few_seconds: float
    many_seconds: float
    worker_mb: float = 0.0
    total_mb: float = 0.0

    @property
    def rate(self) -> float:
        """Rows a second once it runs; NaN if the long run does not stand out from the short one."""
        if self.many_seconds < 1.5 * self.few_seconds:
            return float("nan")
        return (self.many - self.few) / (self.many_seconds - self.few_seconds)

    @property
    def start(self) -> float:
        """Seconds before the first row."""
        return self.cold_seconds - (0.0 if math.isnan(self.rate) else self.few / self.rate)


def articles() -> Iterator[str]:
    """Yield the stories of the repository for ever, each time with another first line."""
    with STORIES.open(encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    for number in itertools.count():
        yield f"Article {number}\n\n{texts[number % len(texts)]}"


class Watch:
    """Samples the resident size of the processes below this one: the largest Python, and all together."""

    def __init__(self) -> None:
        self.worker = self.total = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(0.3):
            sizes = {pid: resident(pid) for pid in below(os.getpid())}
            pythons = (size for pid, size in sizes.items() if any(n in command_of(pid) for n in ("python", "ray::")))
            self.worker = max(self.worker, *pythons, 0.0, 0.0)
            self.total = max(self.total, sum(sizes.values()))


def below(root: int) -> list[int]:
    """Return the processes that ``root`` started, theirs included."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    found, known = [], {root}
    while new := [pid for pid, parent in parents.items() if parent in known and pid not in known]:
        known.update(new)
        found += new
    return found


def resident(pid: int) -> float:
    """Return the resident size of a process in MB, 0 once it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    return float(status.partition("VmRSS:")[2].split()[0]) / 1024 if "VmRSS:" in status else 0.0


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text() + Path(f"/proc/{pid}/cmdline").read_text()[:60]
    except OSError:
        return ""


def write_parquet(path: Path, rows: int) -> float:
    """Write ``rows`` articles and return their mean number of words."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    texts = list(itertools.islice(articles(), rows))
    pq.write_table(pa.table({"id": list(range(rows)), "text": texts}), path, row_group_size=500)
    return sum(len(text.split()) for text in texts) / rows


# --- the ways to score


def run_command(path: Path, workers: int, model: str | None) -> None:
    """Score by the command line."""
    command = [sys.executable, "-m", "detector", "score", str(path), "--keep", "id", "--jobs", str(workers)]
    more = ["--model", model] if model else []
    subprocess.run([*command, *more, "-o", str(path.with_name("scored.parquet"))], check=True)


def prepare_spark(workers: int, model: str | None) -> Callable[[Path], None]:
    """Start Spark and return what scores one file."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    from pyspark.sql import SparkSession

    import detector.spark

    builder = SparkSession.builder.master(f"local[{workers}]").config("spark.ui.enabled", "false")
    session = builder.config("spark.sql.files.maxPartitionBytes", "400k").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    scorer = opened(model)

    def score(path: Path) -> None:
        scored = detector.spark.score(session.read.parquet(str(path)), scorer=scorer, keep=["id"])
        scored.write.mode("overwrite").parquet(str(path.with_name("scored")))

    return score


def prepare_ray(workers: int, model: str | None) -> Callable[[Path], None]:
    """Start Ray and return what scores one file."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    import ray

    import detector.ray

    # one core more for the tasks that read and write
    ray.init(num_cpus=workers + 1, include_dashboard=False, object_store_memory=300_000_000, log_to_driver=False)
    ray.data.DataContext.get_current().enable_progress_bars = False
    scorer = opened(model)

    def score(path: Path) -> None:
        data = ray.data.read_parquet(str(path), override_num_blocks=8)
        detector.ray.score(data, scorer=scorer, keep=["id"], workers=workers).write_parquet(str(path.with_name("ray")))

    return score


def opened(model: str | None) -> object:
    from detector import Scorer

    return Scorer() if model is None else Scorer.load(model)


def time_one(engine: str, workers: int, files: tuple[Path, Path], sizes: tuple[int, int], model: str | None) -> Timed:
    """Time one engine, in this process and those it starts."""
    started = time.perf_counter()
    if engine == "command":
        score: Callable[[Path], None] = lambda path: run_command(path, workers, model)  # noqa: E731
    else:
        score = {"spark": prepare_spark, "ray": prepare_ray}[engine](workers, model)
    ready = time.perf_counter() - started
    seconds = []
    with Watch() as watch:
        for path in (files[0], *files):  # engines that stay are slower the first time
            began = time.perf_counter()
            score(path)
            seconds.append(time.perf_counter() - began)
    seconds[0] += ready
    return Timed(*sizes, *seconds, watch.worker, watch.total)


def time_apart(engine: str, workers: int, folder: Path, sizes: tuple[int, int], model: str | None) -> Timed:
    """Time one engine in a process of its own, so that nothing is left behind."""
    command = [sys.executable, __file__, "--one", engine, "--workers", str(workers), "--folder", str(folder)]
    more = ["--model", model] if model else []
    done = subprocess.run([*command, *more, "--rows", str(sizes[1])], check=True, stdout=subprocess.PIPE, text=True)
    return Timed(**json.loads(done.stdout.splitlines()[-1]))


# --- memory


def memory(texts: int, jobs: int, model: str | None) -> list[tuple[int, float]]:
    """Stream ``texts`` articles into the command and return its resident size in MB at ten points.

    With several jobs it is that of the largest worker.
    """
    command = [sys.executable, "-m", "detector", "score", "-", "--column", "text", "--format", "jsonl"]
    more = ["--model", model] if model else []
    process = subprocess.Popen([*command, *more, "--jobs", str(jobs)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert process.stdin is not None
    points = []
    for number, text in enumerate(itertools.islice(articles(), texts), 1):
        process.stdin.write(json.dumps({"id": number, "text": text}).encode() + b"\n")
        if number % max(1, texts // 10) == 0:
            process.stdin.flush()
            points.append((number, max(map(resident, [process.pid, *below(process.pid)]))))
    process.stdin.close()
    if process.wait():
        sys.exit("detector score failed; its message stands above")
    return points


# --- the tables


def rates_table(found: dict[tuple[str, int], Timed]) -> list[str]:
    lines = [
        "| way | workers | rows a second | against the command | seconds to start | largest Python, MB | all, MB |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for (engine, workers), timed in found.items():
        base = found.get(("command", workers))
        share = shown(timed.rate / base.rate, ".2f") if base else ""
        lines.append(
            f"| {engine} | {workers} | {shown(timed.rate, '.3g')} | {share} | {timed.start:.1f} "
            f"| {timed.worker_mb:.0f} | {timed.total_mb:.0f} |"
        )
    return lines


def shown(value: float, form: str) -> str:
    """Return a rate or a ratio; where there is none, --rows was too small for this machine."""
    return "more --rows needed" if math.isnan(value) else format(value, form)


def paper_table(rate: float, words: float, bytes_in: float, bytes_out: float) -> list[str]:
    """Return what each size takes at ``rate`` rows a second and core."""
    lines = [
        "| articles | way | core-hours | " + " | ".join(f"hours on {cores:,} cores" for cores in CORES) + " |",
        "|---|---|---:|" + "---:|" * len(CORES),
    ]
    ways = {f"detector, {words:.0f} words": rate, f"detector, {NEURAL_WORDS} words": rate * words / NEURAL_WORDS}
    for size, articles_ in SIZES.items():
        for way, speed in {**ways, **NEURAL}.items():
            core_hours = articles_ / speed / 3600
            hours = " | ".join(number(core_hours / cores) for cores in CORES)
            lines.append(f"| {size} | {way} | {number(core_hours)} | {hours} |")
    lines += ["", "| articles | Parquet in | scores out, three reasons each |", "|---|---:|---:|"]
    for size, articles_ in SIZES.items():
        lines.append(f"| {size} | {disk(articles_ * bytes_in)} | {disk(articles_ * bytes_out)} |")
    return lines


def number(value: float) -> str:
    """Return ``value`` with two figures that count, and separators."""
    if value < 10:
        return f"{value:.2g}"
    digits = len(str(int(value)))
    return f"{round(value, 2 - digits):,.0f}"


def disk(size: float) -> str:
    units = {1e15: "PB", 1e12: "TB", 1e9: "GB", 1e6: "MB", 1.0: "B"}
    power = next((power for power in units if size >= power), 1.0)
    return f"{number(size / power)} {units[power]}"


def report(options: argparse.Namespace) -> str:
    lines: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_parquet(folder / "few.parquet", FEW)
        words = write_parquet(folder / "many.parquet", options.rows)
        found = {
            (engine, workers): time_apart(engine, workers, folder, (FEW, options.rows), options.model)
            for engine in filter(None, options.engines.split(","))
            for workers in (1, 2)
        }
        bytes_in = (folder / "many.parquet").stat().st_size / options.rows
        scored = folder / "scored.parquet"
        bytes_out = scored.stat().st_size / options.rows if scored.exists() else float("nan")
    if found:
        lines += [f"{options.rows} articles of {words:.0f} words on average, {os.cpu_count()} cores, one run:", ""]
    lines += rates_table(found) if found else []
    if options.memory:
        for jobs in (1, 2):
            points = memory(options.memory, jobs, options.model)
            told = ", ".join(f"{texts:,}: {size:.0f}" for texts, size in points)
            who = "the process" if jobs == 1 else "the largest of the parent and its two workers"
            lines += ["", f"Resident size of {who}, MB, after so many of {options.memory:,} streamed articles: {told}."]
    if ("command", 1) in found:
        lines += ["", *paper_table(found["command", 1].rate, words, bytes_in, bytes_out)]
    return "\n".join(lines)


def main() -> None:
    """Print the tables, or write them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000, help="articles of the long run")
    parser.add_argument("--engines", default="command,spark,ray")
    parser.add_argument("--memory", type=int, default=50_000, help="articles to stream; 0: none")
    parser.add_argument("--model")
    parser.add_argument("--write", action="store_true", help="put the tables into SCALE.md")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--workers", type=int, default=1, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        files = (options.folder / "few.parquet", options.folder / "many.parquet")
        print(
            "\n", json.dumps(asdict(time_one(options.one, options.workers, files, (FEW, options.rows), options.model)))
        )
        return
    text = report(options)
    print(text)
    if options.write:
        page = PAGE.read_text(encoding="utf-8")
        head, _, rest = page.partition(BEGIN)
        _, _, tail = rest.partition(END)
        PAGE.write_text(f"{head}{BEGIN}\n{text}\n{END}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
