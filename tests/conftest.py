"""Material that several test files share: stories, a small background, scorers.

``small`` has heads of random numbers over word rarity learnt from some stories: what must hold whatever was
learnt is tested with it. ``scorer`` is the model that comes with the package.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fake_scorer import FakeScorer
from hypothesis import settings

from detector import Scorer
from detector.cli import shared
from detector.features.background import Background
from detector.features.sentence import NAMES
from detector.features.view import View, look
from detector.heads import machine_style
from detector.heads.document import DocumentHead
from detector.heads.machine import GRAM_BITS as MACHINE_BITS
from detector.heads.machine import MachineHead
from detector.heads.machine_style import PAIR_BITS, STYLE, WORD_BITS
from detector.heads.machine_words import GROUPS
from detector.heads.sentence import GRAM_BITS, SCALED, Network, SentenceHead
from detector.model import Cuts, Model
from detector.text.document import read
from detector.text.normalise import normalise
from detector.training.background import DIMENSIONS, train_background
from detector.training.document import FEATURES
from detector.training.sources import ENVIRONMENT, Article, find_layout, load_gold, load_stories

settings.register_profile("patient", deadline=None)  # timing decides no test
settings.load_profile("patient")

STORIES = Path(__file__).parent.parent / "data" / "stories" / "stories.jsonl"
SECOND_INPUTS = 8


@pytest.fixture(scope="session")
def stories() -> tuple[Article, ...]:
    return load_stories(STORIES)


@pytest.fixture(scope="session")
def gold() -> list[Article]:
    """200 labelled articles of the corpora."""
    folder = os.environ.get(ENVIRONMENT)
    if not folder:
        pytest.skip(f"{ENVIRONMENT} is not set: the texts of the corpora are not part of the repository")
    articles = sorted(load_gold(find_layout(Path(folder)).gold), key=lambda article: article.id)
    return random.Random(4).sample(articles, 200)


@pytest.fixture(scope="session")
def background(stories: tuple[Article, ...]) -> Background:
    return train_background((story.text for story in stories[:160]), seed=1)


@pytest.fixture(scope="session")
def view_of(background: Background) -> Callable[..., View]:
    """Read a text as the features do; ``segments`` are spans of the text as given."""

    def view(text: str, segments: list[tuple[int, int]] | None = None) -> View:
        source = normalise(text)
        spans = None if segments is None else [source.from_given(*span) for span in segments]
        return look(read(source, spans), background)

    return view


def network(random_: np.random.Generator, inputs: int) -> Network:
    return Network(
        random_.normal(0, 0.1, (inputs, 12)),
        random_.normal(0, 0.1, 12),
        random_.normal(0, 0.8, 12),
        float(random_.normal(0, 0.3)),
    )


@pytest.fixture(scope="session")
def sentence_head() -> SentenceHead:
    random_ = np.random.default_rng(5)
    width = SCALED + 3 * DIMENSIONS
    head = SentenceHead(
        grams=random_.normal(0, 0.5, 1 << GRAM_BITS),
        gram_intercept=0.2,
        mean=random_.normal(0.3, 0.1, SCALED),
        scale=random_.uniform(0.4, 1.2, SCALED),
        first=network(random_, width),
        second=network(random_, width + SECOND_INPUTS),
        repeat=random_.normal(0, 0.3, len(NAMES)),
        repeat_intercept=0.1,
    )
    return SentenceHead.from_arrays(head.to_arrays())  # rounded as in a file


@pytest.fixture(scope="session")
def document_head() -> DocumentHead:
    return DocumentHead(
        names=("filler_share", "mean_filler_logit", *FEATURES),
        coefficients=np.array([2.0, 0.7, *np.resize([-1.5, 3.0, 0.02], len(FEATURES))]),
        typical=np.array([0.3, -0.8, *np.resize([0.1, 0.05, 18.0], len(FEATURES))]),
        intercept=-0.4,
        half_words=30.0,
        base_rate=0.12,
    )


@pytest.fixture(scope="session")
def machine_head() -> MachineHead:
    random_ = np.random.default_rng(6)
    knots = np.sort(random_.normal(0.2, 0.3, (len(STYLE), 4)), axis=1)
    draft = MachineHead(
        grams=random_.integers(-900, 900, 1 << MACHINE_BITS).astype(np.int16),
        gram_scale=0.002,
        knots=knots,
        curves=random_.normal(0, 0.5, knots.shape),
        typical=np.full(len(STYLE), 0.2),
        group_typical=random_.normal(0, 0.5, len(GROUPS)),
        intercept=-0.7,
        cut=0.6,
        background=machine_style.Background(
            random_.integers(0, len(machine_style.CLASSES) + 1, 1 << WORD_BITS).astype(np.uint8),
            random_.integers(0, 200, 1 << WORD_BITS).astype(np.uint8),
            random_.integers(0, 1 << 16, 1 << PAIR_BITS).astype(np.uint16),
        ),
    )
    return replace(draft, curves=draft.curves - draft.parts(draft.typical[None])[0][:, None])


@pytest.fixture(scope="session")
def small_model(
    background: Background,
    sentence_head: SentenceHead,
    document_head: DocumentHead,
    machine_head: MachineHead,
) -> Model:
    return Model(
        name="small",
        background=background,
        sentence=sentence_head,
        document=document_head,
        machine=machine_head,
        cuts=Cuts(0.35, 0.65, 0.6, 40),
        typical={"generic:wording": 0.1, "claim:specifics": 0.5},
    )


@pytest.fixture(scope="session")
def small_folder(small_model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "small"
    small_model.save(folder)
    return folder


@pytest.fixture(scope="session")
def small(small_folder: Path) -> Scorer:
    return Scorer.load(small_folder)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the command line score with the scorer of fake_scorer.py, which a test can see through."""
    monkeypatch.setattr(shared, "open_scorer", lambda *given, **options: FakeScorer())


@pytest.fixture(scope="session")
def scorer() -> Scorer:
    """Score with the model that comes with the package."""
    return Scorer()


@pytest.fixture(scope="session", params=["small", "scorer"])
def any_scorer(request: pytest.FixtureRequest) -> Scorer:
    found: Scorer = request.getfixturevalue(request.param)
    return found
