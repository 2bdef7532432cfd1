"""The application: routes to scores, the model, health, figures and the page."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from detector._version import __version__
from detector.report import SCHEMA, failed
from detector.server import openapi
from detector.server.batch import Item, in_order
from detector.server.bodies import (
    NDJSON,
    Bad,
    Text,
    many_texts,
    media_type,
    one_text,
    read_body,
    refuse_long,
    wanted_by,
)
from detector.server.edge import TICKET, Edge
from detector.server.errors import RefusalError
from detector.server.limits import Gate, Limits
from detector.server.metrics import Metrics
from detector.server.page import read_page
from detector.server.pool import Answer, Workers
from detector.server.rates import Rates

_MEANINGS = {404: "there is nothing at this address; the page is at /", 405: "this address does not take that method"}


class Service:
    """The answers of one server; ``workers`` have been started."""

    def __init__(
        self, workers: Workers, limits: Limits, *, metrics: Metrics, rates: Rates | None, card: str | None
    ) -> None:
        self._workers = workers
        self._limits = limits
        self._metrics = metrics
        self._card = card
        self._page = read_page()
        self._about = workers.description | {
            "version": __version__,
            "limits": {
                "body_bytes": limits.body,
                "characters": limits.characters,
                "items": limits.items,
                "seconds": limits.seconds,
                "requests": limits.requests,
            },
            "error_rates": None if rates is None else rates.to_dict(),
        }

    async def score(self, request: Request) -> Response:
        """Score one text and give its record, with its sentences if asked for."""
        body = await read_body(request, request.scope[TICKET], self._limits)
        item = one_text(media_type(request), body, wanted_by(request))
        answer = await self._scored(item)
        return Response(answer.body, media_type="application/json")

    async def batch(self, request: Request) -> Response:
        """Score many texts: one record a line, in order, as they are ready."""
        body = await read_body(request, request.scope[TICKET], self._limits)
        items = many_texts(media_type(request), body, wanted_by(request), self._limits)
        lines: AsyncIterator[bytes] = in_order(items, self._line, 2 * self._workers.count)
        return StreamingResponse(lines, media_type=NDJSON)

    async def model(self) -> Response:
        """Tell the model, its cuts, the limits of this server, and the measured error rates at each cut."""
        return JSONResponse(self._about)

    async def card(self) -> Response:
        """Give the card of the model as it is written."""
        if self._card is None:
            raise RefusalError(404, "this model has no card.md in its folder")
        return Response(self._card, media_type="text/plain; charset=utf-8")

    async def health(self) -> Response:
        """Tell that the process answers."""
        return self._state(200, "ok")

    async def ready(self) -> Response:
        """Tell whether a worker is there to score."""
        return self._state(200, "ready") if self._workers.alive else self._state(503, "no worker runs; one is starting")

    async def metrics(self) -> Response:
        """Give the figures for Prometheus."""
        return Response(self._metrics.page(), media_type=CONTENT_TYPE_LATEST)

    async def page(self, request: Request) -> Response:
        """Give the page to look at."""
        return self._page["index.html"].response(request)

    async def asset(self, request: Request) -> Response:
        """Give one file of the page."""
        file = self._page.get(request.path_params["name"])
        if file is None:
            raise RefusalError(404, _MEANINGS[404])
        return file.response(request)

    async def _scored(self, item: Text) -> Answer:
        refuse_long(item.text, self._limits)
        head = {"id": item.id, **asdict(item.wanted)}
        answer = await self._workers.score(item.text, head, seconds=self._limits.seconds)
        self._metrics.text(answer)
        return answer

    async def _line(self, item: Item) -> bytes:
        try:
            if isinstance(item, Bad):
                raise RefusalError(422, item.sentence)
            answer = await self._scored(item)
        except RefusalError as refusal:
            self._metrics.failed_text()
            report = failed(refusal.sentence, model=self._workers.model)
            return json.dumps(report.to_dict(item.id, sentences=False)).encode("ascii") + b"\n"
        return answer.body + b"\n"

    def _state(self, status: int, state: str) -> Response:
        content = {"schema": SCHEMA, "model": self._workers.model, "state": state}
        return JSONResponse(content, status, {"Retry-After": "1"} if status == 503 else None)


def build_app(
    workers: Workers,
    limits: Limits,
    *,
    token: str | None,
    rates: Rates | None,
    card: str | None,
    metrics: Metrics,
    gate: Gate,
) -> Edge:
    """Return the whole application, the edge included."""
    service = Service(workers, limits, metrics=metrics, rates=rates, card=card)
    # the pages of FastAPI that draw the description load scripts from elsewhere
    app = FastAPI(title="Filler detector", version=__version__, docs_url=None, redoc_url=None, **openapi.ABOUT)
    hidden: dict[str, Any] = {"include_in_schema": False}
    app.add_api_route("/v1/score", service.score, methods=["POST"], **openapi.score(token is not None))
    app.add_api_route("/v1/score/batch", service.batch, methods=["POST"], **openapi.batch(token is not None))
    app.add_api_route("/v1/model", service.model, **openapi.model(token is not None))
    app.add_api_route("/healthz", service.health, **openapi.state("The process answers."))
    app.add_api_route("/readyz", service.ready, **openapi.state("A worker can score."))
    for path, endpoint in (("/healthz", service.health), ("/readyz", service.ready)):
        app.add_api_route(path, endpoint, methods=["HEAD"], **hidden)
    app.add_api_route("/metrics", service.metrics, **hidden)
    app.add_api_route("/card", service.card, methods=["GET", "HEAD"], **hidden)
    app.add_api_route("/", service.page, methods=["GET", "HEAD"], **hidden)
    app.add_api_route("/assets/{name}", service.asset, methods=["GET", "HEAD"], **hidden)

    async def refuse(request: Request, error: Exception) -> Response:
        if isinstance(error, RefusalError):
            return error.response(workers.model)
        if isinstance(error, HTTPException):
            sentence = _MEANINGS.get(error.status_code, str(error.detail))
            response = RefusalError(error.status_code, sentence).response(workers.model)
            response.headers.update(error.headers or {})
            return response
        if isinstance(error, ClientDisconnect):
            return Response(status_code=499)  # nobody reads it; the log does
        return RefusalError(500, "the server failed, which is a bug; its log says where").response(workers.model)

    for kind in (RefusalError, HTTPException, ClientDisconnect, Exception):
        app.add_exception_handler(kind, refuse)
    return Edge(app, token=token, gate=gate, metrics=metrics, model=workers.model)
