"""Adapting the document and machine heads of a finished model to a user's own labelled texts.

Reports say what each reason adds to a logit; those parts are scaled, and the scaled heads are written to a new folder.
So reasons stay exact: the adapted heads are of the same form, with other weights. The sentence head is left as it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from detector.calibration import model_digest
from detector.features.background import Floats
from detector.heads.document import MEANS, DocumentHead, log_odds
from detector.heads.machine import MachineHead
from detector.heads.machine_style import STYLE
from detector.model import Model, bundled
from detector.report import Reason, Report
from detector.scorer import Scorer
from detector.text.document import Flags
from detector.training import metrics
from detector.training.document import log_loss
from detector.training.figures import Figure, figure, markdown
from detector.training.machine_figures import BASE_RATE
from detector.training.reference import write_reference
from detector.training.shrunk import LEAST, Fit, cross_validated, learn
from detector.training.sources import SourceError
from detector.training.user_labels import UserText, read_user_labels

Log = Callable[[str], None]
_RESAMPLES = 500
_CLASSES = {"score": ("filler", "substantive"), "machine_score": ("machine", "human")}


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Labelled texts as one head sees them: ``parts`` (N, K) of its logit, ``truth`` (N,), what belongs together.

    ``intercept`` is the head's, ``base_rate`` the share of positives that it is calibrated at.
    """

    on: str
    parts: Floats
    truth: Flags
    groups: tuple[str, ...]
    intercept: float
    base_rate: float

    @property
    def shift(self) -> float:
        """What the intercept gains from the base rate of the head to that of these texts."""
        return log_odds(float(self.truth.mean())) - log_odds(self.base_rate)


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What became of one head: ``fit`` is None where it stays as it was, ``why`` says so in words."""

    on: str
    why: str
    fit: Fit | None = None
    figures: tuple[Figure, ...] = ()


def adapt_model(
    labels: Path, base: str | None, folder: Path, name: str, seed: int, jobs: int, log: Log
) -> list[Outcome]:
    """Adapt the model ``base`` (None: the bundled one) to ``labels`` and write it to ``folder`` under ``name``.

    Returns what became of each head that there are labels for. Raises SourceError, and writes nothing, if the labels
    are too few or help no head.
    """
    source = bundled() if base is None else Path(base)
    if folder.exists() and isinstance(source, Path) and source.exists() and folder.samefile(source):
        raise SourceError(f"{folder} is the base model itself, which is never touched; give -o another folder.")
    texts, copies = read_user_labels(labels)
    scorer = Scorer() if base is None else Scorer.load(base)
    reports = list(scorer.score_many((text.text for text in texts), jobs=jobs))
    judged = [(text, report) for text, report in zip(texts, reports, strict=True) if not math.isnan(report.score)]
    log(
        f"{len(judged):,} different texts scored by {scorer.model_name}; left out: {copies:,} copies, "
        f"{len(texts) - len(judged):,} too short or not English"
    )
    if not judged:
        raise SourceError("Nothing was adapted and no model written: no text is English and long enough to be scored.")
    outcomes = [adapt_head(evidence, seed) for evidence in evidence_of(scorer.model, judged)]
    if not any(outcome.fit for outcome in outcomes):
        raise SourceError("Nothing was adapted and no model written: " + "; ".join(o.why for o in outcomes) + ".")
    model = adapted(scorer.model, outcomes, name)
    model.save(folder)
    origin = f"{scorer.model_name} (digest {model_digest(source)[:12]})"
    card = source.joinpath("card.md")
    before = card.read_text(encoding="utf-8") if card.is_file() else "The base model has no card.\n"
    (folder / "card.md").write_text(card_of(name, origin, outcomes, before), encoding="utf-8")
    write_reference(folder, Scorer.load(folder).score_many((text.text for text in texts), jobs=jobs))
    return outcomes


def evidence_of(model: Model, judged: Sequence[tuple[UserText, Report]]) -> list[Evidence]:
    """Return the evidence for each head that some of the texts are labelled for."""
    found = []
    document, machine = model.document, model.machine
    columns = {name: place for place, name in enumerate(document.names[len(MEANS) :], 1)}
    rows = [(text, report) for text, report in judged if text.is_filler is not None]
    if rows:
        parts = [parts_of(report.reasons, columns) for _, report in rows]
        truth = [bool(text.is_filler) for text, _ in rows]
        found.append(_evidence("score", parts, truth, rows, document.intercept, document.base_rate))
    rows = [(text, report) for text, report in judged if text.is_machine is not None]
    if rows and machine is None:
        raise SourceError("The base model has no machine head; labels human and machine cannot be used with it.")
    if rows and machine is not None:
        columns = {name: place for place, name in enumerate(STYLE, 1)}
        parts = [parts_of(report.machine_reasons, columns) for _, report in rows]
        truth = [bool(text.is_machine) for text, _ in rows]
        found.append(_evidence("machine_score", parts, truth, rows, machine.intercept, BASE_RATE))
    return found


def _evidence(
    on: str,
    parts: list[Floats],
    truth: list[bool],
    rows: Sequence[tuple[UserText, Report]],
    intercept: float,
    base_rate: float,
) -> Evidence:
    return Evidence(on, np.array(parts), np.array(truth), tuple(t.group for t, _ in rows), intercept, base_rate)


def parts_of(reasons: Sequence[Reason], columns: dict[str, int]) -> Floats:
    """Return contributions by column, (1 + len(columns),); those of all other reasons together stand first."""
    out = np.zeros(1 + len(columns))
    for reason in reasons:
        out[columns.get(reason.feature, 0)] += reason.contribution
    return out


def adapt_head(evidence: Evidence, seed: int) -> Outcome:
    """Fit one head to its texts; keep it as it was if they are too few, or if cross-validation sees no gain."""
    truth, on = evidence.truth, evidence.on
    counts = [int(truth.sum()), int((~truth).sum())]
    told = " and ".join(f"{n:,} {name}" for n, name in zip(counts, _CLASSES[on], strict=True))
    if min(counts) < LEAST:
        missing = " and ".join(
            f"{LEAST - n} more labelled {name}" for n, name in zip(counts, _CLASSES[on], strict=True) if n < LEAST
        )
        return Outcome(on, f"{on} has {told} texts, and {LEAST} of each are needed: give {missing}")
    intercept = evidence.intercept + evidence.shift
    before = evidence.parts.sum(axis=1) + intercept
    after = cross_validated(evidence.parts, truth, evidence.groups, intercept, seed)
    figures = figures_of(on, truth, before, after, evidence.groups)
    if log_loss(truth, after) >= log_loss(truth, before):
        return Outcome(on, f"{on} is not better for {told} texts and stays as it was", None, figures)
    fit = learn(evidence.parts, truth, evidence.groups, intercept, seed)
    moved = replace(fit, intercept=fit.intercept - evidence.shift)
    if fit.tau:
        how = f"every weight anew, drawn to the base (a prior width of {fit.tau:g} of each)"
    else:
        how = "slope and intercept of the logit"
    return Outcome(on, f"{on} adapted to {told} texts: {how}", moved, figures)


def figures_of(on: str, truth: Flags, before: Floats, after: Floats, groups: Sequence[str]) -> tuple[Figure, ...]:
    """Return figures of the base and of adapted heads that did not see the text, at the base rate of the texts."""
    gain = np.logaddexp(0.0, np.where(truth, -after, after)) - np.logaddexp(0.0, np.where(truth, -before, before))
    statistics: list[tuple[str, Callable[[metrics.Ints], float]]] = []
    for name, logit in (("before", before), ("after", after)):
        score = 0.5 * (1.0 + np.tanh(0.5 * logit))
        statistics += [
            (f"AUROC, {name}", lambda r, s=logit: metrics.auroc(truth[r], s[r])),  # type: ignore[misc]
            (f"log loss, {name}", lambda r, s=logit: log_loss(truth[r], s[r])),  # type: ignore[misc]
            (f"Brier, {name}", lambda r, s=score: metrics.brier(truth[r], s[r])),  # type: ignore[misc]
        ]
    statistics.append(("log loss, after less before (below 0: better)", lambda r: float(gain[r].mean())))
    return tuple(
        figure(
            f"{on}, cross-validated",
            name,
            metrics.bootstrap(statistic, groups, seed=0, resamples=_RESAMPLES),
            len(truth),
        )
        for name, statistic in sorted(statistics, key=lambda one: one[0].partition(",")[0])
    )


def adapted(model: Model, outcomes: Sequence[Outcome], name: str) -> Model:
    """Return the model with the adapted heads; labels keep the base's borders."""
    for outcome in outcomes:
        if outcome.fit is not None and outcome.on == "score":
            model = replace(model, document=scaled_document(model.document, outcome.fit))
        elif outcome.fit is not None and model.machine is not None:
            model = replace(model, machine=scaled_machine(model.machine, outcome.fit))
    return replace(model, name=name)


def scaled_document(head: DocumentHead, fit: Fit) -> DocumentHead:
    """Return the head with its parts scaled: sentences by the first multiplier, features by theirs."""
    each = np.concatenate((np.full(len(MEANS), fit.multipliers[0]), fit.multipliers[1:]))
    return replace(head, coefficients=head.coefficients * each, intercept=fit.intercept)


def scaled_machine(head: MachineHead, fit: Fit) -> MachineHead:
    """Return the head with its parts scaled: words and phrases by the first multiplier, habits by theirs."""
    words, habits = float(fit.multipliers[0]), fit.multipliers[1:]
    return replace(
        head,
        curves=head.curves * habits[:, None],
        gram_scale=head.gram_scale * words,
        group_typical=head.group_typical * words,
        intercept=fit.intercept,
    )


def card_of(name: str, origin: str, outcomes: Sequence[Outcome], base_card: str) -> str:
    """Return the card of an adapted model: what was adapted and how well, then the card of the base."""
    lines = [f"- {outcome.why}." for outcome in outcomes]
    tables = [figure for outcome in outcomes for figure in outcome.figures]
    return (
        f"# Model card: {name}\n\n{origin} adapted to a user's own labelled texts; sentences are read as before.\n\n"
        + "\n".join(lines)
        + "\n\nFive-fold cross-validation, texts of one group held out together; 95 % bootstrap intervals over groups. "
        "Probabilities stay calibrated at the base rate of the base model and are re-weighted to that of the texts for "
        "these figures. The borders of the labels are those of the base: `detector calibrate` finds your own.\n\n"
        + markdown(tables)
        + f"\nWhat follows is the card of the base model.\n\n{base_card}"
    )
