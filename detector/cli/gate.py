"""What a run lets pass: its limits from the command line and the settings, and what a baseline knows already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import click

from detector.cli import baseline as baselines
from detector.cli import shared
from detector.cli.settings import Settings, SettingsError, find_settings, read_settings
from detector.io.output import OutputError, open_output, refuse_output
from detector.io.records import Record
from detector.io.sources import STDIN, Source


def gate_options(command: shared.F) -> shared.F:
    """Add the options that :class:`Asked` holds."""
    options = (
        click.option(
            "--fail-above", metavar="P", type=shared.Probability(), help="Exit 1 if a score is P or more."
        ),
        click.option(
            "--machine-above", metavar="P", type=shared.Probability(), help="Exit 1 if a machine score is P or more."
        ),
        click.option(
            "--check", is_flag=True, help="Exit 1 if a text is labelled filler, where no other limit is set."
        ),
        click.option(
            "--baseline",
            metavar="FILE",
            type=shared.PathName(),
            help="Let pass what this file knows; only what is new counts.",
        ),
        click.option(
            "--write-baseline", is_flag=True, help="Write what is found to the baseline, and drop what is gone."
        ),
        click.option(
            "--settings",
            metavar="FILE",
            type=shared.PathName(),
            help="Read settings from FILE, not [tool.detector] of the nearest pyproject.toml.",
        ),
        click.option("--no-settings", is_flag=True, help="Read no settings."),
        click.option(
            "--force-exclude", is_flag=True, help="Apply include and exclude to files named one by one as well."
        ),
        click.option(
            "--no-inline",
            is_flag=True,
            help="Judge what <!-- detector: off --> comments switch off: for texts of people you do not trust.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says."""

    fail_above: float | None = None
    machine_above: float | None = None
    check: bool = False
    baseline: str | None = None
    write_baseline: bool = False
    settings: str | None = None
    no_settings: bool = False
    force_exclude: bool = False
    no_inline: bool = False

    def read_settings(self) -> Settings:
        """Return the settings that count; a problem with them ends the command."""
        if self.settings is not None and self.no_settings:
            raise click.UsageError("--settings and --no-settings contradict each other; give one of them.")
        try:
            if self.settings is not None:
                return read_settings(self.settings)
            return Settings() if self.no_settings else find_settings()
        except SettingsError as error:
            raise shared.Failure(str(error)) from error


@dataclass(frozen=True)
class Gate:
    """The limits of a run. Those of the command line win over those of the settings, also for single paths."""

    asked: Asked
    settings: Settings

    @property
    def inline(self) -> bool:
        """Whether comments in a text may switch the judgement off."""
        return self.settings.inline and not self.asked.no_inline

    @cached_property
    def baseline_file(self) -> str | None:
        """The file of the baseline, None without one; a request that cannot be met ends the command."""
        file = self.asked.baseline or self.settings.baseline
        if self.asked.write_baseline:
            if file is None:
                raise click.UsageError("--write-baseline needs --baseline FILE, or baseline in the settings.")
            refusal = refuse_output(file)
            if refusal is not None:
                raise shared.Failure(refusal)
        return file

    @cached_property
    def baseline(self) -> baselines.Baseline | None:
        """The baseline, None without one; a new one is empty."""
        if self.baseline_file is None:
            return None
        try:
            return baselines.read_baseline(self.baseline_file, new=self.asked.write_baseline)
        except baselines.BaselineError as error:
            raise shared.Failure(str(error)) from error

    def chosen(self, sources: list[Source], named: tuple[str, ...]) -> list[Source]:
        """Return the sources that the project wants; those ``named`` one by one always, unless told otherwise."""
        kept = [
            source
            for source in sources
            if source.error is not None
            or source.path == STDIN
            or (source.path in named and not self.asked.force_exclude)
            or self.settings.wants(source.path)
        ]
        if sources and not kept:
            count = f"all {len(sources)} files" if len(sources) > 1 else sources[0].path
            shared.warn(f"include and exclude of {self.settings.file} leave out {count}; nothing is scored")
        return kept

    def judge(self, record: Record) -> Record:
        """Return ``record`` with the limits that it reaches in its verdict, and what the baseline knows of it."""
        score, machine = self.settings.limits(record.path)
        score = score if self.asked.fail_above is None else self.asked.fail_above
        machine = machine if self.asked.machine_above is None else self.asked.machine_above
        report = record.report
        labelled = self.asked.check and report.label == "filler"
        # an undefined value is NaN, which is never at or above anything; a limit that is off is infinite
        over = labelled if score is None else report.score >= score
        names = ("score",) * over + ("machine_score",) * (machine is not None and report.machine_score >= machine)
        if names:
            record = replace(record, verdict=replace(record.verdict, reached=names))
        if self.baseline is None:
            return record
        return baselines.all_known(record) if self.asked.write_baseline else self.baseline.judge(record)

    def pass_through(self, records: Iterable[Record]) -> Iterator[Record]:
        """Judge ``records`` as they come; at the end, write the baseline or say what it kept quiet."""
        if self.baseline is None or self.baseline_file is None:
            yield from map(self.judge, records)
            return
        collector = baselines.Collector(self.baseline_file, self.baseline)
        quiet = 0
        for record in records:
            judged = self.judge(record)
            collector.add(judged)
            quiet += baselines.known_count(judged)
            yield judged
        if self.asked.write_baseline:
            self._write(collector)
            return
        if collector.other_model:
            shared.warn(f"the baseline is of {collector.other_model}: with another model, old findings may look new")
        if quiet or collector.gone():
            gone = collector.gone()
            prune = f"; {gone} are gone from these texts, --write-baseline drops them" if gone else ""
            shared.warn(f"{quiet} findings stand in the baseline {self.baseline_file}{prune}")

    def _write(self, collector: baselines.Collector) -> None:
        file, new = self.baseline_file, collector.baseline()
        try:
            with open_output(file) as write:
                write(baselines.baseline_lines(new))
        except OutputError as error:
            raise shared.Failure(str(error)) from error
        gone = collector.gone()
        dropped = f", without {gone} that are gone" if gone else ""
        count = sum(len(entry.filler) for entry in new.entries)
        shared.warn(f"wrote {file}: {count} filler sentences in {len(new.entries)} texts{dropped}")
