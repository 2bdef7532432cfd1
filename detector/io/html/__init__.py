"""The HTML report: one file that needs nothing else, and asks the network for nothing.

``writer`` takes records as they come; ``details`` packs what an opened article needs; ``totals`` counts,
``histogram`` draws and ``overview`` writes the part that is there without a script; ``frame`` holds the head of the
file with its content-security policy. Style and script are in ``detector/io/assets``.
"""

from detector.io.html.writer import HtmlWriter

__all__ = ["HtmlWriter"]
