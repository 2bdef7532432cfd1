"""``python dying.py ARGS`` is the command with the scorer of ``fake_scorer``, small parts, and an end when told.

DIE_AT=N kills the process at its Nth step on the disk under DIE_BELOW (an opening, renaming or removing of a file),
STOP_AT=N interrupts it at its Nth text, SCORED=FILE gets a line for each text scored, STEPS=FILE the number of steps.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from fake_scorer import FakeScorer

TEXTS_A_PART = 7


class Watched(FakeScorer):
    def __init__(self) -> None:
        self.scored = 0

    def score(self, text: str):
        self.scored += 1
        if self.scored == int(os.environ.get("STOP_AT", "0")):
            signal.raise_signal(signal.SIGINT)
        if "SCORED" in os.environ:
            with open(os.environ["SCORED"], "a", encoding="utf-8") as stream:
                stream.write(text + "\n")
        return super().score(text)


signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have started us with interrupts ignored


def watch_disk() -> None:
    """Count the steps on the disk and die at the one that was asked for."""
    below, fatal, count = os.environ.get("DIE_BELOW", "/nowhere"), int(os.environ.get("DIE_AT", "0")), 0
    log = os.environ.get("STEPS")

    def hook(event: str, arguments: tuple) -> None:
        nonlocal count
        if event in ("open", "os.rename", "os.remove", "os.rmdir", "os.mkdir") and below in str(arguments[0]):
            if log and str(arguments[0]) == log:
                return
            count += 1
            if log:
                Path(log).write_text(str(count))
            if count == fatal:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def main() -> None:
    from detector.cli import main as command
    from detector.cli import shared
    from detector.io import resume

    resume.PART_TEXTS = TEXTS_A_PART
    scorer = Watched()
    shared.open_scorer = lambda model, prior=None, calibration=(): scorer
    watch_disk()
    command(prog_name="detector")


if __name__ == "__main__":
    main()
