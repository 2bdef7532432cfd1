"""Explanations of real articles are not empty: no single reason carries most of them (design §2)."""

import os
from pathlib import Path

import pytest

from detector.training.sources import find_layout, load_gold

CORPORA = os.environ.get("DETECTOR_CORPORA")


@pytest.mark.corpora
@pytest.mark.skipif(not CORPORA, reason="needs the corpora; set DETECTOR_CORPORA")
def test_no_single_reason_carries_the_score_of_most_articles(scorer):
    articles = load_gold(find_layout(Path(CORPORA)).gold)[::9]
    reports = [report for article in articles if (report := scorer.score(article.text)).reasons]
    tops = [
        max(parts) / sum(parts)
        for report in reports
        if (parts := [abs(reason.contribution) for reason in report.reasons])
    ]
    assert len(tops) > 250
    assert sum(top > 0.6 for top in tops) / len(tops) <= 0.20
