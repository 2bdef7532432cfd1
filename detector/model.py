"""A model is a folder of plain files: arrays in ``.npz`` (never pickles), settings in ``model.json``, and its card."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from detector.features.background import Background
from detector.features.sentence import NAMES as SENTENCE_FEATURES
from detector.heads.document import DocumentHead
from detector.heads.machine import MachineHead
from detector.heads.sentence import SentenceHead

FORMAT = 1


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
        return Model(
            name=settings["name"],
            background=Background.from_arrays(arrays["background"]),
            sentence=SentenceHead.from_arrays(arrays["sentence"]),
            document=DocumentHead.from_arrays(arrays["document"]),
            machine=MachineHead.from_arrays(arrays["machine"]) if "machine" in arrays else None,
            cuts=Cuts(**settings["cuts"]),
            typical=settings["typical"],
        )
    except ModelError:
        raise
    except (EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise ModelError(f"the model in {place} is damaged ({error}); copy or train it again") from error


def _settings(place: Path) -> dict[str, Any]:
    try:
        text = place.joinpath("model.json").read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ModelError(f"{place}/model.json is not UTF-8; copy or train the model again") from error
    except OSError as error:
        raise ModelError(f"{place} holds no model (no model.json); give a folder written by detector train") from error
    try:
        settings = json.loads(text)
    except ValueError as error:
        raise ModelError(f"{place}/model.json is not JSON; copy or train the model again") from error
    if not isinstance(settings, dict) or settings.get("format") != FORMAT:
        raise ModelError(f"{place} is not a model of format {FORMAT}; train it again with this version")
    if settings.get("sentence_features") != list(SENTENCE_FEATURES):
        raise ModelError(f"the model in {place} was trained on other features; train it again with this version")
    return settings


def _arrays(file: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of an ``.npz`` file, read-only views of its bytes.

    np.load would give the same, but copies every array twice, which a command that scores one text would feel.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            return {name.removesuffix(".npy"): _array(archive.read(name)) for name in archive.namelist()}
    except OSError as error:
        raise ModelError(f"{file} is missing from the model; copy or train it again") from error


def _array(data: bytes) -> NDArray[Any]:
    """Return the array of an ``.npy`` file. Raises ValueError for what is none, and for one of Python objects."""
    file = io.BytesIO(data)
    if npy.read_magic(file) != (1, 0):
        raise ValueError("an array is not of .npy version 1.0")
    shape, is_fortran, dtype = npy.read_array_header_1_0(file)
    array: NDArray[Any] = np.frombuffer(data, dtype, offset=file.tell())
    return array.reshape(shape, order="F" if is_fortran else "C")
