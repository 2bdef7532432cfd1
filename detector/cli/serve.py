"""``detector serve``: scores over HTTP, and a page to look at."""

from __future__ import annotations

import ipaddress
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from detector.cli import shared
from detector.extras import MissingExtraError, need

if TYPE_CHECKING:
    from detector.calibration import Calibration

TOKEN = "DETECTOR_TOKEN"
_SHORTEST_TOKEN = 8

EXAMPLES = """\b
Examples:
  detector serve
  detector serve --port 9000 --workers 4
  DETECTOR_TOKEN=... detector serve --host 0.0.0.0
  curl -s localhost:8000/v1/score -H 'Content-Type: text/plain' --data-binary @article.txt
"""


@click.command(epilog=EXAMPLES)
@click.option("--host", metavar="ADDRESS", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="Port to listen on; 0: any free one."
)
@click.option("--workers", metavar="N", type=click.IntRange(min=1), help="Processes that score; default: one a core.")
@shared.model_option
@shared.prior_option
@shared.calibration_option
@click.option(
    "--token-file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False),
    help=f"Ask every client for the token in FILE; {TOKEN} in the environment does the same.",
)
@click.option(
    "--max-body", metavar="MB", type=click.FloatRange(min=0.001), default=8, show_default=True, help="Largest request."
)
@click.option(
    "--max-text",
    metavar="N",
    type=click.IntRange(min=1),
    default=2_000_000,
    show_default=True,
    help="Longest text, in characters.",
)
@click.option(
    "--max-items",
    metavar="N",
    type=click.IntRange(min=1),
    default=1000,
    show_default=True,
    help="Most texts of one batch.",
)
@click.option(
    "--max-requests",
    metavar="N",
    type=click.IntRange(min=1),
    default=128,
    show_default=True,
    help="Most scoring requests at once; more are answered 429.",
)
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.FloatRange(min=0, min_open=True),
    default=30,
    show_default=True,
    help="Longest time to score one text.",
)
@click.option(
    "--drain",
    metavar="SECONDS",
    type=click.IntRange(min=0),
    default=30,
    show_default=True,
    help="Time to finish what was asked, once told to stop.",
)
def serve(
    *,
    host: str,
    port: int,
    workers: int | None,
    model: str | None,
    prior: float | None,
    calibration: tuple[str, ...],
    token_file: str | None,
    max_body: float,
    max_text: int,
    max_items: int,
    max_requests: int,
    timeout: float,
    drain: int,
) -> None:
    """Serve scores over HTTP, with a page to look at under the same address.

    POST a text to /v1/score, or many to /v1/score/batch; /openapi.json describes it all. Only this machine can
    reach it unless --host says otherwise. Nothing that is sent is stored; standard error is a log in JSON without
    any of it. SIGTERM or Ctrl-C: what was asked is answered, then it ends.

    Exit status: 0 told to stop; 2 it could not start.
    """
    try:
        for module in ("fastapi", "uvicorn", "prometheus_client"):
            need(module, "server")
    except MissingExtraError as error:
        raise shared.Failure(str(error)) from error
    from detector.server.limits import MEGABYTE, Limits
    from detector.server.logs import start_logs
    from detector.server.pool import ModelRefusedError
    from detector.server.rates import RatesError
    from detector.server.run import Settings, listen, run

    calibrations = read_calibrations(model, prior, calibration)
    token = read_token(token_file)
    if token is None and not is_loopback(host):
        shared.warn(f"anyone who can reach {host} can use this server; set {TOKEN} or --token-file to ask for a token")
    try:
        sock = listen(host, port)
    except OSError as error:
        raise shared.Failure(
            f"cannot listen on {host} port {port}: {error.strerror or error}; give another --host or --port"
        ) from error
    limits = Limits(round(max_body * MEGABYTE), max_text, max_items, timeout, max_requests)
    start_logs(sys.stderr)
    count = workers or shared.core_count()
    try:
        run(Settings(host, port, count, model, prior, calibrations, token, limits, drain), sock, greet)
    except (ModelRefusedError, RatesError) as error:
        raise shared.Failure(f"cannot use the model {model or 'that comes with the package'}: {error}") from error
    finally:
        sock.close()


def read_calibrations(model: str | None, prior: float | None, files: tuple[str, ...]) -> tuple[Calibration, ...]:
    """Return what ``files`` hold now: every worker gets this, whatever becomes of the files."""
    from detector.calibration import CalibrationError, load

    if not files:
        return ()
    shared.open_scorer(model, prior, files)  # refuse here, in one sentence, what every worker would
    try:
        return tuple(map(load, files))
    except CalibrationError as error:
        raise shared.Failure(str(error)) from error


def greet(url: str) -> None:
    """Tell a person at a terminal where the page is; a program reads the log."""
    if sys.stdout is not None and sys.stdout.isatty():
        click.echo(f"{url} is open; Ctrl-C ends it.")


def read_token(path: str | None) -> str | None:
    """Return the token of the file ``path`` or of the environment, None if there is neither."""
    if path is not None:
        try:
            token = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise shared.Failure(f"cannot read the token file {path}: {error}") from error
        source = f"the token file {path}"
    else:
        token, source = os.environ.get(TOKEN, "").strip(), TOKEN
        if TOKEN not in os.environ:
            return None
    if len(token) < _SHORTEST_TOKEN or not token.isascii() or any(character.isspace() for character in token):
        raise shared.Failure(
            f"{source} holds no usable token; expected {_SHORTEST_TOKEN} or more ASCII characters without blanks"
        )
    return token


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach ``host``."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
