"""A click group that imports a command only when it runs, and ends quietly when told to stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, cast

import click

INTERRUPTED = 130  # 128 + SIGINT
TERMINATED = 143  # 128 + SIGTERM
BROKEN_PIPE = 141  # 128 + SIGPIPE: neither "fine" nor "over the limit" can be said


@dataclass(frozen=True, slots=True)
class Command:
    """Where a command stands (``module:function``) and what the list of commands says of it."""

    target: str
    summary: str

    @property
    def module(self) -> str:
        """The module that holds the command."""
        return self.target.partition(":")[0]


class Terminated(KeyboardInterrupt):
    """SIGTERM came: what an interrupt is for a person at the terminal."""


@contextmanager
def _terminable() -> Iterator[None]:
    """Turn SIGTERM into :class:`Terminated`, so that what is begun is put away and worker processes are ended."""

    def end(*_: object) -> None:
        raise Terminated

    if threading.current_thread() is not threading.main_thread():  # no other may set a handler
        yield
        return
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class LazyGroup(click.Group):
    """A group whose commands are imported when they are asked for."""

    def __init__(self, *args: Any, lazy: Mapping[str, Command], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands that this installation has."""
        return [name for name, command in self.lazy.items() if find_spec(command.module) is not None]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return the command ``cmd_name``, None when there is none."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module, _, function = self.lazy[cmd_name].target.partition(":")
        return cast(click.Command, getattr(import_module(module), function))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.lazy[name].summary) for name in self.list_commands(ctx)])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an interrupt and a reader that went away are no failures to explain."""
        from detector.scorer import WorkerLostError

        try:
            with _terminable():
                return super().invoke(ctx)
        except WorkerLostError as error:
            click.echo(f"Error: {error}", err=True)
            ctx.exit(2)
        except Terminated:
            click.echo("\ndetector: told to stop", err=True)
            ctx.exit(TERMINATED)
        except KeyboardInterrupt:
            click.echo("\ndetector: interrupted", err=True)
            ctx.exit(INTERRUPTED)
        except BrokenPipeError:
            ctx.exit(BROKEN_PIPE)
