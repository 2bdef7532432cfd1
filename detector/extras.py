"""Optional packages: imported where they are used, and named with the line that installs them."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType


class MissingExtraError(ImportError):
    """A package that an extra brings is not installed; the message is one sentence with the line to run."""


def need(module: str, extra: str) -> ModuleType:
    """Import and return ``module``. Raises :class:`MissingExtraError` if the extra that brings it is missing."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != module.partition(".")[0]:
            raise  # the package is there; something that it needs is not
        package = module.partition(".")[0]
        line = f"pip install 'filler-detector[{extra}]'"
        raise MissingExtraError(f"{package} is not installed; run: {line}", name=module) from error
