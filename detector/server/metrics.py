"""What Prometheus reads at ``/metrics``: requests, seconds, texts by label, scores, workers."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from detector._version import __version__
from detector.report import SCHEMA
from detector.server.pool import Answer

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_TENTHS = tuple(step / 10 for step in range(1, 11))
_ABSTENTIONS = ("too_short", "not_english")
_LABELS = ("filler", "unclear", "substantive", *_ABSTENTIONS, "error")


class Metrics:
    """The figures of one server, in a registry of their own."""

    def __init__(self, model: str, workers: Callable[[], float], inside: Callable[[], float]) -> None:
        registry = CollectorRegistry()
        self._registry = registry
        self._requests = Counter("detector_requests", "Requests answered.", ("route", "status"), registry=registry)
        self._seconds = Histogram(
            "detector_request_seconds",
            "Seconds from request to answer.",
            ("route",),
            buckets=_SECONDS,
            registry=registry,
        )
        self._texts = Counter("detector_texts", "Texts answered, by label.", ("label",), registry=registry)
        self._abstentions = Counter(
            "detector_abstentions", "Texts that were not scored.", ("label",), registry=registry
        )
        self._words = Counter("detector_words", "Words of the texts answered.", registry=registry)
        self._scores = Histogram("detector_score", "Scores.", buckets=_TENTHS, registry=registry)
        self._machine = Histogram("detector_machine_score", "Machine scores.", buckets=_TENTHS, registry=registry)
        self._lost = Counter("detector_workers_lost", "Workers that ended and were replaced.", registry=registry)
        for name, words, value in (
            ("detector_workers", "Workers ready.", workers),
            ("detector_requests_in_progress", "Scoring requests being answered.", inside),
        ):
            Gauge(name, words, registry=registry).set_function(value)
        about = Gauge("detector_info", "Model, schema and version.", ("model", "schema", "version"), registry=registry)
        about.labels(model, str(SCHEMA), __version__).set(1)
        ProcessCollector(registry=registry)
        for label in _LABELS:  # a series that starts at nought can be rated from its first step
            self._texts.labels(label)
        for label in _ABSTENTIONS:
            self._abstentions.labels(label)

    def request(self, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self, answer: Answer) -> None:
        """Count one scored text."""
        self._texts.labels(answer.label).inc()
        self._words.inc(answer.words)
        if answer.label in _ABSTENTIONS:
            self._abstentions.labels(answer.label).inc()
        if answer.score is not None:
            self._scores.observe(answer.score)
        if answer.machine_score is not None:
            self._machine.observe(answer.machine_score)

    def failed_text(self) -> None:
        """Count one item that could not be scored."""
        self._texts.labels("error").inc()

    def lost_worker(self) -> None:
        """Count one worker that had to be replaced."""
        self._lost.inc()

    def page(self) -> bytes:
        """Return all figures in the text format of Prometheus."""
        page: bytes = generate_latest(self._registry)
        return page
