"""A baseline file: what an old site has already, so that only what is new counts.

Articles and sentences are known by hashes of their words, so that neither a new path nor a
new line break makes them new. The file is one article a line, made to be committed.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from detector.io.findings import article_fingerprint, fingerprint, is_filler
from detector.io.records import Record, Verdict
from detector.io.sources import STDIN, unreadable_sentence
from detector.report import Report

VERSION = 1
_KNOWN_SHARE = 0.5  # of the sentences of an article: below that it is another article
_KEYS = {"id": str, "words": str, "reached": list, "filler": list, "sentences": list}


class BaselineError(ValueError):
    """The baseline cannot be read; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One article. ``words`` is the hash of all its words, ``filler`` are those of its filler sentences.

    ``reached`` names the limits that it reaches; only then ``sentences`` holds the hashes of its other sentences,
    by which it is known again after an edit.
    """

    id: str
    words: str
    reached: tuple[str, ...] = ()
    filler: tuple[str, ...] = ()
    sentences: tuple[str, ...] = ()

    @property
    def worth_keeping(self) -> bool:
        """Whether there is anything to know."""
        return bool(self.filler or self.reached)


@dataclass(frozen=True, slots=True)
class Baseline:
    """What is known. ``model`` is that of the entries."""

    model: str = ""
    entries: tuple[Entry, ...] = ()
    _filler: frozenset[str] = field(init=False)
    _sentences: dict[str, frozenset[str]] = field(init=False)
    _words: dict[str, frozenset[str]] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_filler", frozenset(one for entry in self.entries for one in entry.filler))
        sentences, words = {}, {}
        for name in ("score", "machine_score"):
            over = [entry for entry in self.entries if name in entry.reached]
            sentences[name] = frozenset(one for entry in over for one in (*entry.filler, *entry.sentences))
            words[name] = frozenset(entry.words for entry in over)
        object.__setattr__(self, "_sentences", sentences)
        object.__setattr__(self, "_words", words)

    def judge(self, record: Record) -> Record:
        """Return ``record`` with what the baseline knows of it in its verdict.

        An article is known when its words are, or when at least half of its sentences stand in articles that
        reached the same limit.
        """
        if record.report.error is not None:
            return record
        hashes = sentence_hashes(record)
        filler = [index for index in hashes if is_filler(record.report.sentences[index])]
        words = article_fingerprint(record)
        known = tuple(
            name
            for name in ("score", "machine_score")
            if words in self._words[name] or _share(hashes.values(), self._sentences[name]) >= _KNOWN_SHARE
        )
        sentences = frozenset(index for index in filler if hashes[index] in self._filler)
        return replace(record, verdict=replace(record.verdict, known=known, sentences=sentences))


def _share(hashes: Iterable[str], known: frozenset[str]) -> float:
    found = [one in known for one in hashes]
    return sum(found) / len(found) if found else 0.0


def sentence_hashes(record: Record) -> dict[int, str]:
    """Return the hash of every sentence of prose, by its index."""
    return {
        index: fingerprint(record.text[one.start : one.end])
        for index, one in enumerate(record.report.sentences)
        if one.kind not in ("heading", "boilerplate")
    }


def all_known(record: Record) -> Record:
    """Return ``record`` as the baseline that is being written will know it."""
    filler = frozenset(index for index, one in enumerate(record.report.sentences) if is_filler(one))
    known = reached_or_labelled(record.report, record.verdict)
    return replace(record, verdict=replace(record.verdict, known=known, sentences=filler))


def entry(record: Record, id: str) -> Entry:
    """Return what a baseline keeps of ``record``."""
    hashes = sentence_hashes(record)
    reached = reached_or_labelled(record.report, record.verdict)
    filler = {index: one for index, one in hashes.items() if is_filler(record.report.sentences[index])}
    rest = [one for index, one in hashes.items() if index not in filler] if reached else []
    return Entry(
        id, article_fingerprint(record), reached, tuple(sorted(set(filler.values()))), tuple(sorted(set(rest)))
    )


def reached_or_labelled(report: Report, verdict: Verdict) -> tuple[str, ...]:
    """Return the limits reached; a text labelled filler is one more reason to be reported for its score."""
    names = {*verdict.reached, *(["score"] if report.label == "filler" else [])}
    return tuple(sorted(names))


class Collector:
    """Gathers the entries of a run, and what of the old baseline the run did not see."""

    def __init__(self, path: str, old: Baseline) -> None:
        self._folder = os.path.dirname(os.path.abspath(path))
        self._old = old
        self._entries: list[Entry] = []
        self._read: set[str] = set()
        self._model = ""

    def add(self, record: Record) -> None:
        """Take one record; one that failed leaves what was known of it."""
        if record.report.error is not None:
            return
        self._model = self._model or record.report.model
        self._read.add(self._name(record.path))
        self._entries.append(entry(record, self._id(record)))

    @property
    def other_model(self) -> str:
        """The model of the old baseline if it is not that of this run, else empty."""
        return self._old.model if self._model and self._old.model != self._model else ""

    def gone(self) -> int:
        """Return how many known filler sentences are no longer in the texts of this run."""
        now = {one for entry in self._entries for one in entry.filler}
        before = {one for entry in self._old.entries if self._was_read(entry) for one in entry.filler}
        return len(before - now)

    def baseline(self) -> Baseline:
        """Return the entries of this run, and the old ones of files that it did not read and that still exist."""
        kept = [
            entry
            for entry in self._old.entries
            if not self._was_read(entry) and os.path.exists(os.path.join(self._folder, _file(entry.id)))
        ]
        entries = [entry for entry in self._entries if entry.worth_keeping]
        return Baseline(self._model or self._old.model, tuple(sorted([*kept, *entries], key=lambda one: one.id)))

    def _was_read(self, entry: Entry) -> bool:
        return _file(entry.id) in self._read

    def _id(self, record: Record) -> str:
        return f"{self._name(record.path)}#{record.line}" if record.line else self._name(record.path)

    def _name(self, path: str) -> str:
        if path == STDIN:
            return STDIN
        return os.path.relpath(os.path.abspath(path), self._folder).replace(os.sep, "/")


def _file(id: str) -> str:
    file, mark, line = id.rpartition("#")
    return file if mark and line.isdigit() else id


def read_baseline(path: str, *, new: bool = False) -> Baseline:
    """Return the baseline in ``path``, an empty one if it may be ``new``. Raises :class:`BaselineError`."""
    try:
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
    except FileNotFoundError:
        if new:
            return Baseline()
        raise BaselineError(f"there is no baseline {path}; --write-baseline makes it") from None
    except OSError as error:
        raise BaselineError(f"the baseline {path} {unreadable_sentence(error)}") from error
    except (ValueError, RecursionError) as error:
        raise BaselineError(f"{path} is no baseline: it is not valid JSON ({error}); make it again") from error
    version = content.get("detector-baseline") if isinstance(content, dict) else None
    if version != VERSION:
        was = f"it is of version {version}" if isinstance(version, int) else "it has no detector-baseline version"
        raise BaselineError(f"{path} is no baseline that can be read: {was}, expected {VERSION}; make it again")
    articles = content.get("articles")
    if not isinstance(articles, list) or not all(map(_is_entry, articles)):
        raise BaselineError(f"{path} is a damaged baseline: its articles are not as they were written; make it again")
    return Baseline(str(content.get("model", "")), tuple(map(_entry, articles)))


def _is_entry(content: Any) -> bool:
    return isinstance(content, dict) and all(
        isinstance(content.get(key, kind()), kind)
        and all(isinstance(one, str) for one in content.get(key, ()) if kind is list)
        for key, kind in _KEYS.items()
    )


def _entry(content: dict[str, Any]) -> Entry:
    lists = {key: tuple(content.get(key, ())) for key in ("reached", "filler", "sentences")}
    return Entry(content.get("id", ""), content.get("words", ""), **lists)


def baseline_lines(baseline: Baseline) -> list[str]:
    """Return the baseline as lines of JSON, one article a line."""
    lines = [f'{{"detector-baseline": {VERSION}, "model": {json.dumps(baseline.model)}, "articles": [']
    for place, one in enumerate(baseline.entries):
        content: dict[str, Any] = {"id": one.id, "words": one.words}
        content |= {key: getattr(one, key) for key in ("reached", "filler", "sentences") if getattr(one, key)}
        lines.append(json.dumps(content) + ("," if place + 1 < len(baseline.entries) else ""))
    return [*lines, "]}"]


def known_count(record: Record) -> int:
    """Return how many findings of ``record`` the baseline keeps quiet: filler sentences, and the article itself."""
    named = reached_or_labelled(record.report, record.verdict)
    quiet = sum(name in record.verdict.known for name in named)
    return len(record.verdict.sentences) + (0 if math.isnan(record.report.score) else quiet)
