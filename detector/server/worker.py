"""A worker, ``python -m detector.server.worker``: it reads the model once, then scores what it is sent.

The first frame holds the settings: which model, at which prior, with which calibrations. It talks through its standard
input and output, so it ends by itself when the server is gone. A bug in scoring ends it too: the server answers for the
text that did it, and starts another.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from types import TracebackType
from typing import Any, BinaryIO

from detector.calibration import from_dict
from detector.meaning import meaning
from detector.report import SCHEMA, Report
from detector.scorer import Scorer
from detector.server import frames
from detector.server.logs import log, start_logs, where


def main() -> None:
    """Score frames until standard input ends."""
    # the server decides when a worker ends: Ctrl-C and service managers signal the whole group
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing but frames may reach the pipe, whoever prints
    start_logs(sys.stderr)
    sys.excepthook = tell_bug
    first = frames.read(sys.stdin.buffer)
    if first is None:
        return
    try:
        scorer = scorer_of(first[0])
    except (OSError, ValueError) as error:
        send(sink, frames.pack({"error": str(error)}))
        return
    send(sink, frames.pack({"model": scorer.model_name, "schema": SCHEMA, "cuts": asdict(scorer.cuts)}))
    while (frame := frames.read(sys.stdin.buffer)) is not None:
        texts = [frames.read(sys.stdin.buffer) for _ in range(frame[0]["texts"])]
        send(sink, answers(scorer, [text for text in texts if text is not None]))


def scorer_of(settings: Mapping[str, Any]) -> Scorer:
    """Return the scorer that the server wants. Raises OSError and ValueError."""
    prior = settings["prior"]
    calibration = [from_dict(content, "from the server") for content in settings["calibration"]]
    if settings["model"] is None:
        return Scorer(prior=prior, calibration=calibration)
    return Scorer.load(settings["model"], prior=prior, calibration=calibration)


def answers(scorer: Scorer, texts: Sequence[frames.Frame]) -> bytes:
    """Return the frames with the records of ``texts``, in their order."""
    reports = scorer.score_many([body.decode("utf-8", "surrogatepass") for _, body in texts])
    return b"".join(answer(report, head) for report, (head, _) in zip(reports, texts, strict=True))


def answer(report: Report, head: Mapping[str, Any]) -> bytes:
    """Return the frame with the record of one text, and in its head what is counted."""
    record = report.to_dict(head["id"], sentences=head["sentences"])
    if head["meaning"]:
        record["meaning"] = meaning(report)
    counted = {name: record[name] for name in ("label", "score", "machine_score", "words")}
    # ASCII alone: a lone surrogate has no bytes in UTF-8, and no character then ends a line
    return frames.pack(counted, json.dumps(record, allow_nan=False).encode("ascii"))


def send(sink: BinaryIO, frame: bytes) -> None:
    """Write ``frame`` at once."""
    try:
        sink.write(frame)
        sink.flush()
    except BrokenPipeError:
        os._exit(0)  # the server is gone, and nobody waits for the answer


def tell_bug(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Log what failed and where, without the message: it may quote the text."""
    log("bug", logging.ERROR, exception=kind.__name__, where=where(trace))


if __name__ == "__main__":
    main()
