"""A refusal: a status and one clear sentence, as JSON with the model and the schema."""

from __future__ import annotations

import json

from fastapi.responses import Response

from detector.report import SCHEMA


class RefusalError(Exception):
    """A request that is not answered with scores: what was given, what was expected, what to do."""

    def __init__(self, status: int, sentence: str, *, retry: int | None = None, challenge: bool = False) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.headers: dict[str, str] = {}
        if retry is not None:
            self.headers["Retry-After"] = str(retry)
        if challenge:
            self.headers["WWW-Authenticate"] = "Bearer"

    def response(self, model: str) -> Response:
        """Return the answer to send."""
        content = {"schema": SCHEMA, "model": model, "error": self.sentence}
        return Response(json.dumps(content), self.status, self.headers, "application/json")
