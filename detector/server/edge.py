"""What every request passes: the token, the gate, headers, one line of log, and the metrics."""

from __future__ import annotations

import hmac
import re
import time
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from detector.report import SCHEMA
from detector.server.errors import RefusalError
from detector.server.limits import Gate, Ticket
from detector.server.logs import log
from detector.server.metrics import Metrics

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

SCORING = ("/v1/score", "/v1/score/batch")
GUARDED = (*SCORING, "/v1/model", "/metrics")
OPEN = ("/", "/healthz", "/readyz", "/openapi.json", "/card")
TICKET = "detector.ticket"  # where the ticket stands in the scope
_UNSENT = 499  # the client went away before there was an answer
_HARMLESS_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-detector-schema", str(SCHEMA).encode("ascii")),
)
_NO_CONTENT = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
_NO_STORE = (b"cache-control", b"no-store")


class Edge:
    """An ASGI application around ``app``; plain ASGI, so that answers stream and nothing is buffered."""

    def __init__(self, app: App, *, token: str | None, gate: Gate, metrics: Metrics, model: str) -> None:
        self._app = app
        self._token = None if token is None else token.encode("utf-8")
        self._gate = gate
        self._metrics = metrics
        self._model = model
        self._headers = (*_HEADERS, (b"x-detector-model", model.encode("ascii", "replace")))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = time.perf_counter()
        request_id = _request_id(scope)
        route = route_of(scope["path"])
        status, size = _UNSENT, 0

        async def counted(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = self._complete(message["headers"], request_id)
            else:
                size += len(message.get("body", b""))
            await send(message)

        ticket: Ticket | None = None
        try:
            try:
                if route in GUARDED:
                    self._check_token(scope)
                if route in SCORING and scope["method"] == "POST":
                    ticket = scope[TICKET] = self._gate.enter()
            except RefusalError as refusal:
                await refusal.response(self._model)(scope, receive, counted)
            else:
                await self._app(scope, receive, counted)
        finally:
            if ticket is not None:
                ticket.leave()
            seconds = time.perf_counter() - start
            self._metrics.request(route, status, seconds)
            log(
                "request",
                id=request_id.decode("ascii"),
                method=scope["method"] if scope["method"] in ("GET", "HEAD", "POST") else "other",
                route=route,
                status=status,
                ms=round(1000 * seconds, 1),
                sent=size,
            )

    def _check_token(self, scope: Scope) -> None:
        if self._token is None:
            return
        kind, _, given = _header(scope, b"authorization").partition(b" ")
        if kind.lower() != b"bearer" or not hmac.compare_digest(given.strip(), self._token):
            raise RefusalError(
                401, "the token is missing or wrong; send the header Authorization: Bearer TOKEN", challenge=True
            )

    def _complete(self, given: list[tuple[bytes, bytes]], request_id: bytes) -> list[tuple[bytes, bytes]]:
        names = {name.lower() for name, _ in given}
        defaults = [default for default in (_NO_CONTENT, _NO_STORE) if default[0] not in names]
        return [*given, *self._headers, *defaults, (b"x-request-id", request_id)]


def route_of(path: str) -> str:
    """Return the route of ``path`` as logs and metrics name it: one of a few, whatever is asked for."""
    if path in GUARDED or path in OPEN:
        return path
    return "/assets" if path.startswith("/assets/") else "other"


def _header(scope: Scope, name: bytes) -> bytes:
    return next((bytes(value) for key, value in scope["headers"] if key == name), b"")


def _request_id(scope: Scope) -> bytes:
    given = _header(scope, b"x-request-id")
    return given if _HARMLESS_ID.fullmatch(given) else uuid.uuid4().hex.encode("ascii")
