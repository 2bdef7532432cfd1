"""The process that reads documents, so that one which hangs, crashes or eats memory takes nothing else with it.

It answers one request after the other: a line of JSON that names the kind, the size and the limits, then the bytes
of the document; the answer is a line of JSON. It ends when its input does. What it cannot foresee ends it: the parent
tells of that from the last line on standard error.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from dataclasses import asdict
from importlib import import_module
from typing import Any

from detector.extras import MissingExtraError
from detector.io.documents.limits import DocumentError, Extracted, Limits, check_length

KINDS = {  # what reads a kind of document: a module with ``extract(data, limits)``
    "page": "detector.io.documents.page",
    "bulk": "detector.io.documents.bulk",
    "pdf": "detector.io.documents.pdf",
    "docx": "detector.io.documents.docx",
    "epub": "detector.io.documents.epub",
}


def answer(kind: str, data: bytes, limits: Limits) -> dict[str, Any]:
    """Return the texts and notes of a document, or the sentence that says why there are none."""
    try:
        extracted: Extracted = import_module(KINDS[kind]).extract(data, limits)
        check_length(extracted.texts, limits)
    except (DocumentError, MissingExtraError) as error:
        return {"error": str(error)}
    return asdict(extracted)


def limit_memory(size: int) -> None:
    """Limit the address space of this process to ``size`` bytes, where the system knows such a limit."""
    try:
        import resource
    except ModuleNotFoundError:  # not on Windows
        return
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    size = size if most == resource.RLIM_INFINITY else min(size, most)
    resource.setrlimit(resource.RLIMIT_AS, (size, most))


def main() -> None:
    """Answer requests on standard input until it ends."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get between the answers
    logging.disable()
    limit_memory(int(sys.argv[1]))
    while header := sys.stdin.buffer.readline():
        request = json.loads(header)
        data = sys.stdin.buffer.read(request["size"])
        reply = answer(request["kind"], data, Limits(**request["limits"]))
        replies.write(json.dumps(reply).encode("ascii") + b"\n")
        replies.flush()


if __name__ == "__main__":
    main()
