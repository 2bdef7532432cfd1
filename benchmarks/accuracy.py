"""Every figure of accuracy with its interval, its target and trivial baselines: the full run, leaving one out.

    pip install slop-guard
    DETECTOR_CORPORA=… python benchmarks/accuracy.py [--folder build/accuracy] [--look] [--model DIR] [--jobs 2]
    DETECTOR_CORPORA=… python benchmarks/accuracy.py --only sources --folder benchmarks/accuracy

Prints Markdown; writes figures.json, figures.md and PNG pictures to the folder. It takes a few hours: every head is
trained again without each source, family and generator; `--only` measures a part of it anew. `--look` also holds the
finished model against the sets that nobody trained on, and adds that look to benchmarks/looks.csv. The
same parts, one by one: `detector evaluate --part`.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from detector.extras import MissingExtraError
from detector.training.plots import draw
from detector.training.report import as_markdown, measure, with_kept, write_report
from detector.training.run import Settings
from detector.training.sources import SourceError, corpora_folder

PARTS = ("filler", "robustness", "lengths", "genres", "cliff", "sources", "machine", "generators")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the accuracy of all heads, leaving one out at a time.")
    parser.add_argument("--corpora", metavar="DIR", help="folder with train/ and benchmark/")
    parser.add_argument("--data", metavar="DIR", type=Path, default=Path("data"), help="the project's data folder")
    parser.add_argument("--folder", metavar="DIR", type=Path, default=Path("build/accuracy"), help="what to write to")
    parser.add_argument("--model", metavar="DIR", help="finished model to hold against the benchmarks")
    parser.add_argument(
        "--only", action="append", choices=PARTS, help="measure this part alone; the folder keeps its other figures"
    )
    parser.add_argument("--look", action="store_true", help="look at the benchmarks, and write the look down")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    start = time.monotonic()

    def log(message: str) -> None:
        print(f"[{time.monotonic() - start:6.0f} s] {message}", file=sys.stderr)

    parts = (*(options.only or PARTS), *(["benchmarks"] if options.look else []))
    try:
        corpora = corpora_folder(options.corpora)
        settings = Settings(corpora, options.data, None, "evaluation", options.seed, options.jobs)
        results = measure(settings, parts, options.model, log)
        write_report(options.folder, with_kept(results.figures, options.folder) if options.only else results.figures)
        if results.filler is not None and results.judged is not None:
            draw(results.filler, results.judged, options.folder)
    except (SourceError, OSError, MissingExtraError) as error:
        sys.exit(f"{error}")
    print(as_markdown(results.figures))
    missed = sum(item.passes is False for item in results.figures)
    print(f"{missed} of {len(results.figures)} figures miss their target", file=sys.stderr)


if __name__ == "__main__":
    main()
