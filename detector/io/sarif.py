"""Records as SARIF 2.1.0, the format in which code hosts and editors take the findings of other tools.

One run; results are written as they come, one a line. What was not judged is a notification.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from detector._version import __version__
from detector.io.findings import ARTICLE, GENERIC, MACHINE, REPEAT, Finding, abstention, findings
from detector.io.places import Region, relative, repository_root
from detector.io.records import Record
from detector.io.show import visible

if TYPE_CHECKING:
    from detector.io.writers import Look

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
NOT_JUDGED, FAILED = "not-judged", "not-readable"

_RULES: dict[str, tuple[str, str, str, str]] = {  # id: name, default level, short, help
    GENERIC: (
        "GenericSentences",
        "note",
        "Sentences that say nothing specific.",
        "A careful reader would lose nothing specific if these sentences were deleted: what they say could be "
        "guessed, or would fit any article on the subject. Name who did what, when, where and how much, or delete "
        "them. If they are there on purpose, put them between `<!-- detector: off -->` and `<!-- detector: on -->`.",
    ),
    REPEAT: (
        "RepeatedSentences",
        "note",
        "Sentences that say again what the article has said.",
        "An earlier sentence of the same article says the same, in these or in other words. Keep the better of the "
        "two, or add what is new. A summary that is wanted can stand between `<!-- detector: off -->` "
        "and `<!-- detector: on -->`.",
    ),
    ARTICLE: (
        "FillerArticle",
        "warning",
        "An article that is probably low-information filler.",
        "The score is the probability that at least half of the words stand in sentences that say nothing specific "
        "or repeat earlier ones. `detector explain FILE` shows every sentence and the reasons. The score judges the "
        "text, not its author, and is wrong at the rates that the model card gives.",
    ),
    MACHINE: (
        "MachineWrittenArticle",
        "warning",
        "An article that reads machine-written.",
        "The machine score reached the limit that was set. It is a second opinion, apart from the filler score, and "
        "no proof of anything about the author: the model card gives its error rates by genre.",
    ),
}
_RULE_INDEX = {name: index for index, name in enumerate(_RULES)}
_NOTIFICATIONS = {
    NOT_JUDGED: "The text was read but not judged: too short, or not English.",
    FAILED: "The input could not be read or scored.",
}


class SarifWriter:
    """One SARIF log: a result for each finding, a notification for each text without a score."""

    def __init__(self, look: Look) -> None:
        self._root = repository_root()
        self._began = False
        self._results = 0
        self._notifications: list[dict[str, Any]] = []
        self._failed = False
        self._model = ""
        self._seen: Counter[tuple[str, str, str]] = Counter()

    def lines(self, record: Record) -> list[str]:
        """Return one line for each new finding, after the opening lines if this is the first record."""
        report = record.report
        self._model = self._model or report.model
        why = abstention(report)
        if report.error is not None:
            self._failed = True
            self._notify(FAILED, "error", visible(report.error), record)
        elif why is not None:
            self._notify(NOT_JUDGED, "note", why, record)
        results = [self._result(finding) for finding in findings(record)]
        lines = [_json(result) for result in results]
        commas = ["," if self._results + place else "" for place in range(len(lines))]
        self._results += len(lines)
        return [*self._opening(), *(comma + line for comma, line in zip(commas, lines, strict=True))]

    def end(self) -> list[str]:
        """Return the lines that close the log."""
        invocation: dict[str, Any] = {"executionSuccessful": not self._failed}
        if self._notifications:
            invocation["toolExecutionNotifications"] = self._notifications
        return [
            *self._opening(),
            f'],"invocations":[{_json(invocation)}],"properties":{_json({"model": self._model})}}}]}}',
        ]

    def _opening(self) -> list[str]:
        if self._began:
            return []
        self._began = True
        run = {
            "tool": {"driver": _driver()},
            "automationDetails": {"id": "filler-detector/"},
            "columnKind": "unicodeCodePoints",
            "newlineSequences": ["\r\n", "\n"],
        }
        head = f'{{"$schema":{_json(SCHEMA)},"version":"2.1.0","runs":[{_json(run)[:-1]},"results":['
        return [head]

    def _result(self, finding: Finding) -> dict[str, Any]:
        key = finding.path, finding.rule, finding.fingerprint
        self._seen[key] += 1  # equal findings of a file are told apart
        result: dict[str, Any] = {
            "ruleId": finding.rule,
            "ruleIndex": _RULE_INDEX[finding.rule],
            "level": finding.level,
            "message": {"text": finding.message},
            "locations": [self._location(finding.path, finding.region)],
            "partialFingerprints": {"words/v1": f"{finding.fingerprint}:{self._seen[key]}"},
            "rank": finding.rank,
        }
        if finding.related:
            result["relatedLocations"] = [
                {"id": number, "message": {"text": one.text}, **self._location(finding.path, one.region)}
                for number, one in enumerate(finding.related, 1)
            ]
        return result

    def _notify(self, descriptor: str, level: str, text: str, record: Record) -> None:
        row = Region(record.line, 1, record.line, 1) if record.line else None
        self._notifications.append(
            {
                "descriptor": {"id": descriptor},
                "level": level,
                "message": {"text": f"{visible(record.id)}: {text}"},
                "locations": [self._location(record.path, row)],
            }
        )

    def _location(self, path: str, region: Region | None) -> dict[str, Any]:
        below = relative(path, self._root)
        artifact = (
            {"uri": Path(os.path.abspath(path)).as_uri()}
            if below is None
            else {"uri": quote(os.fsencode(below), safe="/"), "uriBaseId": "%SRCROOT%"}
        )
        physical: dict[str, Any] = {"artifactLocation": artifact}
        if region is not None:
            physical["region"] = _region(region)
        return {"physicalLocation": physical}


def _region(region: Region) -> dict[str, int]:
    if region.end_column == region.start_column and region.end_line == region.start_line:
        return {"startLine": region.start_line}
    return {
        "startLine": region.start_line,
        "startColumn": region.start_column,
        "endLine": region.end_line,
        "endColumn": region.end_column,
    }


def _driver() -> dict[str, Any]:
    return {
        "name": "filler-detector",
        "version": __version__,
        "rules": [
            {
                "id": id,
                "name": name,
                "shortDescription": {"text": short},
                "fullDescription": {"text": short},
                "help": {"text": help, "markdown": help},
                "defaultConfiguration": {"level": level},
            }
            for id, (name, level, short, help) in _RULES.items()
        ],
        "notifications": [
            {"id": id, "shortDescription": {"text": text}} for id, text in _NOTIFICATIONS.items()
        ],
    }


def _json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=True, separators=(",", ":"))
