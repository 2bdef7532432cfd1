"""From labelled articles and corpora to a model folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from joblib import Parallel, delayed

from detector.explain.article import groups
from detector.explain.sentences import judge
from detector.features.background import Background, Floats
from detector.features.view import look
from detector.heads.document import DocumentHead
from detector.heads.machine import MachineHead
from detector.heads.sentence import SentenceHead
from detector.model import Cuts, Model
from detector.text.document import Flags, read
from detector.text.normalise import normalise
from detector.training import document as documents
from detector.training.document import DAMPINGS, FILLER, SUBSTANTIVE, Documents, documents_of
from detector.training.metrics import auroc
from detector.training.sentence import Excluded, Recipe, Sentences, Stack, sentences_of
from detector.training.sources import Article

Log = Callable[[str], None]
NOBODY: Excluded = frozenset()
MISSED = 0.02  # share of the articles below the lower border that may be filler after all
ACCUSED = 0.005  # share of substantive human-written articles that may reach the upper border
_DAMPING_COSTS = 0.01  # nats
_LEAST_AUROC = 0.80  # of score on openings, from which their length is judged
NO_MACHINE_CUT = 1.0  # stands where a model has no machine head; it never applies
LENGTHS = (30, 40, 50, 60, 80, 100, 120)


@dataclass(frozen=True, slots=True, eq=False)
class Filler:
    """Sentence heads by what they did not see, and what they make of the articles."""

    background: Background
    stack: Stack
    heads: Mapping[Excluded, SentenceHead]
    whole: Documents
    openings: Documents

    @property
    def folds(self) -> tuple[int, ...]:
        """The folds in use."""
        return self.stack.folds

    @property
    def is_gold(self) -> Flags:
        """Which of the whole articles are labelled articles of the corpora, not own stories."""
        return np.array([article.story is None for article in self.whole.articles])

    def document_head(self, without: Excluded, half_words: float) -> DocumentHead:
        """Fit the document head without the folds ``without``, on readings by heads that did not see the article.

        On the labelled articles, so that probabilities are calibrated at their base rate; on stories if there are
        no others.
        """
        usable = [fold for fold in self.folds if fold not in without]
        rows = np.isin(self.whole.fold, usable) & np.isfinite(self.whole.share)
        if self.is_gold.any():
            rows &= self.is_gold
        return documents.fit(self.whole, {fold: without | {fold} for fold in usable}, rows, half_words)

    def nested_heads(self, half_words: float) -> dict[int, DocumentHead]:
        """Return for each fold the document head that neither saw it nor was fed by a head that did."""
        return {fold: self.document_head(frozenset({fold}), half_words) for fold in self.folds}

    def logits(self, docs: Documents, heads: Mapping[int, DocumentHead]) -> Floats:
        """Return out-of-fold logits of ``docs``: fold f read by the heads that did not see f; NaN outside the folds."""
        out = np.full(len(docs.fold), np.nan)
        for fold, head in heads.items():
            rows = docs.fold == fold
            out[rows] = documents.logits(head, docs.values(frozenset({fold}))[rows], docs.words[rows])
        return out


def train_sentences(
    articles: Sequence[Article], background: Background, recipe: Recipe, seed: int, jobs: int, log: Log
) -> Filler:
    """Train the sentence head for shipping, out of fold, and without each pair of folds for a nested evaluation."""
    data: Sentences = sentences_of(articles, background, jobs)
    log(f"measured {len(data.letters):,} sentences of {len(articles):,} articles")
    folds = tuple(sorted({a.fold for a in articles if a.fold is not None}))
    stack = Stack(data, recipe, folds, seed)
    wanted = [frozenset({fold}) for fold in folds]
    wanted += [NOBODY, *map(frozenset, combinations(folds, 2))]
    stack.fill(wanted, jobs)
    log("trained the sentence head")
    heads = dict(zip(wanted, Parallel(n_jobs=jobs)(delayed(stack.head)(w) for w in wanted), strict=True))
    readers = {w: head for w, head in heads.items() if w}
    whole = documents_of(articles, background, readers, jobs)
    gold = [a for a in articles if a.story is None and a.fold is not None] or list(articles)
    singles = {w: head for w, head in readers.items() if len(w) == 1}
    openings = documents_of(documents.cuts(gold), background, singles, jobs)
    log(f"read {len(whole.articles):,} articles and {len(openings.articles):,} openings of them out of fold")
    return Filler(background, stack, heads, whole, openings)


def choose_damping(filler: Filler) -> float:
    """Return the largest half_words that costs next to nothing, so that a short text moves little with every word.

    By log loss on openings of 40 to 300 words, out of fold, against the least of all.
    """
    truth = filler.openings.share >= FILLER
    seen = np.isfinite(filler.openings.share) & (filler.openings.words > 0)
    losses = {}
    for half_words in DAMPINGS:
        head = filler.document_head(NOBODY, half_words)
        logit = filler.logits(filler.openings, dict.fromkeys(filler.folds, head))
        losses[half_words] = documents.log_loss(truth[seen], logit[seen])
    least = min(losses.values())
    return max(half_words for half_words, loss in losses.items() if loss <= least + _DAMPING_COSTS)


def least_words(filler: Filler, head: DocumentHead) -> int:
    """Return the shortest length at which the score of an opening still ranks openings by their own label.

    The first of a list of lengths from which on the AUROC for a labelled share of at least a half, over openings
    within 15 % of the length, is 0.80 or more.
    """
    gold = [
        a for a, is_gold in zip(filler.whole.articles, filler.is_gold, strict=True) if is_gold and a.fold is not None
    ]
    readers = {w: h for w, h in filler.heads.items() if len(w) == 1}
    openings = documents_of(documents.cuts(gold or filler.whole.articles, LENGTHS), filler.background, readers)
    logit = filler.logits(openings, dict.fromkeys(filler.folds, head))
    chosen = LENGTHS[-1]
    for length in reversed(LENGTHS):
        near = (abs(openings.words - length) <= 0.15 * length) & np.isfinite(openings.share)
        if auroc(openings.share[near] >= FILLER, logit[near]) < _LEAST_AUROC:
            break
        chosen = length
    return chosen


def choose_borders(score: Floats, share: Floats, human: Flags) -> tuple[float, float]:
    """Return the borders of "substantive" and "filler".

    The lower is the highest score below which at most 2 % of articles are filler (share of at least a half); the
    upper the lowest that at most 0.5 % of substantive human-written articles reach. The upper is never the lower.
    """
    order = np.argsort(score)
    missed = np.cumsum(share[order] >= FILLER) / np.arange(1, len(order) + 1)
    below = np.flatnonzero(missed <= MISSED)
    lower = float(score[order[below[-1]]]) if len(below) else float(score.min())
    innocent = np.sort(score[human & (share < SUBSTANTIVE)])
    upper = float(np.quantile(innocent, 1.0 - ACCUSED)) if len(innocent) else 0.5
    lower, upper = min(max(lower, 0.01), 0.5), min(max(upper, 0.5), 0.99)
    return round(lower, 3), round(max(upper, lower), 3)


def typical_groups(filler: Filler, head: DocumentHead) -> dict[str, float]:
    """Return the mean share of words in each group of sentences among substantive articles, read out of fold."""
    sums: dict[str, float] = {}
    count = 0
    for article, is_gold in zip(filler.whole.articles, filler.is_gold, strict=True):
        if article.fold is None or not article.filler_share < SUBSTANTIVE or (filler.is_gold.any() and not is_gold):
            continue
        reader = filler.heads[frozenset({article.fold})]
        view = look(read(normalise(article.text)), filler.background)
        reading = reader.read(view)
        count += 1
        for group in groups(view, reading, judge(view, reading, reader), head)[0]:
            sums[group.name] = sums.get(group.name, 0.0) + group.share
    return {name: round(total / max(count, 1), 4) for name, total in sorted(sums.items())}


def finish(filler: Filler, name: str, machine: MachineHead | None, log: Log) -> Model:
    """Train the document head on what was read out of fold, choose lengths and borders, and build the model."""
    half_words = choose_damping(filler)
    head = filler.document_head(NOBODY, half_words)
    shortest = least_words(filler, head)
    logit = filler.logits(filler.whole, filler.nested_heads(half_words))
    known = np.isfinite(logit) & np.isfinite(filler.whole.share)
    if filler.is_gold.any():
        known &= filler.is_gold
    human = np.array([article.label == "human" for article in filler.whole.articles])
    score = 1.0 / (1.0 + np.exp(-logit[known]))
    lower, upper = choose_borders(score, filler.whole.share[known], human[known])
    log(f"half_words {half_words:g}, least words {shortest}, borders {lower} and {upper}")
    return Model(
        name=name,
        background=filler.background,
        sentence=filler.heads[NOBODY],
        document=head,
        machine=machine,
        cuts=Cuts(lower, upper, NO_MACHINE_CUT if machine is None else machine.cut, shortest),
        typical=typical_groups(filler, head),
    )
