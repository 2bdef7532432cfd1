"""Records as workflow commands, which GitHub Actions shows beside the lines of a change.

Only the first ten of each kind in a step are shown there, so the article comes before its sentences.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from detector.io.findings import ARTICLE, GENERIC, MACHINE, REPEAT, Finding, Level, findings
from detector.io.places import relative, repository_root
from detector.io.records import Record
from detector.io.show import visible

if TYPE_CHECKING:
    from detector.io.writers import Look

_COMMANDS: dict[Level, str] = {"note": "notice", "warning": "warning", "error": "error"}
_TITLES = {
    ARTICLE: "Low-information filler",
    MACHINE: "Reads machine-written",
    GENERIC: "Says nothing specific",
    REPEAT: "Says it again",
}


class GithubWriter:
    """One command for each finding and each failed input; texts without findings give no line."""

    def __init__(self, look: Look) -> None:
        self._root = repository_root()

    def lines(self, record: Record) -> list[str]:
        """Return the commands of ``record``."""
        if record.report.error is not None:
            properties = {"file": self._file(record.path), "line": record.line or None, "title": "Not scored"}
            return [command("error", properties, f"{visible(record.id)}: {visible(record.report.error)}")]
        return [self._command(finding) for finding in findings(record)]

    def end(self) -> list[str]:
        """Return nothing: every command stands alone."""
        return []

    def _command(self, finding: Finding) -> str:
        properties: dict[str, str | int | None] = {"file": self._file(finding.path)}
        region = finding.region
        if region is not None:
            properties |= {"line": region.start_line, "endLine": region.end_line, "col": region.start_column}
            # GitHub takes an end column, and that of the last character, only on the line where it starts
            if region.start_line == region.end_line and region.end_column > region.start_column:
                properties["endColumn"] = region.end_column - 1
        properties["title"] = _TITLES[finding.rule]
        return command(_COMMANDS[finding.level], properties, finding.message)

    def _file(self, path: str) -> str:
        return relative(path, self._root) or path


def command(name: str, properties: dict[str, str | int | None], message: str) -> str:
    """Return one workflow command; properties that are None are left out, and nothing can end it early."""
    given = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items() if value is not None)
    return f"::{name} {given}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
