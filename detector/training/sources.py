"""Where training and measuring find their texts: labelled articles, own stories, corpora.

Nothing here has a default path. The corpora come from ``--corpora DIR`` or
``DETECTOR_CORPORA``; the stories and label files from ``data/`` of the project.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

STORIES = "stories"  # the data set of the project's own stories, which are CC0
LETTERS = "CRGBH"
PROSE = "CRG"
FOLDS = 5
ENVIRONMENT = "DETECTOR_CORPORA"

Role = Literal["train", "benchmark"]
Author = Literal["human", "machine"]


class SourceError(ValueError):
    """A text or label file is missing or not of the form expected; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Article:
    """One text with a letter for every segment, as a person would mark it sentence by sentence.

    ``segments`` are [start, end) code points of ``text``, ``letters`` one of C R G B H each.
    ``label`` is None where the author is unknown and for the project's own stories, which
    have no say in human against machine. ``fold`` is None for benchmark articles. ``sampling`` is
    ``ranked`` where a draft model chose the article for being padded, else ``random`` or None
    (random within its source). ``padding`` is 1 (dense) to 5, ``second_letters`` those of a
    second reading. ``story``, ``batch`` and ``version`` are set for stories alone.
    """

    id: str
    text: str
    segments: tuple[tuple[int, int], ...]
    letters: str
    label: Author | None
    dataset: str
    domain: str
    family: str
    fold: int | None
    role: Role
    generator: str | None = None
    sampling: str | None = None
    padding: int | None = None
    second_letters: str | None = None
    second_padding: int | None = None
    story: str | None = None
    batch: int | None = None
    genre: str | None = None
    version: str | None = None

    @property
    def segment_words(self) -> tuple[int, ...]:
        """White-space tokens of each segment."""
        return tuple(len(self.text[start:end].split()) for start, end in self.segments)

    @property
    def words(self) -> int:
        """White-space tokens of the text."""
        return len(self.text.split())

    @property
    def filler_share(self) -> float:
        """Share of the words of C, R and G segments that stand in R and G ones, 0 to 1; NaN without prose."""
        return filler_share(self.letters, self.segment_words)


@dataclass(frozen=True, slots=True)
class Row:
    """One corpus document. ``dataset`` is its file's name; what the source does not say is None."""

    id: str
    text: str
    label: Author | None
    domain: str
    family: str
    dataset: str
    generator: str | None = None
    attack: str | None = None
    pair: str | None = None
    group: str | None = None
    date: str | None = None
    native: bool | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of a corpora folder. Only ``train`` and ``benchmark`` are known to exist."""

    train: Path
    benchmark: Path
    manifest: Path
    gold: Path
    stories: Path


@dataclass(frozen=True, slots=True)
class Join:
    """What became of each label: ids whose text was found, was not, or was not the labelled one."""

    joined: tuple[str, ...]
    missing: tuple[str, ...]
    mismatched: tuple[str, ...]


def filler_share(letters: str, words: Collection[int]) -> float:
    """Share of words in R and G segments among those in C, R and G; NaN where there are none."""
    counted = [(letter, n) for letter, n in zip(letters, words, strict=True) if letter in PROSE]
    total = sum(n for _, n in counted)
    return sum(n for letter, n in counted if letter != "C") / total if total else float("nan")


def text_sha256(text: str) -> str:
    """SHA-256 of the text in UTF-8, as lower-case hexadecimal; the fingerprint in the label files."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def read_jsonl(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a ``.jsonl`` or ``.jsonl.gz`` file, blank lines left out."""
    if not path.is_file():
        raise SourceError(f"There is no file {path}; check the folder given.")
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _object(line, f"{path}:{number}")
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise SourceError(f"{path} is not a whole gzip file ({error}); fetch it again.") from error


def _object(line: bytes, place: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except ValueError as error:  # malformed JSON and malformed UTF-8 alike
        raise SourceError(f"{place} is not JSON ({error}); one object a line is expected.") from error
    if not isinstance(record, dict):
        raise SourceError(f"{place} holds a {type(record).__name__}; one object a line is expected.")
    return record


def _field(record: Mapping[str, Any], name: str, place: str) -> str:
    value = record.get(name)
    if not isinstance(value, str):
        raise SourceError(f"{place} has no field {name} with text in it.")
    return value


def _article(record: Mapping[str, Any], text: str, place: str) -> Article:
    try:
        segments = tuple((int(start), int(end)) for start, end, _ in record["sentences"])
        letters = "".join(letter for _, _, letter in record["sentences"])
        second = record.get("second") or {}
        article = Article(
            id=record["id"],
            text=text,
            segments=segments,
            letters=letters,
            label=record.get("label"),
            dataset=record["dataset"],
            domain=record["domain"],
            family=record["family"],
            fold=record.get("fold"),
            role=record["role"],
            generator=record.get("generator"),
            sampling=record.get("sampling"),
            padding=record.get("padding"),
            second_letters=second.get("letters"),
            second_padding=second.get("padding"),
            story=record.get("story"),
            batch=record.get("batch"),
            genre=record.get("genre"),
            version=record.get("version"),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise SourceError(f"{place} lacks a field of a labelled article ({error!r}).") from error
    borders = [0, *(point for segment in segments for point in segment), len(text)]
    if borders != sorted(borders) or any(start == end for start, end in segments):
        raise SourceError(
            f"{place}: the segments are not in order within the text of {len(text)} characters."
        )
    if len(letters) != len(segments) or not set(letters) <= set(LETTERS):
        raise SourceError(f"{place}: every segment needs one letter of {LETTERS}, not {letters!r}.")
    return article


def load_gold(path: Path) -> tuple[Article, ...]:
    """Read labelled articles with their texts, in the order of the file."""
    return tuple(
        _article(record, _field(record, "text", f"{path}, article {number}"), f"{path}, article {number}")
        for number, record in enumerate(read_jsonl(path), 1)
    )


def story_fold(story: str) -> int:
    """Fold 0 to 4 of a story from its number ("s017"), so that its versions are held out together."""
    digits = story.lstrip("s")
    if not digits.isdecimal():
        raise SourceError(f"The story {story!r} has no number; names like s017 are expected.")
    return (int(digits) - 1) % FOLDS


def load_stories(path: Path) -> tuple[Article, ...]:
    """Read the project's own stories, letters as written; ``dataset`` and ``family`` are "stories"."""
    articles = []
    for number, record in enumerate(read_jsonl(path), 1):
        place = f"{path}, story {number}"
        if not {"story", "genre", "text", "sentences"} <= record.keys():
            raise SourceError(f"{place} lacks one of the fields story, genre, text, sentences.")
        constants = {"dataset": STORIES, "family": STORIES, "role": "train", "domain": record["genre"]}
        fields = {**record, **constants, "fold": story_fold(record["story"])}
        articles.append(_article(fields, record["text"], place))
    return tuple(articles)


def corpora_folder(option: str | None) -> Path:
    """Return the folder given by ``--corpora``, else by DETECTOR_CORPORA; SourceError without either."""
    given = option or os.environ.get(ENVIRONMENT)
    if not given:
        raise SourceError(f"No corpora were named; give --corpora DIR or set {ENVIRONMENT}.")
    folder = Path(given)
    if not folder.is_dir():
        raise SourceError(f"The corpora folder {folder} does not exist; check --corpora or {ENVIRONMENT}.")
    return folder


def find_layout(corpora: Path) -> Layout:
    """Find the files from the folder that holds ``train`` and ``benchmark``, or from its parent.

    ``gold/gold.jsonl.gz`` and ``stories/stories.jsonl`` stand beside that folder.
    """
    for folder in (corpora, corpora / "corpora"):
        if (folder / "train").is_dir() and (folder / "benchmark").is_dir():
            beside = folder.resolve().parent
            return Layout(
                train=folder / "train",
                benchmark=folder / "benchmark",
                manifest=folder / "manifest.json",
                gold=beside / "gold" / "gold.jsonl.gz",
                stories=beside / "stories" / "stories.jsonl",
            )
    raise SourceError(f"{corpora} holds no folders train and benchmark; name the folder that does.")


def datasets(corpora: Path, role: Role = "train") -> tuple[str, ...]:
    """Names of the data sets of a role, sorted; each is a file ``NAME.jsonl.gz``."""
    folder = getattr(find_layout(corpora), role)
    return tuple(sorted(path.name.removesuffix(".jsonl.gz") for path in folder.glob("*.jsonl.gz")))


def iter_corpus(corpora: Path, role: Role = "train", names: Collection[str] | None = None) -> Iterator[Row]:
    """Stream the documents of one role, data set by data set in sorted order.

    ``names`` keeps to some data sets; an unknown one raises SourceError before the first row.
    """
    if isinstance(names, str):
        raise TypeError(f"names is the string {names!r}; give a list of data set names.")
    known = datasets(corpora, role)
    unknown = sorted(set(names or ()) - set(known))
    if unknown:
        raise SourceError(f"No {role} data set is called {', '.join(unknown)}; there are {', '.join(known)}.")
    folder: Path = getattr(find_layout(corpora), role)
    wanted = known if names is None else [name for name in known if name in names]
    return (row for name in wanted for row in _rows(folder / f"{name}.jsonl.gz", name))


def _rows(path: Path, dataset: str) -> Iterator[Row]:
    optional = ("generator", "attack", "pair", "group", "date", "native")
    for number, record in enumerate(read_jsonl(path), 1):
        try:
            yield Row(
                id=record["id"],
                text=record["text"],
                label=record.get("label"),
                domain=record["domain"],
                family=record["family"],
                dataset=dataset,
                **{name: record.get(name) for name in optional},
            )
        except KeyError as error:
            raise SourceError(f"{path}, row {number}, lacks the field {error}.") from error


def load_labels(labels: Path, texts: Path) -> tuple[tuple[Article, ...], Join]:
    """Join a label file with texts the user has, each checked by its SHA-256.

    ``texts`` is searched through: files ``.jsonl`` and ``.jsonl.gz`` with ``id`` and ``text``, and
    ``<id>.txt``. A label with ``cut`` [start, end] may take that part of a longer text of its id.
    A text with another fingerprint is not used; its id is then among the mismatched.
    Articles come in the order of the label file.
    """
    if not texts.is_dir():
        raise SourceError(f"The folder of texts {texts} does not exist; check --texts.")
    records = {_field(record, "id", str(labels)): record for record in read_jsonl(labels)}
    found: dict[str, str] = {}
    seen: set[str] = set()
    for id, candidate in _candidates(texts, records):
        seen.add(id)
        text = _labelled_text(records[id], candidate)
        if text is not None:
            found[id] = text
    articles = tuple(
        _article(record, found[id], f"{labels}, {id}") for id, record in records.items() if id in found
    )
    return articles, Join(
        joined=tuple(id for id in records if id in found),
        missing=tuple(id for id in records if id not in seen),
        mismatched=tuple(id for id in records if id in seen and id not in found),
    )


def _candidates(folder: Path, wanted: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.rglob("*")):
        if path.name.endswith((".jsonl", ".jsonl.gz")):
            for record in read_jsonl(path):
                id, text = record.get("id"), record.get("text")
                if isinstance(id, str) and isinstance(text, str) and id in wanted:
                    yield id, text
        elif path.suffix == ".txt":
            id = path.relative_to(folder).as_posix().removesuffix(".txt")
            if id in wanted:
                yield id, path.read_bytes().decode("utf-8", "replace")


def _labelled_text(record: Mapping[str, Any], candidate: str) -> str | None:
    start, end = record.get("cut") or (0, len(candidate))
    # Editors end a file with a line break that the labelled text need not have.
    for text in (candidate, candidate.removesuffix("\n"), candidate[start:end]):
        if text_sha256(text) == record.get("text_sha256"):
            return text
    return None
