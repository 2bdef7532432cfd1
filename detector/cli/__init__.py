"""The command ``detector``: parse, call, print; the rest of the package does the work."""

from __future__ import annotations

import click

from detector._version import __version__
from detector.cli.lazy import Command, LazyGroup

COMMANDS = {
    "score": Command("detector.cli.score:score", "Score texts: files, folders, rows, standard input."),
    "explain": Command("detector.cli.explain:explain", "Show a text sentence by sentence, and the reasons."),
    "features": Command("detector.cli.features:features", "Print the feature table, or document it."),
    "train": Command("detector.cli.train:train", "Train a model from the corpora."),
    "evaluate": Command("detector.cli.evaluate:evaluate", "Measure a model on labelled texts."),
    "calibrate": Command("detector.cli.calibrate:calibrate", "Find a cut for your own texts, with a guarantee."),
    "drift": Command("detector.cli.drift:drift", "Compare today's texts with those of training."),
    "serve": Command("detector.cli.serve:serve", "Serve scores over HTTP, with a page to look at."),
}

EXAMPLES = """\b
Examples:
  detector score article.txt
  detector score articles/ --format jsonl -o scores.jsonl
  detector explain article.txt
"""


@click.group(
    epilog=EXAMPLES, cls=LazyGroup, lazy=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="detector", message="%(prog)s %(version)s")
def main() -> None:
    """Score how much of an article is low-information filler, and say why.

    Exit status: 0 fine; 1 some value reached --fail-above or --machine-above;
    2 an input, usage or model error; 130 interrupted; 141 the reader of the output went away.
    """
