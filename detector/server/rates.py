"""The error rates that were measured for a model at each cut: ``error_rates.json`` in its folder, if it has one.

The file holds, for increasing cuts of ``score``, the share of articles called filler among those that are not
(``false_positive_rate``) and among those that are (``true_positive_rate``)::

    {"cuts": [0.05, 0.1], "false_positive_rate": [0.21, 0.12], "true_positive_rate": [0.95, 0.88],
     "articles": {"filler": 324, "not_filler": 2331}, "source": "out of fold, whole families of sources held out"}
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from detector.intervals import wilson

NAME = "error_rates.json"
CARD = "card.md"


class RatesError(ValueError):
    """The file is there and cannot be used; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Measured rates at each cut; all three tuples are equally long."""

    cuts: tuple[float, ...]
    false_positive_rate: tuple[float, ...]
    true_positive_rate: tuple[float, ...]
    filler: int
    not_filler: int
    source: str

    def to_dict(self) -> dict[str, Any]:
        """Return the rates as JSON-ready values, with Wilson 95 % intervals."""
        return {
            "cuts": list(self.cuts),
            "false_positive_rate": list(self.false_positive_rate),
            "false_positive_interval": [wilson(rate, self.not_filler) for rate in self.false_positive_rate],
            "true_positive_rate": list(self.true_positive_rate),
            "true_positive_interval": [wilson(rate, self.filler) for rate in self.true_positive_rate],
            "articles": {"filler": self.filler, "not_filler": self.not_filler},
            "source": self.source,
        }


def read_rates(model: str | None) -> Rates | None:
    """Return the rates of the model in the folder ``model`` (None: the bundled one), None if it has none.

    Raises :class:`RatesError` if the file is damaged.
    """
    text = _read(model, NAME)
    if text is None:
        return None
    try:
        held = json.loads(text)
        if 0 in held["articles"].values():
            return None  # nothing was measured of one kind
        cuts, false, true = (tuple(map(float, held[name])) for name in _COLUMNS)
        counts = held["articles"]
        rates = Rates(cuts, false, true, int(counts["filler"]), int(counts["not_filler"]), str(held["source"]))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise RatesError(
            f"{NAME} of the model is damaged ({error}); train the model again or remove the file"
        ) from error
    _check(rates)
    return rates


def read_card(model: str | None) -> str | None:
    """Return the card of the model in Markdown, None if it has none."""
    return _read(model, CARD)


_COLUMNS = ("cuts", "false_positive_rate", "true_positive_rate")


def _read(model: str | None, name: str) -> str | None:
    folder = files("detector").joinpath("models", "default") if model is None else Path(model)
    try:
        return folder.joinpath(name).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise RatesError(f"{name} of the model cannot be read ({error}); copy or train the model again") from error


def _check(rates: Rates) -> None:
    columns = (rates.cuts, rates.false_positive_rate, rates.true_positive_rate)
    wrong = None
    if not rates.cuts or len({len(column) for column in columns}) != 1:
        wrong = "cuts and rates must be equally many, and at least one"
    elif not all(0 <= value <= 1 for column in columns for value in column):
        wrong = "cuts and rates must lie between 0 and 1"
    elif any(later <= earlier for earlier, later in zip(rates.cuts, rates.cuts[1:], strict=False)):
        wrong = "cuts must increase"
    elif min(rates.filler, rates.not_filler) < 1:
        wrong = "there must be articles of both kinds"
    if wrong is not None:
        raise RatesError(f"{NAME} of the model is damaged ({wrong}); train the model again or remove the file")
