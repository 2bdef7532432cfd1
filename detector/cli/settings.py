"""Settings of a project: the table ``[tool.detector]`` of the nearest ``pyproject.toml`` above.

A flag on the command line always wins. The same table, without ``tool.detector``, may stand alone in a file
that ``--settings`` names.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

OFF = "off"
FILE = "pyproject.toml"


class SettingsError(ValueError):
    """The settings cannot be used; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class PerPath:
    """Limits for the files that one of ``globs`` matches: a number, "off", or None for what the project says."""

    globs: tuple[str, ...]
    fail_above: float | str | None = None
    machine_above: float | str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """What a project sets. ``root`` is the folder that globs and file names count from; ``file`` is for messages."""

    root: str = ""
    file: str = ""
    fail_above: float | None = None
    machine_above: float | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    model: str | None = None
    prior: float | None = None
    calibration: tuple[str, ...] = ()
    baseline: str | None = None
    inline: bool = True
    per_path: tuple[PerPath, ...] = ()

    def wants(self, path: str) -> bool:
        """Say whether the file ``path`` is one of those that the project wants judged."""
        name = self._below_root(path)
        if name is None:
            return True
        if self.include and not any(matches(glob, name) for glob in self.include):
            return False
        return not any(matches(glob, name) for glob in self.exclude)

    def limits(self, path: str) -> tuple[float | None, float | None]:
        """Return the limits of the score and of the machine score for the file ``path``; later tables win.

        None where nothing is said, infinite where a limit is off.
        """
        name = self._below_root(path) if self.per_path else None
        score: float | str | None = self.fail_above
        machine: float | str | None = self.machine_above
        for table in self.per_path if name is not None else ():
            if any(matches(glob, name or "") for glob in table.globs):
                score = score if table.fail_above is None else table.fail_above
                machine = machine if table.machine_above is None else table.machine_above
        return _limit(score), _limit(machine)

    def _below_root(self, path: str) -> str | None:
        if not self.root or path == "-":
            return None
        name = os.path.relpath(os.path.abspath(path), self.root).replace(os.sep, "/")
        return None if name.startswith("../") else name


def _limit(value: float | str | None) -> float | None:
    return math.inf if isinstance(value, str) else value


def matches(glob: str, name: str) -> bool:
    """Say whether ``glob`` matches the file ``name``, or a folder that it lies in.

    ``*`` and ``?`` stay within a folder, ``**`` goes through any. A glob without a slash may match at any depth,
    any other counts from the root of the project.
    """
    return _pattern(glob).fullmatch(name) is not None


@lru_cache(maxsize=256)
def _pattern(glob: str) -> re.Pattern[str]:
    anchored = "/" in glob.rstrip("/")
    body = ""
    for piece in re.findall(r"\*\*/|/\*\*$|\*\*|\*|\?|[^*?]+", glob.removeprefix("./").strip("/")):
        body += {"**/": "(?:.*/)?", "/**": "/.*", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(piece, re.escape(piece))
    return re.compile(f"(?s:{'' if anchored else '(?:.*/)?'}{body}(?:/.*)?)")


def find_settings(start: str | None = None) -> Settings:
    """Return the settings of the nearest ``pyproject.toml`` with a table for us, from the current folder up.

    Raises :class:`SettingsError`. Without such a file everything is at its default.
    """
    here = Path(start or os.getcwd()).resolve()
    for folder in (here, *here.parents):
        path = folder / FILE
        if path.is_file():
            table = _table(_parse(str(path)), str(path))
            if table is not None:
                return _settings(table, str(path))
    return Settings()


def read_settings(path: str) -> Settings:
    """Return the settings in the file ``path``: a ``pyproject.toml``, or a file of these settings alone.

    Raises :class:`SettingsError`.
    """
    content = _parse(path)
    table = _table(content, path)
    if table is None and os.path.basename(path) == FILE:
        raise SettingsError(f"{path} has no table [tool.detector]; add one, or leave --settings out")
    return _settings(content if table is None else table, path)


def _parse(path: str) -> dict[str, Any]:
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise SettingsError(f"cannot read the settings {path}: {(error.strerror or str(error)).lower()}") from error
    if b"detector" not in data and os.path.basename(path) == FILE:
        return {}  # somebody else's, and most of them: not worth parsing
    import tomllib

    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except ValueError as error:
        raise SettingsError(
            f"cannot read the settings {path}: {error}; correct it, or use --no-settings"
        ) from error


def _table(content: dict[str, Any], path: str) -> dict[str, Any] | None:
    tools = content.get("tool", {})
    table = tools.get("detector") if isinstance(tools, dict) else None
    if table is not None and not isinstance(table, dict):
        raise SettingsError(f"{path}: tool.detector is {table!r}; expected a table [tool.detector]")
    return table


def _settings(table: dict[str, Any], path: str) -> Settings:
    root = os.path.dirname(os.path.abspath(path))
    _refuse_unknown(table, _TOP, "[tool.detector]", path)
    values = {key.replace("-", "_"): _TOP[key](value, key, path) for key, value in table.items()}
    for name in ("model", "baseline"):
        if name in values:
            values[name] = os.path.join(root, values[name])
    values["calibration"] = tuple(os.path.join(root, file) for file in values.get("calibration", ()))
    return Settings(root=os.path.realpath(root), file=path, **values)


def _refuse_unknown(table: dict[str, Any], known: dict[str, Any], name: str, path: str) -> None:
    unknown = [key for key in table if key not in known]
    if not unknown:
        return
    import difflib

    near = difflib.get_close_matches(unknown[0].replace("_", "-"), known, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known)}"
    raise SettingsError(f"{path}: unknown key {unknown[0]!r} in {name}; {hint}")


def _wrong(value: object, key: str, path: str, expected: str) -> SettingsError:
    return SettingsError(f"{path}: {key} is {value!r}; expected {expected}")


def _probability(value: object, key: str, path: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        raise _wrong(value, key, path, "a number above 0 and at most 1, such as 0.8")
    return float(value)


def _share(value: object, key: str, path: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1:
        raise _wrong(value, key, path, "a number between 0 and 1, such as 0.12")
    return float(value)


def _probability_or_off(value: object, key: str, path: str) -> float | str:
    if value == OFF:
        return OFF
    try:
        return _probability(value, key, path)
    except SettingsError:
        raise _wrong(value, key, path, 'a number above 0 and at most 1, or "off"') from None


def _text(value: object, key: str, path: str) -> str:
    if not isinstance(value, str) or not value:
        raise _wrong(value, key, path, "a name in quotation marks")
    return value


def _truth(value: object, key: str, path: str) -> bool:
    if not isinstance(value, bool):
        raise _wrong(value, key, path, "true or false")
    return value


def _texts(value: object, key: str, path: str) -> tuple[str, ...]:
    if isinstance(value, str):
        return (_text(value, key, path),)
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise _wrong(value, key, path, 'a list of names, such as ["docs/**/*.md"]')
    return tuple(value)


def _tables(value: object, key: str, path: str) -> tuple[PerPath, ...]:
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise _wrong(value, key, path, "tables that begin [[tool.detector.per-path]]")
    tables = []
    for table in value:
        _refuse_unknown(table, _PER_PATH, "[[tool.detector.per-path]]", path)
        if "glob" not in table:
            raise SettingsError(f"{path}: a [[tool.detector.per-path]] has no glob; say which files it is for")
        values = {name.replace("-", "_"): _PER_PATH[name](one, name, path) for name, one in table.items()}
        tables.append(PerPath(values.pop("glob"), **values))
    return tuple(tables)


Read = Callable[[object, str, str], Any]
_PER_PATH: dict[str, Read] = {
    "glob": _texts,
    "fail-above": _probability_or_off,
    "machine-above": _probability_or_off,
}
_TOP: dict[str, Read] = {
    "fail-above": _probability,
    "machine-above": _probability,
    "include": _texts,
    "exclude": _texts,
    "model": _text,
    "prior": _share,
    "calibration": _texts,
    "baseline": _text,
    "inline": _truth,
    "per-path": _tables,
}
