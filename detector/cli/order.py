"""Records in another order than they came, holding no more of them than that takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import click

from detector.io.records import Record
from detector.io.writers import Format

_KEYS: dict[str, Callable[[Record], Any]] = {
    "score": lambda record: record.report.score,
    "filler": lambda record: record.report.filler_share,
    "machine": lambda record: record.report.machine_score,
    "words": lambda record: record.report.words,
    "id": lambda record: record.id,
}
_UPWARDS = "id"  # everything else is looked at from the highest down
_SLACK = 256  # records held beyond those asked for, so that they are seldom cut back


@dataclass(frozen=True, slots=True)
class Order:
    """A column to sort by; undefined values and failures come last either way."""

    key: str
    descending: bool

    def sorted(self, records: list[Record]) -> list[Record]:
        """Return ``records`` in order; equal ones stay as they came."""
        value = _KEYS[self.key]
        defined: list[Record] = []
        rest: list[Record] = []
        for record in records:
            failed = record.report.error is not None and self.key != "id"
            (rest if failed or value(record) != value(record) else defined).append(record)
        return [*sorted(defined, key=value, reverse=self.descending), *rest]


class OrderType(click.ParamType):  # type: ignore[type-arg]  # generic only from click 8.4 on
    """A column, and ``:asc`` or ``:desc`` if not its usual way."""

    name = "KEY"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Order:
        """Return ``value`` as an order, or fail with a sentence."""
        if isinstance(value, Order):
            return value
        key, _, way = str(value).partition(":")
        if key not in _KEYS or way not in ("", "asc", "desc"):
            self.fail(f"{value!r} is none of {', '.join(_KEYS)}, with :asc or :desc after it or not", param, ctx)
        return Order(key, way == "desc" if way else key != _UPWARDS)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        """Return the columns that begin so."""
        return [click.shell_completion.CompletionItem(key) for key in _KEYS if key.startswith(incomplete)]


def ordered(
    records: Iterable[Record], order: Order | None, top: int | None, form: Format, *, sentences: bool
) -> Iterator[Record]:
    """Yield ``records`` in ``order``, the first ``top`` of them; without either, as they come.

    Of the records that wait, what the writer of ``form`` does not look at is let go.
    """
    if order is None and top is None:
        yield from records
        return
    order = order or Order("score", descending=True)
    held: list[Record] = []
    for record in records:
        held.append(_lean(record, form, sentences=sentences))
        if top is not None and len(held) >= top + _SLACK:
            held = order.sorted(held)[:top]
    yield from order.sorted(held)[:top]


def _lean(record: Record, form: Format, *, sentences: bool) -> Record:
    if form.reads == "all":
        return record
    report = record.report
    if not sentences:
        report = replace(report, sentences=())
    if form.reads == "numbers":
        report = replace(report, reasons=(), machine_reasons=())
    return replace(record, report=report, text=record.text if record.extracted and form.reads == "reasons" else "")
