"""What the server and its workers say to each other: a head in JSON and a body of bytes, both with their lengths."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Mapping
from typing import Any, BinaryIO

_LENGTHS = struct.Struct("<II")  # of the head and of the body, in bytes

Frame = tuple[dict[str, Any], bytes]


def pack(head: Mapping[str, Any], body: bytes = b"") -> bytes:
    """Return one frame."""
    packed = json.dumps(head).encode("ascii")
    return b"".join((_LENGTHS.pack(len(packed), len(body)), packed, body))


def read(stream: BinaryIO) -> Frame | None:
    """Return the next frame of ``stream``, None when the other side has closed it."""
    lengths = stream.read(_LENGTHS.size)
    if len(lengths) < _LENGTHS.size:
        return None
    head, body = _LENGTHS.unpack(lengths)
    packed = stream.read(head + body)
    if len(packed) < head + body:
        return None
    return json.loads(packed[:head]), packed[head:]


async def receive(stream: asyncio.StreamReader) -> Frame:
    """Return the next frame of ``stream``. Raises asyncio.IncompleteReadError when the other side has closed it."""
    head, body = _LENGTHS.unpack(await stream.readexactly(_LENGTHS.size))
    packed = await stream.readexactly(head)
    return json.loads(packed), await stream.readexactly(body)
