"""From settings to a running server, and to its orderly end."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass, field

import uvicorn

from detector.calibration import Calibration
from detector.server.app import build_app
from detector.server.limits import Gate, Limits
from detector.server.logs import log
from detector.server.metrics import Metrics
from detector.server.pool import Workers
from detector.server.rates import read_card, read_rates

_BACKLOG = 2048
_IDLE_SECONDS = 20  # that a connection without requests is kept


@dataclass(frozen=True, slots=True)
class Settings:
    """What ``detector serve`` was told. ``drain``: seconds that requests may still take once it is told to stop."""

    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    model: str | None = None
    prior: float | None = None
    calibration: tuple[Calibration, ...] = ()
    token: str | None = None
    limits: Limits = field(default_factory=Limits)
    drain: int = 30


def listen(host: str, port: int) -> socket.socket:
    """Return a socket bound to ``host`` and ``port`` (0: any free one). Raises OSError."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
    except OSError:
        sock.close()
        raise
    return sock


def url_of(sock: socket.socket) -> str:
    """Return the address of the page."""
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


async def serve(settings: Settings, sock: socket.socket, started: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; then answer what was asked and return.

    ``started`` gets the address once the workers have read the model. Raises ModelRefusedError and RatesError.
    """
    rates, card = read_rates(settings.model), read_card(settings.model)
    metrics: Metrics | None = None

    def lost() -> None:
        if metrics is not None:
            metrics.lost_worker()

    workers = Workers(
        settings.workers, model=settings.model, prior=settings.prior, calibration=settings.calibration, lost=lost
    )
    await workers.start()
    try:
        gate = Gate(settings.limits)
        metrics = Metrics(workers.model, lambda: workers.alive, lambda: gate.inside)
        app = build_app(
            workers, settings.limits, token=settings.token, rates=rates, card=card, metrics=metrics, gate=gate
        )
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            ws="none",
            lifespan="off",
            proxy_headers=False,
            backlog=_BACKLOG,
            timeout_keep_alive=_IDLE_SECONDS,
            timeout_graceful_shutdown=settings.drain,
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            # uvicorn takes these while it runs and raises them again afterwards: by then all is done
            signal.signal(number, lambda *_: None)
        sock.listen(_BACKLOG)  # from here on nobody who connects is turned away
        log("listening", url=url_of(sock), model=workers.model, workers=workers.count, token=settings.token is not None)
        started(url_of(sock))
        await uvicorn.Server(config).serve(sockets=[sock])
        log("drained")
    finally:
        await workers.stop()
        log("stopped")


def run(settings: Settings, sock: socket.socket, started: Callable[[str], None]) -> None:
    """Run :func:`serve` to its end."""
    asyncio.run(serve(settings, sock, started))
