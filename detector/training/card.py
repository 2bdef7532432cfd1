"""The model card: what a model learnt from, how well it does, and what it cannot tell."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from detector.model import Model
from detector.training.evaluate import judge, machine_rows, rates_by_genre
from detector.training.figures import Figure, markdown
from detector.training.material import Material
from detector.training.metrics import wilson
from detector.training.sources import find_layout
from detector.training.train import ACCUSED, LENGTHS, MISSED, Filler

_TEMPLATE = """# Model card: {name}

Scores how much of an English article is low-information filler, sentence by sentence; and, apart from that, whether it
reads machine-written. It judges the text, not the author.

## What it learnt from
{data}

## How it was measured
Whole families of sources are held out together in five folds; every figure is of heads that saw neither the article nor
its family. The document head is nested: for each fold it learnt from readings by heads that saw neither that fold nor
the article. Stories are held out by story. Intervals are 95 % bootstraps over articles.

{figures}

## Error rates by genre
Human-written articles with less than half of their words in filler, called `filler` all the same, out of fold (Wilson
95 % intervals):

{genres}

## Labels and calibration
- `score` is calibrated at a base rate of {base:.0%} filler articles; `--prior P` re-weights it for another.
- Below {lower} an article is `substantive`: out of fold at most {missed:.0%} of the articles below are filler.
  From {upper} on it is `filler`: at most {accused:.1%} of substantive human-written articles reach that.
  Between them: `unclear`.
- Under {least} words of prose the label is `too_short`. Of the lengths tried ({lengths} words) it is the shortest from
  which on openings are ranked by their own labels with an AUROC of .80 or more. The evidence of a text of {half:g}
  words counts half, of longer ones more, so that nothing jumps at the border.
- `machine_score` {machine}

## What it cannot tell
- Whether a claim is true, or matters. An invented but specific claim counts as a claim.
- Who wrote a text. Many people pad, and machines can be dense; `score` and `machine_score` are two axes on purpose.
- Anything about languages other than English, verse, code, tables, or transcripts of chat.
- Long documents: it learnt from articles of up to about 60 sentences, and reads longer ones as somewhat denser than
  they are (see README).
- Texts of kinds it never saw; see the genres above for those it did. Essays by learners are its hardest genre.
- The sentence letters were given by a large language model that applied a written rubric; a second reading of 108
  articles agreed on claim against filler in 96 % of sentences (kappa .91). The model cannot be better than that.

## Licences
The model holds statistics: word counts, vectors and weights; it ships none of the texts. It learnt from
{which}; `data/corpora/manifest.json` has source, commit and terms of each.

{licences}
"""


def write_card(
    file: Path,
    model: Model,
    material: Material,
    filler: Filler,
    figures: Sequence[Figure],
    machine: Mapping[str, Any],
) -> None:
    """Write the card of a freshly trained model."""
    tables = list(figures)
    if machine:
        tables += machine_rows(dict(machine))
    file.write_text(
        _TEMPLATE.format(
            name=model.name,
            data=_data(material),
            figures=markdown(tables),
            genres=_genres(filler, model),
            base=model.document.base_rate,
            lower=model.cuts.substantive,
            upper=model.cuts.filler,
            missed=MISSED,
            accused=ACCUSED,
            least=model.cuts.least_words,
            half=model.document.half_words,
            lengths=", ".join(map(str, LENGTHS)),
            machine=_machine(model),
            which="all of the sources below, whatever their licence"
            if material.datasets is None
            else "the sources below alone, whose texts the manifest marks as openly licensed",
            licences=_licences(material),
        ),
        encoding="utf-8",
    )


def _data(material: Material) -> str:
    stories = [a for a in material.articles if a.story is not None]
    gold = [a for a in material.articles if a.story is None and a.role == "train"]
    count = len({a.story for a in stories})
    lines = [
        f"- {count:,} own stories in up to four versions, {len(stories):,} texts, every sentence labelled as it was "
        "written (CC0)."
    ]
    if gold:
        by_domain = Counter(a.domain for a in gold).most_common()
        domains = ", ".join(f"{name} {count}" for name, count in by_domain)
        sentences = sum(len(a.letters) for a in gold)
        lines.append(
            f"- {len(gold):,} articles of public corpora, {sentences:,} sentences with a letter each: {domains}."
        )
    if material.corpora is not None:
        lines.append(
            "- Word counts, n-gram counts, word vectors and the machine head: the training corpora of the manifest, "
            f"less {len(material.leaks)} texts that stand in a benchmark."
        )
    return "\n".join(lines)


def _genres(filler: Filler, model: Model) -> str:
    if not filler.is_gold.any():
        return "Not measured: the model learnt from stories alone, see `detector evaluate`.\n"
    lines = ["| genre | articles | called filler | rate | 95 % interval |", "|---|---|---|---|---|"]
    rates = rates_by_genre(filler, judge(filler), model.cuts.filler)
    total, every = sum(called for _, _, called, _ in rates), sum(n for _, _, _, n in rates)
    for name, interval, called, n in [*rates, ("all of these", wilson(total, every), total, every)]:
        lines.append(f"| {name} | {n} | {called} | {interval.value:.1%} | {interval.low:.1%} to {interval.high:.1%} |")
    return "\n".join(lines) + "\n"


def _machine(model: Model) -> str:
    if model.machine is None:
        return "is undefined: this model has no machine head."
    cut = "above every score" if np.isnan(model.machine.cut) else f"{model.machine.cut:.3f}"
    return (
        "is calibrated for as many machine-written as human-written texts. The flag `machine` is set from "
        f"{cut} on, chosen so that at most 1 % of the human texts of held-out families reach it, and in no "
        "source of 200 or more texts more than 5 % (upper end of the interval). Its features and settings were "
        "chosen on the same training families, so these figures are a little optimistic."
    )


def _licences(material: Material) -> str:
    if material.corpora is None:
        return "- own stories: CC0"
    manifest = json.loads(find_layout(material.corpora).manifest.read_text(encoding="utf-8"))
    rows = [
        f"| {name} | {entry['licence'].replace('|', '/')} | {'yes' if entry.get('open') else 'no'} |"
        for name, entry in sorted(manifest.items())
        if entry["role"] == "train" and (material.datasets is None or name in material.datasets)
    ]
    return "\n".join(["| source | licence as stated | texts openly licensed |", "|---|---|---|", *rows])
