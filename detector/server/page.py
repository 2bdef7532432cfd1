"""The files of the page, read once, with the headers that keep it to itself."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from fastapi import Request
from fastapi.responses import Response

_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml", "txt": "text/plain"}
_SHARED = ("bars.css", "bars.js", "palette.css", "shade.css", "shade.js")  # with the HTML report

# Everything from here, nothing inline, nowhere to send a form, and no string may become markup.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)


@dataclass(frozen=True, slots=True)
class File:
    """One file of the page."""

    content: bytes
    type: str
    tag: str

    def response(self, request: Request) -> Response:
        """Return the file, or 304 when the browser has it."""
        headers = {"ETag": self.tag, "Cache-Control": "no-cache"}
        if self.type == _TYPES["html"]:
            headers |= {"Content-Security-Policy": POLICY, "Cross-Origin-Opener-Policy": "same-origin"}
        if request.headers.get("if-none-match") == self.tag:
            return Response(status_code=304, headers=headers)
        return Response(self.content, headers=headers, media_type=f"{self.type}; charset=utf-8")


def read_page() -> Mapping[str, File]:
    """Return the files of the page by name; ``index.html`` is the page itself."""
    found = {entry.name: entry for entry in files("detector.server").joinpath("assets").iterdir()}
    found |= {name: files("detector.io").joinpath("assets", name) for name in _SHARED}
    examples = files("detector").joinpath("examples")
    found |= {f"example-{entry.name}": entry for entry in examples.iterdir()}
    page = {}
    for name, entry in found.items():
        ending = name.rpartition(".")[2]
        if ending in _TYPES:
            content = entry.read_bytes()
            page[name] = File(content, _TYPES[ending], f'"{hashlib.sha256(content).hexdigest()[:32]}"')
    return page
