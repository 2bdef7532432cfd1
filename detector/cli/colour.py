"""When output is coloured: as --color says, else as the usual environment variables say, else on a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Literal

import click

from detector.cli import shared

When = Literal["auto", "always", "never"]


def color_option(command: shared.F) -> shared.F:
    """Add ``--color``."""
    return click.option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        show_default=True,
        help="Colours: on a terminal, unless NO_COLOR is set; `always` for a pager such as less -R.",
    )(command)


def wants_colour(when: When) -> bool:
    """Return whether standard output is to be coloured."""
    is_terminal = sys.stdout is not None and sys.stdout.isatty()
    return decide(when, os.environ, is_terminal=is_terminal)


def decide(when: When, environment: Mapping[str, str], *, is_terminal: bool) -> bool:
    """Return whether to colour: NO_COLOR forbids it, then FORCE_COLOR or CLICOLOR_FORCE demands it.

    An empty variable counts as unset, and one that is 0 or false demands nothing.
    """
    if when != "auto":
        return when == "always"
    if environment.get("NO_COLOR"):
        return False
    if any(environment.get(name, "").lower() not in ("", "0", "false") for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    return is_terminal and environment.get("TERM") != "dumb" and environment.get("CLICOLOR") != "0"
