"""Request bodies to texts: what may be sent, and one sentence for what may not."""

from __future__ import annotations

import asyncio
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from fastapi import Request

from detector.server.errors import RefusalError
from detector.server.limits import MEGABYTE, Limits, Ticket

JSON = "application/json"
PLAIN = "text/plain"
NDJSON = "application/x-ndjson"
_NDJSON_TOO = (NDJSON, "application/ndjson", "application/jsonl", "application/x-jsonlines")
_GZIP = 16 + zlib.MAX_WBITS
_MAGIC = b"\x1f\x8b"  # that every member of a gzip stream begins with
_NO_PADDING = re.compile(rb"[^\0]")  # zeros may follow a member, as gzip itself has it
_FIRST_PIECE, _LONGEST_PIECE = 64, 1 << 20  # bytes
_BODY_SECONDS = 60.0  # to receive one body


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a record holds beyond its figures: every sentence; what the figures mean in words."""

    sentences: bool = False
    meaning: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """One text to score, with the name that its record will carry."""

    text: str
    id: str | None = None
    wanted: Wanted = Wanted()


@dataclass(frozen=True, slots=True)
class Bad:
    """An item of a batch that is no text; the sentence stands in its record."""

    sentence: str
    id: str | None = None


async def read_body(request: Request, ticket: Ticket, limits: Limits) -> bytes:
    """Return the body, at most ``limits.body`` bytes. Raises a RefusalError (408, 413, 422 when empty, 429)."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limits.body:
        raise too_large(limits)
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            async for chunk in request.stream():
                size += len(chunk)
                if size > limits.body:
                    raise too_large(limits)
                ticket.hold(len(chunk))
                chunks.append(chunk)
    except TimeoutError:
        raise RefusalError(408, f"the body did not arrive in {_BODY_SECONDS:g} seconds; send it again") from None
    body = unpacked(b"".join(chunks), request.headers.get("content-encoding", "").strip().lower(), limits)
    if not body:
        raise RefusalError(422, 'the body is empty; send JSON such as {"text": "…"}, or a text as text/plain')
    ticket.hold(len(body) - size)
    return body


def unpacked(body: bytes, encoding: str, limits: Limits) -> bytes:
    """Return ``body`` without its Content-Encoding. Raises a RefusalError (400, 413, 415).

    A gzip stream may have several members, one after the other (RFC 1952), which ``limits.body`` holds for together.
    """
    if encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip"):
        raise RefusalError(415, f"the Content-Encoding {shown(encoding)} is unknown here; send gzip, or the body plain")
    members: list[bytes] = []
    size = at = 0
    while not members or at < len(body):
        if members and not body.startswith(_MAGIC, at):
            raise RefusalError(400, f"byte {at + 1}, after the gzip stream, is no gzip; send the body without it")
        plain, at = _member(body, at, limits.body - size)
        size += len(plain)
        if size > limits.body:
            raise too_large(limits)
        members.append(plain)
        after = _NO_PADDING.search(body, at)
        at = after.start() if after else len(body)
    return b"".join(members)


def _member(body: bytes, at: int, room: int) -> tuple[bytes, int]:
    """Return what one member holds, at most ``room`` + 1 bytes, and where it ends; it begins at ``at`` of ``body``.

    Raises a RefusalError. zlib copies what it leaves of a piece, so pieces begin short: a large body of many small
    members would take hours otherwise.
    """
    reader = zlib.decompressobj(wbits=_GZIP)
    chunks: list[bytes] = []
    piece = _FIRST_PIECE
    try:
        while not reader.eof and at < len(body) and room >= 0:
            chunks.append(reader.decompress(body[at : at + piece], room + 1))
            room -= len(chunks[-1])
            at = min(at + piece, len(body)) - len(reader.unused_data)
            piece = min(2 * piece, _LONGEST_PIECE)
    except zlib.error:
        raise _not_gzip() from None
    if room >= 0 and not reader.eof:
        raise _not_gzip()
    return b"".join(chunks), at


def _not_gzip() -> RefusalError:
    return RefusalError(400, "the body is not a whole gzip stream; send it again, or without Content-Encoding")


def too_large(limits: Limits) -> RefusalError:
    """Return the refusal of a body that is too large."""
    sentence = f"the body is larger than {limits.body / MEGABYTE:g} MB, the limit here; send it in parts"
    return RefusalError(413, sentence)


def media_type(request: Request) -> str:
    """Return the media type of the body in lower case, without parameters; JSON when none is given."""
    return request.headers.get("content-type", JSON).partition(";")[0].strip().lower() or JSON


def wanted_by(request: Request) -> Wanted:
    """Return what the query asks for. Raises a RefusalError."""
    return Wanted(*(_flag(request, name) for name in ("sentences", "meaning")))


def _flag(request: Request, name: str) -> bool:
    value = request.query_params.get(name, "false")
    if value not in ("true", "false", "1", "0"):
        raise RefusalError(422, f"the query parameter {name} is neither true nor false")
    return value in ("true", "1")


def one_text(kind: str, body: bytes, wanted: Wanted) -> Text:
    """Return the text of a body of media type ``kind``. Raises a RefusalError (400, 415, 422)."""
    if kind == PLAIN:
        return Text(decoded(body), wanted=wanted)
    if kind != JSON:
        raise RefusalError(415, f"a text is sent as {JSON} or {PLAIN}; set the header Content-Type to one of them")
    content = parsed(decoded(body))
    if not isinstance(content, dict):
        raise RefusalError(422, f'the body is {named(content)}, not an object such as {{"text": "…"}}')
    known = ("text", "id", "sentences")
    unknown = next((name for name in content if name not in known), None)
    if unknown is not None:
        raise RefusalError(422, f"the field {shown(unknown)} is unknown; the fields are text, id and sentences")
    sentences = content.get("sentences", wanted.sentences)
    if not isinstance(sentences, bool):
        raise RefusalError(422, f"sentences is {named(sentences)}; expected true or false")
    item = item_of(content, None, replace(wanted, sentences=sentences))
    if isinstance(item, Bad):
        raise RefusalError(422, item.sentence)
    return item


def many_texts(kind: str, body: bytes, wanted: Wanted, limits: Limits) -> Iterator[Text | Bad]:
    """Return the items of a batch, in order; one that is no text is Bad. Raises a RefusalError for the whole."""
    if kind == JSON:
        content = parsed(decoded(body))
        if not isinstance(content, list):
            raise RefusalError(422, f"the body is {named(content)}, not a list; send one text to /v1/score")
        refuse_many(len(content), limits)
        return (item_of(item, str(number), wanted) for number, item in enumerate(content, 1))
    if kind not in _NDJSON_TOO:
        raise RefusalError(415, f"a batch is sent as {JSON} or {NDJSON}; set the header Content-Type to one of them")
    refuse_many(sum(1 for _ in lines(body)), limits)
    return (line_item(line, str(number), wanted) for number, line in lines(body))


def lines(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that are not blank, with their numbers from 1, without copying the whole body."""
    start, number = 0, 0
    while start < len(body):
        end = body.find(b"\n", start)
        end = len(body) if end < 0 else end
        number += 1
        if line := body[start:end].strip():
            yield number, line
        start = end + 1


def line_item(line: bytes, number: str, wanted: Wanted) -> Text | Bad:
    """Return what one line of NDJSON holds."""
    try:
        return item_of(parsed(decoded(line)), number, wanted)
    except RefusalError as refusal:
        return Bad(f"line {number}: {refusal.sentence}", number)


def item_of(content: Any, default_id: str | None, wanted: Wanted) -> Text | Bad:
    """Return the text in ``content``: a string, or an object whose other fields are left alone."""
    if isinstance(content, str):
        return Text(content, default_id, wanted)
    if not isinstance(content, dict):
        return Bad(f"an item is {named(content)}; expected a string or an object with the field text", default_id)
    id = content.get("id")
    if id is not None and not isinstance(id, str | int | float):
        return Bad(f"id is {named(id)}; expected a string", default_id)
    id = default_id if id is None else str(id)
    if "text" not in content:
        return Bad('the field text is missing; expected an object such as {"text": "…"}', id)
    if not isinstance(content["text"], str):
        return Bad(f"text is {named(content['text'])}; expected a string", id)
    return Text(content["text"], id, wanted)


def refuse_long(text: str, limits: Limits) -> None:
    """Raise a RefusalError if ``text`` is too long to score."""
    if len(text) > limits.characters:
        sentence = f"the text has {len(text):,} characters, and {limits.characters:,} is the limit here"
        raise RefusalError(413, f"{sentence}; send it in parts")


def refuse_many(count: int, limits: Limits) -> None:
    """Raise a RefusalError unless a batch of ``count`` items may be scored."""
    if count > limits.items:
        raise RefusalError(413, f"the batch has {count} items, and {limits.items} is the limit here; send it in parts")
    if not count:
        raise RefusalError(422, 'the batch is empty; send at least one item such as {"text": "…"}')


def decoded(body: bytes) -> str:
    """Return ``body`` as text; a byte-order mark is dropped. Raises a RefusalError."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RefusalError(400, f"byte {error.start + 1} is not UTF-8; send the text in UTF-8") from None


def parsed(text: str) -> Any:
    """Return ``text`` read as JSON. Raises a RefusalError."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise RefusalError(400, f"not JSON at {place} ({error.msg}); check quotes and commas") from None
    except RecursionError:
        raise RefusalError(400, "the JSON is nested too deeply; send plain objects and strings") from None
    except ValueError:
        raise RefusalError(400, "the JSON holds a number of too many digits; send a string") from None


def named(value: Any) -> str:
    """Return what ``value`` is, in the words of JSON."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, str):
        return "a string"
    return "an object" if isinstance(value, dict) else "a list" if isinstance(value, list) else "a number"


def shown(name: str) -> str:
    """Return ``name`` quoted and short."""
    return json.dumps(name if len(name) <= 40 else name[:40] + "…")
