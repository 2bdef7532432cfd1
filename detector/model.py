"""A model is a folder of plain files: arrays in ``.npz`` (never pickles), settings in ``model.json``, and its card."""

from __future__ import annotations

import json
import math
import re
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.features.background import Background
from detector.features.sentence import NAMES as SENTENCE_FEATURES
from detector.heads.document import DocumentHead
from detector.heads.machine import MachineHead
from detector.heads.sentence import SCALED, SentenceHead

FORMAT = 1
_ARCHIVE_DAMAGE = (EOFError, NotImplementedError, struct.error, zipfile.BadZipFile)  # as zipfile tells it
_DAMAGE = (KeyError, TypeError, ValueError, OverflowError, *_ARCHIVE_DAMAGE)
_LONGEST_CAUSE = 100  # characters of what is quoted of a damaged file
_START = b"\x93NUMPY\x01\x00"  # of an .npy file of version 1.0; two bytes with the length of the header follow
_HEADER = re.compile(  # as np.savez writes it, of numbers or words: nothing is evaluated, nothing is negative
    rb"\{'descr': '([<>|][biufU]\d{1,4})', 'fortran_order': (True|False), 'shape': \(((?:\d{1,12},? ?){0,4})\), \} *\n"
)


class ModelError(ValueError):
    """A model folder is missing, incomplete or of another version; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Cuts:
    """Borders between labels: below ``substantive`` an article is substantive, from ``filler`` on it is filler.

    ``machine`` is the machine_score from which the flag "machine" is set. ``least_words`` is the number of words of
    prose below which nothing is said.
    """

    substantive: float
    filler: float
    machine: float
    least_words: int


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """Everything a score needs."""

    name: str
    background: Background
    sentence: SentenceHead
    document: DocumentHead
    machine: MachineHead | None
    cuts: Cuts
    typical: Mapping[str, float]

    def save(self, folder: Path) -> None:
        """Write the model to ``folder``, which is made if need be."""
        folder.mkdir(parents=True, exist_ok=True)
        parts: dict[str, dict[str, NDArray[Any]]] = {
            "background": self.background.to_arrays(),
            "sentence": self.sentence.to_arrays(),
            "document": self.document.to_arrays(),
        }
        if self.machine is not None:
            parts["machine"] = self.machine.to_arrays()
        for part, arrays in parts.items():
            np.savez(folder / f"{part}.npz", **arrays)  # type: ignore[arg-type]
        settings = {
            "format": FORMAT,
            "name": self.name,
            "cuts": asdict(self.cuts),
            "has_machine_head": self.machine is not None,
            "sentence_features": list(SENTENCE_FEATURES),
            "typical": dict(self.typical),
        }
        (folder / "model.json").write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")


def bundled() -> Path:
    """Return the folder of the model that comes with the package."""
    return Path(__file__).parent / "models" / "default"


def load(folder: str | Path) -> Model:
    """Read a model folder. Raises ModelError with one sentence if it cannot be used."""
    place = Path(folder) if isinstance(folder, str) else folder
    settings = _settings(place)
    try:
        parts = ["background", "sentence", "document"] + ["machine"] * bool(settings["has_machine_head"])
        arrays = {part: _arrays(place.joinpath(f"{part}.npz")) for part in parts}
        background = Background.from_arrays(arrays["background"])
        return Model(
            name=_name(settings["name"]),
            background=background,
            sentence=_sentence_head(arrays["sentence"], background),
            document=DocumentHead.from_arrays(arrays["document"]),
            machine=MachineHead.from_arrays(arrays["machine"]) if "machine" in arrays else None,
            cuts=_cuts(settings["cuts"]),
            typical=_typical(settings["typical"]),
        )
    except ModelError:
        raise
    except _DAMAGE as error:
        raise ModelError(f"the model in {place} is damaged ({cause(error)}); copy or train it again") from error


def cause(error: Exception) -> str:
    """Return what an error says, on one line and never long: it may quote what a damaged file holds."""
    said = " ".join(str(error).split())
    return said if len(said) <= _LONGEST_CAUSE else said[: _LONGEST_CAUSE - 1] + "…"


def _settings(place: Path) -> dict[str, Any]:
    try:
        text = place.joinpath("model.json").read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ModelError(f"{place}/model.json is not UTF-8; copy or train the model again") from error
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ModelError(f"{place} holds no model (no model.json); give a folder written by detector train") from error
    except OSError as error:
        raise _unreadable(place.joinpath("model.json"), error) from error
    try:
        settings = json.loads(text)
    except (ValueError, RecursionError) as error:  # RecursionError: nested without end
        raise ModelError(f"{place}/model.json is not JSON; copy or train the model again") from error
    if not isinstance(settings, dict) or settings.get("format") != FORMAT:
        raise ModelError(f"{place} is not a model of format {FORMAT}; train it again with this version")
    if settings.get("sentence_features") != list(SENTENCE_FEATURES):
        raise ModelError(f"the model in {place} was trained on other features; train it again with this version")
    return settings


def _name(given: Any) -> str:
    if not isinstance(given, str):
        raise ValueError("the name in model.json is not text")
    return given


def _cuts(given: Mapping[str, Any]) -> Cuts:
    cuts = Cuts(**given)
    # A border at 0 or 1 is one that no text is below or reaches; so is a machine cut above 1, or one that is NaN.
    is_machine_cut = type(cuts.machine) in (int, float) and not float(cuts.machine) <= 0
    borders = (cuts.substantive, cuts.filler)
    if not (is_machine_cut and all(map(_is_number, borders)) and 0 <= cuts.substantive <= cuts.filler <= 1):
        raise ValueError("the cuts in model.json are not 0 <= substantive <= filler <= 1 and machine above 0")
    if type(cuts.least_words) is not int or cuts.least_words < 1:
        raise ValueError("least_words in model.json is not a whole number above 0")
    return cuts


def _typical(given: Any) -> dict[str, float]:
    if not isinstance(given, dict) or not all(_is_number(share) and 0 <= share <= 1 for share in given.values()):
        raise ValueError("typical in model.json is not a share of 0 to 1 for each name")
    return given


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)  # a bool is none


def _sentence_head(arrays: Mapping[str, NDArray[Any]], background: Background) -> SentenceHead:
    """Return the head. Raises ValueError if it does not read the word vectors of ``background``."""
    head = SentenceHead.from_arrays(arrays)
    inputs = SCALED + 3 * background.vocabulary.vectors.shape[1]  # of the sentence, its new words and its article
    if len(head.first.hidden) != inputs:
        raise ValueError(f"first_hidden has {len(head.first.hidden)} rows, expected {inputs} for the word vectors")
    return head


def _arrays(file: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of an ``.npz`` file, read-only views of its bytes.

    np.load would give the same, but copies every array twice, which a command that scores one text would feel.
    """
    try:
        with file.open("rb") as stream, zipfile.ZipFile(stream) as archive:
            members = archive.infolist()
            if any(member.compress_type != zipfile.ZIP_STORED or member.flag_bits & 1 for member in members):
                raise ValueError(f"an array in {file.name} is compressed or encrypted, expected as np.savez writes it")
            if sum(member.file_size for member in members) > file.stat().st_size:  # before memory is asked for
                raise ValueError(f"the arrays in {file.name} are said to be larger than the file")
            return {member.filename.removesuffix(".npy"): _array(archive.read(member)) for member in members}
    except FileNotFoundError as error:
        raise ModelError(f"{file} is missing from the model; copy or train it again") from error
    except OSError as error:
        raise _unreadable(file, error) from error


def _unreadable(file: Path, error: OSError) -> ModelError:
    said = (error.strerror or str(error)).lower()
    return ModelError(f"{file} cannot be read ({said}); make it readable, or copy or train the model again")


def _array(data: bytes) -> NDArray[Any]:
    """Return the array of an ``.npy`` file. Raises ValueError for what is none, and for one of Python objects."""
    start = len(_START) + 2
    if data[: len(_START)] != _START:
        raise ValueError("an array is not of .npy version 1.0")
    at = start + int.from_bytes(data[len(_START) : start], "little")
    header = _HEADER.fullmatch(data, start, at)
    if header is None:
        raise ValueError("the header of an array is not one of numbers or words as np.savez writes it")
    dtype, is_fortran = np.dtype(header[1].decode()), header[2] == b"True"
    shape = tuple(int(size) for size in header[3].split(b",") if size.strip())
    if at + math.prod(shape) * dtype.itemsize != len(data):
        raise ValueError(f"an array of shape {shape} and type {dtype} does not fill {len(data) - at} bytes")
    array: NDArray[Any] = np.frombuffer(data, dtype, offset=at)
    return array.reshape(shape, order="F" if is_fortran else "C")
