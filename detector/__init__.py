"""Scores how much of an article is low-information filler, sentence by sentence, and says why.

>>> from detector import Scorer
>>> report = Scorer().score(text)          # doctest: +SKIP
>>> report.score, report.label             # doctest: +SKIP
"""

from detector._version import __version__
from detector.report import Reason, Report, Sentence, SentenceReason
from detector.scorer import Scorer

__all__ = ["Reason", "Report", "Scorer", "Sentence", "SentenceReason", "__version__"]
