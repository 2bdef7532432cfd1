"""The head and the foot of the file, and the policy that lets the browser run nothing but our own script."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

STYLES = ("palette.css", "report.css", "shade.css", "bars.css")
SCRIPTS = ("shade.js", "bars.js", "report.js")

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>Filler report</title>
<style>{style}</style>
</head>
<body>"""


def head() -> str:
    """Return everything up to the start of the body."""
    return _HEAD.format(policy=policy(), style=_assets(STYLES))


def foot() -> str:
    """Return the script and the end of the file."""
    return f"<script>{_assets(SCRIPTS)}</script>\n</body>\n</html>"


def policy() -> str:
    """Return the content-security policy: nothing is fetched, and only the script and style of this file count."""
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_digest(_assets(STYLES))}'",
            f"script-src '{_digest(_assets(SCRIPTS))}'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _digest(source: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()


@cache
def _assets(names: tuple[str, ...]) -> str:
    folder = files("detector").joinpath("io", "assets")
    parts = [folder.joinpath(name).read_text(encoding="utf-8") for name in names]
    # a browser reads every line end as \n before it takes the digest
    return "\n" + "\n".join(parts).replace("\r\n", "\n")
