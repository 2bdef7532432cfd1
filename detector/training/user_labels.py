"""A user's own labelled texts, in JSONL: one object a line with ``text`` and what is known of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from detector.training.document import FILLER
from detector.training.sources import LETTERS, SourceError, filler_share, read_jsonl

_LABELS = {"filler": ("is_filler", True), "substantive": ("is_filler", False)}
_LABELS |= {"machine": ("is_machine", True), "human": ("is_machine", False)}
_EXPECTED = (
    "a label (filler, substantive, human or machine), a filler_share from 0 to 1, or sentences as [start, end, letter]"
)


@dataclass(frozen=True, slots=True)
class UserText:
    """One text: whether at least half of it is filler, and whether a machine wrote it; None where not said.

    ``group`` holds texts together that must not be learnt from and measured on at once, such as those of one author.
    """

    row: int
    text: str
    group: str
    is_filler: bool | None = None
    is_machine: bool | None = None


def read_user_labels(path: Path) -> tuple[tuple[UserText, ...], int]:
    """Return the different texts of a file and how many copies were left out.

    A row has ``text`` and ``label`` (filler, substantive, human, machine), ``filler_share`` (filler from .5 on) or
    ``sentences`` ([[start, end, letter], ...], letters C R G B H), or several of these; ``group`` if texts belong
    together. Rows with the same text are one. Raises SourceError, naming the row, for anything else and where two
    statements contradict each other.
    """
    found: dict[str, UserText] = {}
    count = 0
    for number, record in enumerate(read_jsonl(path), 1):
        count += 1
        text = _user_text(record, number, f"{path}, row {number},")
        key = " ".join(text.text.split())
        found[key] = text if key not in found else _merged(found[key], text, path)
    if not count:
        raise SourceError(f"{path} holds no rows; give one JSON object a line with a text and {_EXPECTED}.")
    return tuple(found.values()), count - len(found)


def _user_text(record: Mapping[str, Any], number: int, place: str) -> UserText:
    text, group = record.get("text"), record.get("group")
    if not isinstance(text, str) or not text.strip():
        raise SourceError(f"{place} has no field text with a text in it.")
    if group is not None and not isinstance(group, (str, int)):
        raise SourceError(f"{place} has a group that is neither a string nor a number.")
    said: dict[str, bool] = {}
    label = record.get("label")
    if label is not None:
        if not isinstance(label, str) or label not in _LABELS:
            raise SourceError(f"{place} has the label {label!r}; expected filler, substantive, human or machine.")
        said.update([_LABELS[label]])
    for is_filler in (_from_share(record, place), _from_sentences(record, text, place)):
        if is_filler is not None and said.setdefault("is_filler", is_filler) != is_filler:
            raise SourceError(f"{place} says filler and not filler at once (from {FILLER:g} of the words on it is).")
    if not said:
        raise SourceError(f"{place} has no label; expected {_EXPECTED}.")
    return UserText(number, text, f"row {number}" if group is None else f"group {group}", **said)


def _from_share(record: Mapping[str, Any], place: str) -> bool | None:
    share = record.get("filler_share")
    if share is None:
        return None
    if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 <= share <= 1:
        raise SourceError(f"{place} has the filler_share {share!r}; expected a number from 0 to 1.")
    return bool(share >= FILLER)


def _from_sentences(record: Mapping[str, Any], text: str, place: str) -> bool | None:
    sentences = record.get("sentences")
    if sentences is None:
        return None
    try:
        spans = [(int(start), int(end)) for start, end, _ in sentences]
        letters = [str(letter) for _, _, letter in sentences]
    except (TypeError, ValueError) as error:
        raise SourceError(f"{place} has sentences that are not [start, end, letter] ({error}).") from error
    borders = [0, *(point for span in spans for point in span), len(text)]
    if borders != sorted(borders) or not all(letter in LETTERS and len(letter) == 1 for letter in letters):
        raise SourceError(
            f"{place} has sentences out of order, beyond the text of {len(text)} characters, or with a letter other "
            f"than {LETTERS}."
        )
    share = filler_share("".join(letters), [len(text[start:end].split()) for start, end in spans])
    if math.isnan(share):
        raise SourceError(f"{place} has no sentence with the letter C, R or G, so its filler share is unknown.")
    return share >= FILLER


def _merged(first: UserText, second: UserText, path: Path) -> UserText:
    facts: dict[str, bool | None] = {}
    for name in ("is_filler", "is_machine"):
        a, b = getattr(first, name), getattr(second, name)
        if a is not None and b is not None and a != b:
            raise SourceError(f"{path}: rows {first.row} and {second.row} are the same text with different labels.")
        facts[name] = b if a is None else a
    return replace(first, **facts)  # type: ignore[arg-type]
