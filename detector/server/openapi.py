"""The description that OpenAPI tools read at ``/openapi.json``: what is sent, what comes back, with examples."""

from __future__ import annotations

from typing import Any

from fastapi.responses import Response

from detector.report import SCHEMA

_TEXT = "The committee met in Tromvik on 4 May and voted 7 to 2 to close the harbour. It was a memorable day for all."
_SPAN = {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2}
_SPANS = {"type": "array", "items": _SPAN, "description": "Code points [from, to) of the text as given."}
_NUMBER = {"type": ["number", "null"]}
_LABELS = ["filler", "unclear", "substantive", "too_short", "not_english", "error"]
_KINDS = ["claim", "repeat", "generic", "boilerplate", "heading"]

_REASON_EXAMPLE = {
    "feature": "generic:specifics",
    "value": 0.13,
    "typical": 0.03,
    "contribution": 1.27,
    "text": "3 generic sentences with few names, figures or rare words (13% of the words, typically 3%)",
    "spans": [[77, 108]],
}
_EXAMPLE = {
    "schema": SCHEMA,
    "id": "a-17",
    "score": 0.61,
    "label": "filler",
    "filler_share": 0.6,
    "machine_score": 0.05,
    "flags": ["filler"],
    "words": 315,
    "model": "default-1",
    "features": {"claim_to_filler_ratio": 0.68, "repetition": 0.0},
    "reasons": [_REASON_EXAMPLE],
    "machine_reasons": [],
    "notes": [],
}
_ERROR_EXAMPLE = {"schema": SCHEMA, "model": "default-1", "error": "text is a number; expected a string"}


def _object(properties: dict[str, Any], *, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required}


_REASON = _object(
    {
        "feature": {"type": "string"},
        "value": _NUMBER,
        "typical": _NUMBER,
        "contribution": {**_NUMBER, "description": "Part of the logit of the score; positive raises it."},
        "text": {"type": "string"},
        "spans": _SPANS,
    }
)
_SENTENCE = _object(
    {
        "start": {"type": "integer"},
        "end": {"type": "integer"},
        "kind": {"enum": _KINDS},
        "filler": _NUMBER,
        "repeats": {"type": ["integer", "null"]},
        "reasons": {
            "type": "array",
            "items": _object({"feature": {"type": "string"}, "text": {"type": "string"}, "spans": _SPANS}),
        },
    }
)
_RECORD = _object(
    {
        "schema": {"type": "integer"},
        "id": {"type": ["string", "null"]},
        "score": {**_NUMBER, "description": "Probability that at least half of the words are filler."},
        "label": {"enum": _LABELS},
        "filler_share": _NUMBER,
        "machine_score": {**_NUMBER, "description": "Probability that it reads machine-written; no part of score."},
        "flags": {"type": "array", "items": {"enum": ["filler", "machine"]}},
        "words": {"type": "integer"},
        "model": {"type": "string"},
        "features": {"type": "object", "additionalProperties": _NUMBER},
        "reasons": {"type": "array", "items": _REASON},
        "machine_reasons": {"type": "array", "items": _REASON},
        "sentences": {"type": "array", "items": _SENTENCE},
        "notes": {"type": "array", "items": {"type": "string"}},
        "p_values": {
            "type": "object",
            "additionalProperties": _NUMBER,
            "description": "With --calibration: the share of trusted texts, this one counted in, that score as high.",
        },
        "meaning": {"type": "string"},
        "error": {"type": "string"},
    },
    optional=("sentences", "p_values", "meaning", "error"),
)
_ITEM = _object(
    {"text": {"type": "string"}, "id": {"type": "string", "description": "Comes back in the record."}}, optional=("id",)
)
_ONE = _object(
    {**_ITEM["properties"], "sentences": {"type": "boolean", "default": False}}, optional=("id", "sentences")
)
_WANTED = [
    {"name": name, "in": "query", "schema": {"type": "boolean", "default": False}, "description": words}
    for name, words in (
        ("sentences", "Add every sentence to the record."),
        ("meaning", "Add what the figures mean, in one or two sentences."),
    )
]
_REFUSALS = {
    400: "The body is not UTF-8, not JSON, or not the gzip that it claims to be.",
    401: "The token is missing or wrong.",
    408: "The body did not arrive in time.",
    413: "The body is too large, the text too long, or the batch has too many items.",
    415: "The Content-Type is none of those above, or the Content-Encoding neither gzip nor none.",
    422: "The JSON is not of the shape above, or empty.",
    429: "Too many requests at once; Retry-After tells when to come back.",
    500: "Scoring the text failed, which is a bug.",
    503: "No worker became free; Retry-After tells when to come back.",
    504: "The text took too long to score.",
}

ABOUT: dict[str, Any] = {
    "summary": "How much of an article is low-information filler, sentence by sentence, and why.",
    "description": "Judges the text, not the author. Offsets are Unicode code points of the text as given. "
    "Nothing that is sent is stored or logged.",
}


def score(token: bool) -> dict[str, Any]:
    """Return the description of ``POST /v1/score``."""
    body = {
        "application/json": {"schema": _ONE, "example": {"text": _TEXT, "id": "a-17", "sentences": False}},
        "text/plain": {"schema": {"type": "string"}, "example": _TEXT},
    }
    return _posted("Score one text", body, {"application/json": {"schema": _RECORD, "example": _EXAMPLE}}, token)


def batch(token: bool) -> dict[str, Any]:
    """Return the description of ``POST /v1/score/batch``."""
    line = '{"id": "a-17", "text": "…"}\n{"id": "a-18", "text": "…"}\n'
    items = {"type": "array", "items": {"anyOf": [_ITEM, {"type": "string"}]}}
    body = {
        "application/json": {"schema": items, "example": [{"id": "a-17", "text": _TEXT}, _TEXT]},
        "application/x-ndjson": {"schema": _ITEM, "example": line},
    }
    answer = {"application/x-ndjson": {"schema": _RECORD, "example": _EXAMPLE}}
    return _posted(
        "Score many texts; one record a line, in the order sent. An item that is no text gives a record labelled error",
        body,
        answer,
        token,
    )


def model(token: bool) -> dict[str, Any]:
    """Return the description of ``GET /v1/model``."""
    example = {
        "model": "default-1",
        "schema": SCHEMA,
        "cuts": {"substantive": 0.1, "filler": 0.5, "machine": 0.88, "least_words": 30},
        "version": "0.1.0",
        "limits": {
            "body_bytes": 8_000_000,
            "characters": 2_000_000,
            "items": 1000,
            "seconds": 30.0,
            "requests": 128,
        },
        "error_rates": None,
    }
    answer = {"application/json": {"schema": {"type": "object"}, "example": example}}
    return _described("The model, its cuts, its measured error rates, and the limits of this server", answer, {}, token)


def state(summary: str) -> dict[str, Any]:
    """Return the description of a health route."""
    example = {"schema": SCHEMA, "model": "default-1", "state": "ok"}
    return _described(summary, {"application/json": {"schema": {"type": "object"}, "example": example}}, {}, False)


def _posted(summary: str, body: dict[str, Any], answer: dict[str, Any], token: bool) -> dict[str, Any]:
    extra = {"requestBody": {"required": True, "content": body}, "parameters": _WANTED}
    return _described(summary, answer, extra, token, _REFUSALS)


def _described(
    summary: str,
    answer: dict[str, Any],
    extra: dict[str, Any],
    token: bool,
    refusals: dict[int, str] | None = None,
) -> dict[str, Any]:
    error = _object({"schema": {"type": "integer"}, "model": {"type": "string"}, "error": {"type": "string"}})
    content = {"application/json": {"schema": error, "example": _ERROR_EXAMPLE}}
    responses: dict[str, Any] = {"200": {"description": summary, "content": answer}}
    for status, words in (refusals or {}).items():
        if status != 401 or token:
            responses[str(status)] = {"description": words, "content": content}
    if token:
        extra = extra | {"security": [{"bearer": []}]}
    # a bare Response, so that nothing is described beside what stands here
    return {"summary": summary, "response_class": Response, "openapi_extra": extra | {"responses": responses}}
